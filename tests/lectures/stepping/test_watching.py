"""What is recorded of a program: the named files and functions, or the library without its checks."""

from pathlib import Path

import pytest

from lectures.stepping.watching import LEFT_OUT
from tests.lectures.stepping.conftest import REPOSITORY, Record
from tests.lectures.stepping.reading import name

PROGRAM = """
from minigrad import Tensor, ops

def double(x):
    return x + x

loss = ops.sum(double(Tensor([1.0], requires_grad=True)).exp())
loss.backward()
"""


def test_a_named_file_and_the_program_are_recorded(recorded: Record):
    recording = recorded(PROGRAM, ["minigrad/ops/arithmetic.py"])
    assert [file["name"] for file in recording.files] == ["program.py", "minigrad/ops/arithmetic.py"]
    assert {call for call, _ in recording.calls} == {"<module>", "double", "add", "add_backward", "exp", "exp_backward"}


def test_a_named_function_is_recorded_alone(recorded: Record):
    recording = recorded(PROGRAM, ["minigrad/ops/arithmetic.py::add_backward"])
    assert {call for call, _ in recording.calls} == {"<module>", "double", "add_backward"}


def test_a_folder_without_what_only_checks(recorded: Record):
    recording = recorded(PROGRAM, ["minigrad"])
    files = {file["name"] for file in recording.files}
    assert {"minigrad/tensor.py", "minigrad/gradients.py", "minigrad/tape.py"} <= files
    assert not {"minigrad/checks.py", "minigrad/conversion.py", "minigrad/operators.py"} & files
    functions = {call.rpartition(".")[2] for call, _ in recording.calls}
    assert {"record", "backward", "add", "exp", "checked_order"} <= functions
    assert not {"shape", "data", "requires_grad", "check", "check_grad"} & functions


def test_a_file_that_is_left_out_is_recorded_if_it_is_named(recorded: Record):
    recording = recorded(PROGRAM, ["minigrad/operators.py", "minigrad/conversion.py"])
    assert "minigrad/conversion.py" in {file["name"] for file in recording.files}


def test_by_default_the_library_and_the_files_beside_the_program(recorded: Record, tmp_path: Path):
    (tmp_path / "beside.py").write_text("def one():\n    return 1\n\nTWO = one() + 1\n")
    recording = recorded(f"import beside\n{PROGRAM}\nbeside.one()\n", [])
    files = [file["name"] for file in recording.files]
    assert {"beside.py", "minigrad/tensor.py"} <= set(files)
    beside = [step for step in recording.steps if files[recording.calls[step["call"]][1]] == "beside.py"]
    assert [name(recording, step) for step in beside] == ["one", "one"]  # once, and not while it was imported


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        ("nowhere", "got 'nowhere', which is not there"),
        ("", "got '', which is not there"),
        ("minigrad/tensor.py::backwards", "a function of minigrad/tensor.py to watch, got 'backwards'"),
        ("minigrad::backward", "a function of minigrad to watch"),
    ],
)
def test_what_is_not_there_is_an_error(recorded: Record, watch: str, said: str):
    with pytest.raises(ValueError, match=said):
        recorded("", [watch])


@pytest.mark.parametrize("pattern", LEFT_OUT)
def test_what_is_left_out_is_there(pattern: str):
    assert list(REPOSITORY.glob(pattern))
