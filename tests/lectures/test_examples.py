"""The examples print what they promise."""

import re
import runpy
from pathlib import Path

import pytest

from lectures import examples
from minigrad import use_kernels

EXAMPLES = Path(examples.__file__).parent


def printed(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out


def test_every_example_is_listed_and_tested():
    names = {path.name for path in EXAMPLES.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"^(\w+\.py) ", str(examples.__doc__), flags=re.MULTILINE)) == names
    assert names == {"first.py", "bpe.py", "masked_lm.py"}


def test_the_example_of_the_readme_needs_no_compiled_kernel(capsys: pytest.CaptureFixture[str]):
    fast = printed("first", capsys)
    with use_kernels("reference"):
        assert printed("first", capsys) == fast  # the README's test compares it with the README


def test_byte_pair_encoding(capsys: pytest.CaptureFixture[str]):
    learning, splitting, result = printed("bpe", capsys).split("\n\n")
    assert learning.splitlines()[:3] == [
        "t + </w> -> t</w>  (9 times)",
        "s + t</w> -> st</w>  (9 times)",
        "e + st</w> -> est</w>  (9 times)",
    ]
    assert len(learning.splitlines()) == 10
    assert splitting.splitlines()[0] == "l o w e s t </w>"
    assert splitting.splitlines()[-1] == "low est</w>"
    assert result == "low ##est [16, 14] lowest\n"


def test_the_loss_of_the_masked_language_model_falls_and_it_fills_the_gap(capsys: pytest.CaptureFixture[str]):
    *steps, answer = printed("masked_lm", capsys).splitlines()
    losses = [float(re.search(r"loss (\d+\.\d+)", line)[1]) for line in steps]
    assert len(losses) == 4
    assert round(losses[0], 1) == 4.5  # about log V: it knows nothing
    assert losses[3] < 0.3 < losses[1] < losses[0]
    assert answer == "the cat [MASK] milk in the kitchen: drinks"
