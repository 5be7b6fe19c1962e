"""The source of a definition is found by name, in files that are never imported."""

import ast
from pathlib import Path

import pytest

from lectures.build.sources import UnknownNameError, find, source

REPOSITORY = Path(__file__).parents[2]


def test_a_function_has_its_decorator_its_comments_and_what_is_inside(project: Path):
    text = source("minigrad.numbers.twice", project)
    assert text.startswith('@cache\ndef twice(x: int) -> int:\n    """x + x.\n')
    assert text.endswith("    y = x + x  # (T,)\n    return y\n")
    assert "            # both inputs are x" not in text
    assert "        # both inputs are x\n" in text


def test_a_nested_function_begins_at_the_margin(project: Path):
    expected = "def rule(grad):\n    # both inputs are x\n    return grad, grad\n"
    assert source("minigrad.numbers.twice.rule", project) == expected


def test_the_docstring_can_be_left_out_with_the_empty_line_below_it(project: Path):
    text = source("minigrad.numbers.twice", project, docstring=False)
    assert text.startswith("@cache\ndef twice(x: int) -> int:\n    def rule(grad):\n")
    assert source("minigrad.numbers.Box", project, docstring=False).startswith("class Box:\n    size: int = 1\n")


def test_a_docstring_that_is_the_whole_body_stays(project: Path):
    expected = 'def open(self):\n    """Nothing."""\n'
    assert source("minigrad.numbers.Box.open", project, docstring=False) == expected


def test_constants_have_the_text_below_them(project: Path):
    assert source("minigrad.numbers.LIMIT", project) == 'LIMIT = 3\n"""How many there may be."""\n'
    assert source("minigrad.numbers.LIMIT", project, docstring=False) == "LIMIT = 3\n"
    assert source("minigrad.numbers.Box.size", project) == "size: int = 1\n"


def test_cuda_functions_begin_with_their_comment_and_end_with_their_brace(project: Path):
    text = source("minigrad/numbers.cu: add_one", project)
    assert text.startswith("// Adds one. With a comment\n// of two lines.\ntemplate <typename T>\n__global__")
    assert text.endswith("        x[0] += 1;\n    }\n}\n")
    assert source("minigrad/numbers.cu: add_one", project, docstring=False).startswith(
        "template <typename T>\n__global__"
    )
    assert source("minigrad/numbers.cu: lane", project) == "__device__ int lane() { return threadIdx.x % 32; }\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("minigrad.numbers.twoce", "there is no minigrad.numbers.twoce; did you mean minigrad.numbers.twice"),
        ("minigrad.moved.twice", "did you mean minigrad.numbers.twice"),
        ("minigrad.numbers.twice.y", "there is no"),  # a variable
        ("minigrad.numbers", "there is no minigrad.numbers;"),
        ("twice", "did you mean minigrad.numbers.twice"),
        ("os.path.join", "there is no os.path.join"),
        ("minigrad.numbers.FAST", "more than once, in lines 9, 11 of minigrad/numbers.py"),
        ("minigrad.numbers.Box.value", "more than once"),
        ("minigrad/numbers.cu: ad_one", "there is no ad_one in minigrad/numbers.cu; did you mean add_one"),
        ("minigrad/numbers.cu: both", "both is defined more than once"),
        ("minigrad/letters.cu: add_one", "there is no minigrad/letters.cu"),
    ],
)
def test_a_name_that_is_not_one_definitions_is_refused(project: Path, name: str, message: str):
    with pytest.raises(UnknownNameError, match=message):
        source(name, project)


def test_a_file_that_has_changed_is_read_again(project: Path):
    path = project / "minigrad" / "numbers.py"
    source("minigrad.numbers.twice", project)
    path.write_text(f"\n\n{path.read_text()}")
    assert source("minigrad.numbers.twice", project).startswith("@cache\ndef twice")


def test_what_is_found_in_the_repository_is_what_python_compiles():
    path, definition = find("minigrad.tape.topological_order", REPOSITORY)
    assert path == REPOSITORY / "minigrad" / "tape.py"
    assert ast.dump(ast.parse(source("minigrad.tape.topological_order", REPOSITORY)).body[0]) == ast.dump(
        definition.node
    )
