"""A recording has the lines that ran, in their order, with what changed."""

import sys
from pathlib import Path

import pytest

from lectures.stepping import running
from lectures.stepping.running import ProgramError, record
from tests.lectures.stepping.conftest import REPOSITORY, Record
from tests.lectures.stepping.reading import lines, name, tape, variables, where


def test_a_step_is_before_its_line_and_marks_what_the_line_before_changed(recorded: Record):
    recording = recorded(
        """
        x = 1
        y = [x]
        y.append(2)
        del x
        """
    )
    assert lines(recording) == ["x = 1", "y = [x]", "y.append(2)", "del x", "del x → return None"]
    changes = [step.get("variables", {}) for step in recording.steps]
    assert changes == [{}, {"x": "1"}, {"y": "[1]"}, {"y": "[1, 2]"}, {"x": None}]


def test_calls_returns_and_depth(recorded: Record):
    recording = recorded(
        """
        def square(x):
            y = x * x
            return y

        a = square(3)
        """
    )
    assert lines(recording)[2:] == [
        "y = x * x", "return y", "return y → return 9", "a = square(3) → return None",
    ]  # fmt: skip
    assert [step["depth"] for step in recording.steps] == [1, 1, 2, 2, 2, 1]
    assert [name(recording, step) for step in recording.steps[1:4]] == ["<module>", "square", "square"]
    assert recording.steps[2]["variables"] == {"x": "3"}
    assert recording.steps[3]["variables"] == {"y": "9"}


def test_each_call_has_variables_of_its_own(recorded: Record):
    recording = recorded(
        """
        def factorial(n):
            return 1 if n == 0 else n * factorial(n - 1)

        factorial(2)
        """
    )
    calls = [step["call"] for step in recording.steps if step["depth"] > 1]
    assert calls == [1, 2, 3, 3, 2, 1]
    values = [step["value"] for step in recording.steps if step.get("event") == "return"]
    assert values == ["1", "1", "2", "None"]


def test_an_array_that_changes_in_place_is_marked(recorded: Record):
    recording = recorded(
        """
        import numpy as np

        x = np.zeros(2)
        x[1] = 5
        """
    )
    assert recording.steps[-1]["variables"] == {"x": "float64 (2,) [0. 5.]"}


def test_a_statement_of_several_lines_and_a_comprehension_are_one_step(recorded: Record):
    recording = recorded(
        """
        y = [
            i * i
            for i in range(3)
        ]
        z = max(
            1,
            len(y),
        )
        w = [i for i in y]
        """
    )
    assert lines(recording) == ["y = [", "z = max(", "w = [i for i in y]", "w = [i for i in y] → return None"]
    assert recording.files[0]["last"] == {1: 4, 5: 8}


def test_each_pass_of_a_loop_is_a_step(recorded: Record):
    recording = recorded("z = 3\nwhile z: z -= 1\nwhile True:\n    z += 1\n    if z == 2:\n        break\n")
    changed = [step["variables"]["z"] for step in recording.steps if "variables" in step]
    assert changed == ["3", "2", "1", "0", "1", "2"]


def test_a_generator_goes_on_with_its_variables(recorded: Record):
    recording = recorded(
        """
        def count():
            i = 0
            while i < 2:
                i += 1
                yield i

        for x in count():
            pass
        """
    )
    yielded = [step["value"] for step in recording.steps if step.get("event") == "yield"]
    assert yielded == ["1", "2"]
    assert {step["call"] for step in recording.steps if step["depth"] == 2} == {1}
    assert [step["variables"] for step in recording.steps if step["depth"] == 2 and "variables" in step] == [
        {"i": "0"}, {"i": "1"}, {"i": "2"},
    ]  # fmt: skip


def test_a_generator_that_is_closed_yields_nothing_more(recorded: Record):
    recording = recorded(
        """
        def count():
            yield 1
            yield 2

        for x in count():
            break
        y = 0
        """
    )
    assert [step["value"] for step in recording.steps if step.get("event") == "yield"] == ["1"]
    assert lines(recording)[-2:] == ["y = 0", "y = 0 → return None"]


