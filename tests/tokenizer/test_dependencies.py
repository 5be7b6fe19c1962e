"""The package is pure Python: it imports itself, the standard library and `regex`, nothing else."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tokenizer


def test_only_the_standard_library_and_regex_are_imported():
    files = sorted(Path(tokenizer.__file__).parent.glob("**/*.py"))
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names == {"regex", "tokenizer"}


def test_every_public_name_is_imported_when_it_is_asked_for():
    assert set(tokenizer.__all__) <= set(dir(tokenizer))
    assert {name: getattr(tokenizer, name).__name__ for name in tokenizer.__all__} == {
        name: name for name in tokenizer.__all__
    }
    with pytest.raises(AttributeError, match="module 'tokenizer' has no attribute 'Nonsense'"):
        _ = tokenizer.Nonsense


def test_a_command_line_starts_without_importing_all_of_the_package():
    program = "import sys, tokenizer.command.console; print('regex' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(tokenizer.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]
