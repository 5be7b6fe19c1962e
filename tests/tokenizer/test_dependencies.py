"""The package is pure Python: it imports itself, the standard library and `regex`, nothing else."""

import ast
import sys
from pathlib import Path

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
