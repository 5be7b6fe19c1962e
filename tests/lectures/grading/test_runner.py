"""The student's process: what it may do wrong, and what it cannot reach."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lectures.grading import runner
from lectures.grading.exercise import Case
from lectures.grading.runner import Failure, Run, run
from tests.lectures.grading.conftest import PROJECT, WARM_UP

EXERCISE = WARM_UP.exercises[0]


def outputs(folder: Path, code: str, *calls: tuple, seconds: float = 20.0, exercise=EXERCISE, **options) -> Run:
    """Run calls (function, *arguments) of a module of adapters."""
    (folder / "adapters_0.py").write_text(code)
    cases = [Case("group", "something", name, arguments, None, seconds=seconds) for name, *arguments in calls]
    cases = [replace(case, arguments=tuple(case.arguments)) for case in cases]
    return run(folder, WARM_UP, exercise, cases, PROJECT, **options)


def test_arguments_go_in_and_outputs_come_back(tmp_path: Path):
    result = outputs(
        tmp_path, "def double(x, times=2): return x * times", ("double", np.arange(3.0)), ("double", "ab", 3)
    )
    assert np.array_equal(result.outputs[0], [0, 2, 4])
    assert result.outputs[1] == "ababab"
    assert 0 < result.seconds < 20
    assert result.megabytes > 5 or sys.platform == "win32"


def test_a_call_cannot_change_the_arguments_of_the_next(tmp_path: Path):
    case = Case("g", "s", "spoil", (np.zeros(2),), None)
    (tmp_path / "adapters_0.py").write_text("def spoil(x):\n    x += 1\n    return x")
    result = run(tmp_path, WARM_UP, EXERCISE, [case, case], PROJECT)
    assert [list(output) for output in result.outputs] == [[1, 1], [1, 1]]


def test_an_error_has_its_type_message_and_line(tmp_path: Path):
    code = "import numpy as np\n\n\ndef fail():\n    return np.zeros(2) @ np.zeros(3)\n"
    (failure,) = outputs(tmp_path, code, ("fail",)).outputs
    assert failure.text.startswith("ValueError: matmul")
    assert failure.place == "line 5 of adapters_0.py"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(:", "SyntaxError"),
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("", "AttributeError: module 'adapters_0' has no attribute 'f'"),
        ("def f(): return object()", "TypeError: expected numbers, text, arrays"),
        ("def f(): return f()", "RecursionError"),
        ("import sys\ndef f(): sys.exit(3)", "the process ended (exit code 3)"),
        ("import os\ndef f():\n    print('last words', flush=True)\n    os._exit(4)", "(exit code 4): last words"),
        ("def f(): return input()", "EOFError"),
        ("from lectures.assignments import ASSIGNMENTS", "belongs to the grader"),
        ("import lectures.assignments.warm_up.e1_softplus", "belongs to the grader"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, code: str, said: str):
    (failure,) = outputs(tmp_path, code, ("f",)).outputs
    assert isinstance(failure, Failure)
    assert said in failure.text


def test_a_crash_does_not_keep_the_other_calls_from_running(tmp_path: Path):
    code = "import os\ndef f(x):\n    if x == 1: os._exit(1)\n    return x"
    result = outputs(tmp_path, code, ("f", 0), ("f", 1), ("f", 2))
    assert [output if isinstance(output, int) else type(output) for output in result.outputs] == [0, Failure, 2]


def test_a_loop_without_end_is_stopped_and_the_others_run(tmp_path: Path):
    code = "def f(x):\n    while x == 1: pass\n    return x"
    result = outputs(tmp_path, code, ("f", 0), ("f", 1), ("f", 2), seconds=1.0)
    assert result.outputs[0] == 0
    assert result.outputs[2] == 2
    assert "stopped after 1 seconds" in result.outputs[1].text


def test_an_import_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "STARTING", 3.0)
    result = outputs(tmp_path, "while True: pass", ("f",), ("f",))
    assert [output.text for output in result.outputs] == [
        "importing your files takes more than 3 seconds; does a loop end?"
    ] * 2


def test_after_several_restarts_or_the_limit_of_time_the_rest_is_not_run(tmp_path: Path):
    code = "import os\ndef f():\n    os._exit(1)"
    result = outputs(tmp_path, code, *[("f",)] * 6)
    assert [output.text.startswith("not run") for output in result.outputs] == [False] * 4 + [True] * 2
    code = "import time\ndef f():\n    time.sleep(0.6)\n    return 1"
    result = outputs(tmp_path, code, *[("f",)] * 4, limit=1.0)
    assert result.outputs[0] == 1
    assert result.outputs[-1].text.startswith("not run")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not enforce the limit of memory")
def test_memory_is_limited(tmp_path: Path):
    code = "def f():\n    return len(bytearray(3 << 30))\ndef g():\n    return 1"
    result = outputs(tmp_path, code, ("f",), ("g",), exercise=replace(EXERCISE, megabytes=2000))
    assert result.outputs[0].text.startswith("MemoryError")
    assert result.outputs[1] == 1


def test_prints_do_not_mix_with_answers_and_files_do_not_land_in_the_folder(tmp_path: Path):
    code = "def f():\n    print('{}')\n    open('file', 'w').write('x')\n    return 1"
    assert outputs(tmp_path, code, ("f",)).outputs == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["adapters_0.py"]


def test_files_of_the_folder_take_the_place_of_the_librarys(tmp_path: Path):
    (tmp_path / "minigrad" / "ops").mkdir(parents=True)
    (tmp_path / "minigrad" / "ops" / "activation.py").write_text(
        (PROJECT / "minigrad/ops/activation.py").read_text() + "\nMINE = 7\n"
    )
    code = "from minigrad.ops import activation, shape\ndef f(): return [activation.MINE, hasattr(shape, 'MINE')]"
    assert outputs(tmp_path, code, ("f",)).outputs == [[7, False]]
    passed_over = outputs(tmp_path, code, ("f",), without=["minigrad/ops/activation.py"])
    assert "no attribute 'MINE'" in passed_over.outputs[0].text


def test_what_was_removed_is_not_taken_from_the_library(tmp_path: Path):
    code = "import softplus\ndef f(): return softplus.softplus(1.0).data"
    (output,) = outputs(tmp_path, code, ("f",)).outputs
    assert output.text == "exercise 0.1 is not written yet"


def test_the_process_does_not_see_the_users_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET", "1")
    code = "import os\ndef f(): return [os.environ.get('SECRET'), os.environ['NUMBA_DISABLE_JIT']]"
    assert outputs(tmp_path, code, ("f",)).outputs == [[None, "1"]]
    compiled = outputs(tmp_path, code, ("f",), exercise=replace(EXERCISE, jit=True))
    assert compiled.outputs == [[None, "0"]]