def test_an_error_is_shown_in_each_function_that_it_passes(recorded: Record):
    recording = recorded(
        """
        def f(x):
            try:
                return 1 / x
            finally:
                print("cleaned up")

        f(0)
        y = 1
        """
    )
    assert lines(recording)[-3:] == [
        'return 1 / x → raise ZeroDivisionError: division by zero',
        'print("cleaned up")',
        'f(0) → raise ZeroDivisionError: division by zero',
    ]  # fmt: skip
    assert recording.error == "ZeroDivisionError: division by zero, program.py line 3"
    assert recording.steps[-1]["printed"] == "cleaned up\n"


def test_an_error_that_is_caught_is_no_error_of_the_program(recorded: Record):
    recording = recorded("try:\n    [][0]\nexcept IndexError:\n    x = 1\n")
    assert "[][0] → raise IndexError: list index out of range" in lines(recording)
    assert recording.error == ""


@pytest.mark.parametrize(
    ("code", "said"),
    [("sys.exit()", ""), ("sys.exit(0)", ""), ("sys.exit(3)", "SystemExit: 3"), ("sys.exit('no')", "SystemExit: no")],
)
def test_a_program_that_exits(recorded: Record, code: str, said: str):
    assert recorded(f"import sys\n{code}\n").error == said


def test_a_program_that_is_interrupted_is_recorded_up_to_there(recorded: Record):
    recording = recorded("x = 1\nraise KeyboardInterrupt\n")
    assert recording.error == "interrupted, program.py line 2"
    assert recording.steps[1]["variables"] == {"x": "1"}


def test_a_program_that_reads_input_fails_in_words(recorded: Record):
    recording = recorded("name = input('name? ')\n")
    assert recording.error.startswith("EOFError: a program that is recorded cannot read input")


def test_a_program_with_too_many_steps_is_stopped(recorded: Record):
    recording = recorded("x = 0\nwhile True:\n    x += 1\n", max_steps=50)
    assert len(recording.steps) == 50
    assert recording.is_full
    assert recording.error == ""


def test_a_program_that_catches_everything_is_stopped_all_the_same(recorded: Record):
    recording = recorded(
        "for i in range(100):\n    try:\n        x = i\n    except BaseException:\n        pass\n", max_steps=9
    )
    assert len(recording.steps) == 9
    assert recording.is_full


def test_a_program_with_exactly_as_many_steps_is_whole(recorded: Record):
    recording = recorded("x = 0\ny = 1\n", max_steps=3)
    assert len(recording.steps) == 3
    assert not recording.is_full


def test_what_is_printed_belongs_to_the_step_after(recorded: Record):
    recording = recorded("print('a')\nprint('b')\nx = 1\n")
    assert [step.get("printed", "") for step in recording.steps] == ["", "a\n", "b\n", ""]


def test_a_flood_of_output_is_cut(recorded: Record, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "PRINTED", 10)
    recording = recorded("for i in range(9):\n    print('abc')\n")
    printed = "".join(step.get("printed", "") for step in recording.steps)
    assert printed == "abc\nabc\nab\n… (more was printed than is kept here)\n"


def test_the_program_is_main_and_leaves_no_trace(recorded: Record, tmp_path: Path):
    before = sys.modules["__main__"], sys.argv, list(sys.path), sys.stdin, sys.gettrace()
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    recording = recorded(
        """
        import sys
        import beside

        name, arguments, value = __name__, len(sys.argv), beside.VALUE
        file = sys.modules["__main__"].__file__
        """
    )
    values = variables(recording, len(recording.steps) - 1)
    assert values["name"] == "'__main__'"
    assert (values["arguments"], values["value"]) == ("1", "7")
    assert values["file"].endswith("program.py'")
    assert (sys.modules["__main__"], sys.argv, list(sys.path), sys.stdin, sys.gettrace()) == before
    del sys.modules["beside"]


