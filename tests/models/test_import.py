"""`from models import GPT`: each name comes from its module, and none is loaded before it is asked for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import models


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_the_package_loads_no_module_of_it_and_no_numpy():
    code = (
        "import sys, models; print([name for name in sys.modules if name.startswith(('models', 'minigrad', 'numpy'))])"
    )
    assert run(code) == "['models']"


def test_a_name_loads_its_own_module_and_no_other_model():
    code = "import sys; from models import BERT; print([m for m in ('models.bert', 'models.t5') if m in sys.modules])"
    assert run(code) == "['models.bert']"


@pytest.mark.parametrize("name", models.MODULES)
def test_each_name_is_that_of_its_module(name: str):
    found = getattr(models, name)
    assert found.__module__ == f"models.{models.MODULES[name]}"
    assert found.__name__ == name
    assert name in dir(models)


def test_type_checkers_are_told_the_same():
    tree = ast.parse(Path(models.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "models." in (node.module or "")]
    told = {alias.name: node.module for node in imports for alias in node.names}
    assert told == {name: f"models.{module}" for name, module in models.MODULES.items()}


def test_every_config_of_a_model_is_among_them():
    files = [*Path(models.__file__).parent.glob("*.py")]
    classes = {
        node.name
        for file in files
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert {name for name in classes if name.endswith("Config")} <= models.MODULES.keys()


def test_another_name_is_an_import_error_and_a_module_is_still_a_module():
    with pytest.raises(ImportError, match="cannot import name 'GPT5'"):
        from models import GPT5  # noqa: F401
    with pytest.raises(AttributeError, match="module 'models' has no attribute 'gpt5'"):
        models.gpt5  # noqa: B018
    from models import generation

    assert generation.__name__ == "models.generation"
