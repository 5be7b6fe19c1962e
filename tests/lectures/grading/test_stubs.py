"""Functions are emptied and changed by name, in Python and in CUDA."""

from pathlib import Path
from textwrap import dedent

import pytest

from lectures.build.sources import UnknownNameError
from lectures.grading.exercise import Stub
from lectures.grading.stubs import body, edited, emptied, file_of
from tests.lectures.grading.conftest import PROJECT

TEXT = dedent('''
    """A module."""


    def twice(x):
        """x + x."""
        if x is None:
            raise ValueError("x")

        # the answer
        return x + x


    class Box:
        @property
        def value(self):
            return [
                1,
            ]

        def other(self):
            """Only text."""


    def outer():
        def inner():
            return 1

        return inner
''').lstrip("\n")

KERNEL = dedent("""
    template <typename T>
    __global__ void add_one(T* x, int n) {
        if (n) {
            x[0] += 1;
        }
    }

    __device__ int lane() {
        return threadIdx.x % 32;
    }
""").lstrip("\n")


def run(text: str) -> dict:
    namespace: dict = {}
    exec(text, namespace)
    return namespace


def test_the_docstring_stays_and_the_body_raises():
    text = emptied(TEXT, "a.py", "twice", "1.2")
    assert "the answer" not in text
    module = run(text)
    assert module["twice"].__doc__ == "x + x."
    with pytest.raises(NotImplementedError, match=r"^exercise 1\.2 is not written yet$"):
        module["twice"](1)
    assert module["outer"]()() == 1


def test_statements_at_the_beginning_can_stay():
    module = run(emptied(TEXT, "a.py", "twice", "1.2", keep=1))
    with pytest.raises(ValueError, match="x"):
        module["twice"](None)
    with pytest.raises(NotImplementedError):
        module["twice"](1)


@pytest.mark.parametrize(
    ("name", "call"), [("Box.value", lambda m: m["Box"]().value), ("Box.other", lambda m: m["Box"]().other())]
)
def test_methods_are_emptied(name: str, call):
    with pytest.raises(NotImplementedError):
        call(run(emptied(TEXT, "a.py", name, "1")))


def test_a_function_inside_of_another_is_emptied():
    module = run(emptied(TEXT, "a.py", "outer.inner", "1"))
    with pytest.raises(NotImplementedError):
        module["outer"]()()


def test_a_kernel_keeps_its_head_and_its_brace():
    text = emptied(KERNEL, "a.cu", "add_one", "3.5")
    assert text.split("\n")[:4] == [
        "template <typename T>",
        "__global__ void add_one(T* x, int n) {",
        "    // exercise 3.5 is not written yet",
        "}",
    ]
    assert "lane()" in text


@pytest.mark.parametrize(("name", "left_out"), [("twice", ["if", "answer", "x + x"]), ("outer.inner", ["return 1"])])
def test_the_body_is_what_the_handout_leaves_out(name: str, left_out: list[str]):
    gone = body(TEXT, "a.py", Stub(f"a.{name}"), name)
    assert all(part in gone for part in left_out)
    assert "def " not in gone
    assert '"""' not in gone


def test_the_body_of_a_kernel():
    assert body(KERNEL, "a.cu", Stub("a.cu: add_one"), "add_one").strip().startswith("if (n) {")


def test_a_text_is_replaced_in_one_function_only():
    text = edited(TEXT, "a.py", "outer.inner", "return 1", "return 2")
    assert run(text)["outer"]()() == 2
    assert run(text)["Box"]().value == [1]


@pytest.mark.parametrize(("old", "times"), [("x", "7"), ("nothing", "0")])
def test_the_text_to_replace_must_occur_once(old: str, times: str):
    with pytest.raises(ValueError, match=f"it occurs {times} times"):
        edited(TEXT, "a.py", "twice", old, "y")


@pytest.mark.parametrize("name", ["thrice", "Box", "twice.inner"])
def test_only_functions_are_emptied(name: str):
    with pytest.raises(UnknownNameError):
        emptied(TEXT, "a.py", name, "1")


def test_the_file_of_a_symbol():
    assert file_of("minigrad.tape.topological_order", PROJECT) == ("minigrad/tape.py", "topological_order")
    assert file_of("minigrad.tensor.Tensor.backward", PROJECT) == ("minigrad/tensor.py", "Tensor.backward")
    cuda = "minigrad/kernels/layernorm/cuda.cu"
    assert file_of(f"{cuda}: sum_over_row", PROJECT) == (cuda, "sum_over_row")


@pytest.mark.parametrize("symbol", ["numpy.add", "minigrad/none.cu: add"])
def test_a_symbol_without_a_file(symbol: str, tmp_path: Path):
    with pytest.raises(UnknownNameError, match="there is no"):
        file_of(symbol, PROJECT)
