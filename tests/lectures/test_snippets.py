"""Every block that quotes our code is a copy of it."""

from pathlib import Path

import pytest

from lectures.build import snippets
from lectures.build.markdown import blocks
from tests.lectures.conftest import write

REPOSITORY = Path(__file__).parents[2]
PAGE = """
    A function:

    <!-- code: minigrad.numbers.twice.rule -->
    ```python
    old
    ```

    A constant:

    <!-- code: minigrad.numbers.LIMIT, without docstring -->
    ```python
    LIMIT = 3
    ```
"""


def test_the_pages_quote_the_source_of_today():
    assert snippets.check(REPOSITORY) == []


def test_the_notes_quote_the_code():
    quoted = [
        block
        for path in snippets.pages(REPOSITORY)
        for block in blocks(path.read_text("utf-8"))
        if block.values("code")
    ]
    assert len(quoted) >= 5


def test_a_block_that_differs_is_named_with_its_page_line_and_first_difference(project: Path):
    write(project / "lectures" / "note.md", PAGE)
    assert snippets.check(project) == [
        "lectures/note.md, line 4: minigrad.numbers.twice.rule differs from its source: "
        "the page has 'old', the source 'def rule(grad):'"
    ]


def test_refresh_writes_what_differs_and_nothing_else(project: Path):
    note = write(project / "lectures" / "note.md", PAGE)
    other = write(project / "lectures" / "walks" / "other.md", "No code.\n")
    before, unchanged = note.read_text(), other.stat().st_mtime_ns
    assert snippets.refresh(project) == ([note], [])
    assert snippets.check(project) == []
    rule = "def rule(grad):\n    # both inputs are x\n    return grad, grad\n"
    assert note.read_text() == before.replace("old\n", rule)
    written = note.stat().st_mtime_ns
    assert snippets.refresh(project) == ([], [])
    assert (note.stat().st_mtime_ns, other.stat().st_mtime_ns) == (written, unchanged)
    assert list((project / "lectures").rglob("*.tmp")) == []


def test_a_change_of_the_code_is_noticed(project: Path):
    write(project / "lectures" / "note.md", PAGE)
    snippets.refresh(project)
    module = project / "minigrad" / "numbers.py"
    module.write_text(module.read_text().replace("return grad, grad", "return grad, None"))
    (problem,) = snippets.check(project)
    assert "the page has 'return grad, grad', the source 'return grad, None'" in problem


def test_a_name_that_is_gone_is_named_with_similar_ones_and_its_block_stays(project: Path):
    note = write(project / "lectures" / "note.md", PAGE.replace("twice.rule", "twice.role"))
    changed, (problem,) = snippets.refresh(project)
    assert changed == []
    assert problem.startswith("lectures/note.md, line 4: minigrad.numbers.twice.role: there is no")
    assert "did you mean minigrad.numbers.twice.rule" in problem
    assert "old" in note.read_text()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<!-- code: minigrad.numbers.LIMIT -->\nText", "lectures/note.md, line 1: expected a fenced block"),
        ("```python\n", "lectures/note.md, line 1: expected a block that ends"),
        ("<!-- code: a -->\n<!-- code: b -->\n```\n```\n", "lectures/note.md, line 3: expected one `code` comment"),
    ],
)
def test_a_damaged_page_is_named(project: Path, page: str, message: str):
    write(project / "lectures" / "note.md", page)
    (problem,) = snippets.check(project)
    assert problem.startswith(message)