def test_the_kernels_that_a_program_chooses_are_its_own(recorded: Record):
    from minigrad import active_kernels

    before = active_kernels()
    recording = recorded("import minigrad\nfirst = minigrad.active_kernels()\nminigrad.use_kernels('fast')\n")
    assert variables(recording, len(recording.steps) - 1)["first"] == "'reference'"
    assert active_kernels() == before


def test_a_program_that_is_not_there_or_not_python_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"there is no program .*nothing\.py"):
        record(tmp_path / "nothing.py", REPOSITORY)
    (tmp_path / "wrong.py").write_text("x = (1\n")
    with pytest.raises(ProgramError, match=r"wrong\.py, line 1: '\(' was never closed"):
        record(tmp_path / "wrong.py", REPOSITORY)
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.raises(ProgramError, match=r"latin\.py: expected UTF-8"):
        record(tmp_path / "latin.py", REPOSITORY)
    with pytest.raises(ValueError, match="max_steps must be at least 1, got 0"):
        record(tmp_path / "wrong.py", REPOSITORY, max_steps=0)


def test_an_empty_program_has_no_steps(recorded: Record):
    assert recorded("").steps == []


TAPE = """
from minigrad import Tensor

a = Tensor([2.0], requires_grad=True)
b = a * a + a * 3.0
b.backward()
c = 1
"""


def test_two_recordings_of_one_program_are_equal(recorded: Record):
    watch = ["minigrad/tensor.py", "minigrad/gradients.py", "minigrad/ops/arithmetic.py"]
    first = recorded(TAPE, watch)
    assert len(first.steps) > 100
    assert recorded(TAPE, watch) == first


def test_the_tape_grows_and_is_freed(recorded: Record):
    recording = recorded(TAPE, ["minigrad/tensor.py::backward"])
    sizes = [len(tape(recording, at)) for at in where(recording, "<module>", "")]
    assert sizes == [0, 0, 0, 4, 2]  # a and three nodes, of which b holds the last
    before = tape(recording, where(recording, "<module>", "b.backward()")[0])
    assert [row[:4] for row in before.values()] == [
        ["a", "leaf", "1", ""], ["1", "mul", "1", "a, a"], ["2", "mul", "1", "a, ·"], ["3", "add", "1", "#1, #2"],
    ]  # fmt: skip
    after = tape(recording, where(recording, "<module>", "c = 1")[0])
    assert after["3"] == ["3", "add", "1", "", "", "freed"]


def test_a_tensor_that_no_variable_holds_is_on_the_tape(recorded: Record):
    recording = recorded(TAPE, ["minigrad/ops/arithmetic.py"])
    first, second, add = where(recording, "mul", "a, b = as_operands")[:2] + where(recording, "add", "a, b = ")
    assert [list(tape(recording, at)) for at in (first, second, add)] == [[], ["a", "1"], ["a", "1", "2"]]


def test_gradients_wait_at_a_node_until_its_rule_runs_and_end_at_the_leaf(recorded: Record):
    recording = recorded(TAPE, ["minigrad/tensor.py::backward"])
    at = where(recording, "Tensor.backward", "gradients.add(node, grad, node.rule(grad))")
    rows = [tape(recording, i) for i in at]
    assert [[row[0] for row in each.values() if row[5] == "now"] for each in rows] == [["3"], ["2"], ["1"]]
    assert [each["1"][4] for each in rows] == ["", "[1.]", "[1.]"]
    assert [each["a"][4] for each in rows] == ["", "", "[3.]"]
    assert [each["3"][5] for each in rows] == ["now", "freed", "freed"]
    end = tape(recording, len(recording.steps) - 1)
    assert end["a"][4] == "[7.]"


def test_parameters_are_called_by_their_names_in_the_program(recorded: Record):
    recording = recorded(
        """
        from minigrad import nn, ops
        import numpy as np

        layer = nn.Linear(2, 1)
        loss = ops.sum(layer(np.ones((1, 2), np.float32)))
        loss.backward()
        """
    )
    end = tape(recording, len(recording.steps) - 1)
    assert end["layer.weight"] == ["layer.weight", "leaf", "1 × 2", "", "[[1. 1.]]", "leaf"]
    assert end["layer.bias"][4] == "[1.]"
