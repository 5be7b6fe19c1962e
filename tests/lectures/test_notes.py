"""The notes run: blocks of Python that do not quote our code are executed, in order, in one namespace for each note.

A ```text block right below a block is what it prints. A block that must fail says with what: `<!-- raises: NAME -->`.
"""

import contextlib
import io
import re
from itertools import pairwise
from pathlib import Path

import pytest

from lectures.build.markdown import Block, blocks
from minigrad import active_kernels, use_kernels
from tests.test_readme import linked_paths

LECTURES = Path(__file__).parents[2] / "lectures"
NOTES = sorted(path for folder in ("machine", "pretraining") for path in (LECTURES / folder).glob("*.md"))
PAGES = sorted(LECTURES.rglob("*.md"))


def run_examples(page: str, name: str) -> int:
    """Execute the examples of a note and compare what they print; how many there were."""
    found = blocks(page)
    examples = [block for block in found if block.language == "python" and not block.values("code")]
    printed = {
        above: below.text
        for above, below in pairwise(found)
        if below.language == "text" and page.split("\n")[above.last_line : below.line - 1] == [""]
    }
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in examples:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            execute(block, name, namespace)
        assert printed.get(block, output.getvalue()) == output.getvalue(), f"{name}, line {block.line}"
    return len(examples)


def execute(block: Block, name: str, namespace: dict[str, object]) -> None:
    code = compile("\n" * block.line + block.text, name, "exec")  # so that a traceback names the line of the note
    expected = block.values("raises")
    if not expected:
        exec(code, namespace)
        return
    with pytest.raises(Exception) as error:
        exec(code, namespace)
    assert [type(error.value).__name__] == expected, f"{name}, line {block.line}"


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_the_examples_of_a_note_run(path: Path, request: pytest.FixtureRequest):
    page = path.read_text("utf-8")
    if "cuda_on_host" in page:
        request.getfixturevalue("host_compiler")
    with use_kernels(active_kernels()):  # what a note chooses holds for this note
        run_examples(page, path.name)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_code_on_a_page_is_quoted_run_or_the_program_of_a_walk(path: Path):
    found = blocks(path.read_text("utf-8"))
    assert {block.language for block in found} <= {"python", "cpp", "pdb", "gdb", "text", "console", ""}
    assert [block.line for block in found if block.language == "cpp" and not block.values("code")] == []
    if path not in NOTES:
        python = [block for block in found if block.language == "python"]
        assert [block.line for block in python if not block.values("code") and not block.values("program")] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_of_a_page_leads_somewhere(path: Path):
    assert [link for link in linked_paths(path.read_text("utf-8")) if not (path.parent / link).exists()] == []


def test_the_note_on_the_tape_has_examples():
    assert run_examples((LECTURES / "machine" / "1-tape.md").read_text("utf-8"), "1-tape.md") >= 3


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("```python\nx = 1\n```\n\n```python\nprint(x + 1)\n```\n\n```text\n3\n```\n", "note, line 5"),
        ("```python\n1 / 0\n```\n", "division by zero"),
        ("<!-- raises: KeyError -->\n```python\n1 / 0\n```\n", "note, line 2"),
        ("<!-- raises: KeyError -->\n```python\n1 / 1\n```\n", "DID NOT RAISE"),
    ],
)
def test_an_example_that_is_wrong_is_noticed(page: str, message: str):
    with pytest.raises((AssertionError, ZeroDivisionError, pytest.fail.Exception), match=re.escape(message)):
        run_examples(page, "note")


def test_an_example_that_is_right_is_not():
    page = (
        "```python\nx = 1\n```\n\n```python\nprint(x + 1)\n```\n\n```text\n2\n```\n\nText.\n\n```text\nno output\n```\n"
    )
    assert run_examples(page, "note") == 2
    assert run_examples("<!-- raises: ZeroDivisionError -->\n```python\n1 / 0\n```\n", "note") == 1


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_sum_became_a_list(path: Path):
    """Markdown takes a line that begins with + for an item of a list. Ours begin with - or a number."""
    code = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        code ^= line.startswith("```")
        assert code or not line.lstrip().startswith("+ "), f"{path.name}, line {number}: {line}"
