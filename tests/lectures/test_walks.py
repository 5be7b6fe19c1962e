"""The debugger says what the walks say that it says."""

from pathlib import Path

import pytest

from lectures.build import debuggers, walking
from lectures.build.debuggers import MissingDebuggerError, WalkError
from tests.lectures.conftest import write

REPOSITORY = Path(__file__).parents[2]
WALKS = walking.pages(REPOSITORY)

PAGE = """
    <!-- program: count.py -->
    ```python
    from minigrad.numbers import twice

    things = [object()]
    for i in range(2):
        y = twice(i)
    print("done", y)
    ```

    Look at x:

    <!-- break: minigrad/numbers.py: y = x + x -->
    ```pdb
    $ python -m pdb count.py
    (Pdb) b minigrad/numbers.py:1, x == 1
    (Pdb) c
    (Pdb) p x
    ```

    And at the end:

    <!-- break: count.py: print("done" -->
    ```pdb
    (Pdb) tbreak count.py:1
    (Pdb) c
    (Pdb) p things
    (Pdb) p y, 17
    (Pdb) n
    ```
"""


@pytest.fixture
def walk(project: Path) -> Path:
    """A page whose two blocks are one session, as recorded."""
    path = write(project / "lectures" / "walks" / "count.md", PAGE)
    assert walking.refresh(path, project)
    return path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.stem)
def test_the_debugger_says_what_the_walk_says(path: Path):
    try:
        assert walking.check(path, REPOSITORY) == []
    except MissingDebuggerError as error:
        pytest.skip(str(error))


def test_the_walks_are_there():
    assert {"backward", "bpe", "6-cuda-kernel"} <= {path.stem for path in WALKS}


def test_a_recorded_session_has_short_paths_and_no_addresses(walk: Path, project: Path):
    text = walk.read_text()
    line = 1 + (project / "minigrad" / "numbers.py").read_text().splitlines().index("    y = x + x  # (T,)")
    assert f"(Pdb) b minigrad/numbers.py:{line}, x == 1\nBreakpoint 1 at minigrad/numbers.py:{line}\n" in text
    assert f"> minigrad/numbers.py({line})twice()\n-> y = x + x  # (T,)\n(Pdb) p x\n1\n" in text
    assert "$ python -m pdb count.py\n> count.py(1)<module>()\n" in text
    assert "Breakpoint 2 at count.py:6\n" in text
    assert "(Pdb) p things\n[<object object at 0x…>]\n" in text
    assert "(Pdb) n\ndone 2\n" in text
    assert str(project) not in text


def test_what_is_recorded_is_what_is_replayed(walk: Path, project: Path):
    assert walking.check(walk, project) == []
    assert walking.refresh(walk, project) is False


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(Pdb) p x\n1\n", "(Pdb) p x\n2\n", "at '(Pdb) p x' the page says '2', pdb says '1'"),
        ("(2, 17)", "", "pdb says '(2, 17)'"),
        ("done 2\n", "done 2\nand more\n", "at '(Pdb) n' the page says 'and more'"),
        ("twice()\n-> y = x + x  # (T,)", "twice()\n-> y = x", "the page says '-> y = x'"),
    ],
)
def test_an_answer_that_differs_is_named(walk: Path, project: Path, old: str, new: str, said: str):
    recorded = walk.read_text()
    replace(walk, old, new)
    (problem,) = walking.check(walk, project)
    assert problem.startswith("lectures/walks/count.md, line ")
    assert said in problem
    assert walking.refresh(walk, project)
    assert walk.read_text() == recorded


def test_a_breakpoint_follows_its_line(walk: Path, project: Path):
    module = project / "minigrad" / "numbers.py"
    module.write_text(f"# one line more\n{module.read_text()}")
    assert "(Pdb) b minigrad/numbers.py" in walking.check(walk, project)[0]
    before = walk.read_text()
    assert walking.refresh(walk, project)
    assert walking.check(walk, project) == []
    assert walk.read_text() != before


def test_an_answer_with_an_ellipsis_stays_as_long_as_it_fits(walk: Path, project: Path):
    replace(walk, "(2, 17)", "(2, …)")
    assert walking.check(walk, project) == []
    replace(walk, "(2, …)", "(3, …)")
    assert len(walking.check(walk, project)) == 1


def test_the_file_of_a_breakpoint_is_that_of_its_comment(walk: Path, project: Path):
    recorded = walk.read_text()
    replace(walk, "(Pdb) tbreak count.py:6", "(Pdb) tbreak FILE:0")
    assert len(walking.check(walk, project)) == 1
    walking.refresh(walk, project)
    assert walk.read_text() == recorded


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x == 1", "x == 5", "ends before its program does"),  # never hit, so `c` runs to the end
        ("y = x + x -->", "y = x - x -->", "in no line"),
        ("y = x + x -->", "return -->", "in the lines"),
        ("<!-- break: minigrad/numbers.py: y = x + x -->\n", "", "expected a comment <!-- break: FILE: TEXT -->"),
        ("<!-- break: count.py", "<!-- break: minigrad/letters.py", "there is no minigrad/letters.py"),
        (
            "(Pdb) tbreak count.py:6\nBreakpoint 2 at count.py:6\n",
            "",
            "expected a command `b FILE:LINE` for <!-- break: count.py: print",
        ),
        ("(Pdb) n\ndone", "(Pdb) c\ndone", "ends before its program does"),
        ("(Pdb) n\ndone", "(Pdb) q\ndone", "pdb ended early"),
        ("$ python -m pdb count.py\n", "", "expected the first line of a walk"),
        ("$ python -m pdb count.py\n", "$ python -m pdb count.py\n(Pdb) p 1\n$ python -m pdb count.py\n", "of its own"),
    ],
)
def test_a_session_that_cannot_be_replayed_says_why_and_the_page_stays(
    walk: Path, project: Path, old: str, new: str, message: str
):
    replace(walk, old, new)
    before = walk.read_text()
    with pytest.raises(WalkError, match=message):
        walking.refresh(walk, project)
    assert walk.read_text() == before
    (problem,) = walking.check(walk, project)
    assert problem.startswith("lectures/walks/count.md, line ")
    assert message in problem


def test_a_breakpoint_that_is_never_reached_is_an_error(walk: Path, project: Path):
    replace(walk, "<!-- break: count.py", "<!-- break: minigrad/numbers.py: self.size = new -->\n<!-- break: count.py")
    replace(walk, "(Pdb) tbreak", "(Pdb) b minigrad/numbers.py:1\n(Pdb) tbreak")
    with pytest.raises(WalkError, match="the session never stops at the breakpoint minigrad"):
        walking.refresh(walk, project)


def test_the_users_own_settings_of_pdb_are_not_read(walk: Path, project: Path, monkeypatch: pytest.MonkeyPatch):
    write(project / "home" / ".pdbrc", "p 'mine'\n")
    monkeypatch.setenv("HOME", str(project / "home"))
    assert walking.check(walk, project) == []


def test_a_session_without_end_is_given_up(walk: Path, project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(debuggers, "SECONDS", 0.5)
    replace(walk, "(Pdb) p x\n", "(Pdb) !while True: pass\n")
    with pytest.raises(WalkError, match=r"more than 0\.5 seconds"):
        walking.refresh(walk, project)


# -- environment variables --------------------------------------------------------------------------

WITH_VARIABLES = """
    <!-- program: show.py -->
    ```python
    import os

    print(os.environ["COUNT"], os.environ["WORDS"])
    ```

    ```pdb
    $ COUNT=3 WORDS='a b' python -m pdb show.py
    (Pdb) n
    (Pdb) n
    ```
"""


def test_a_session_has_the_variables_before_its_command(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNT", "4")
    path = write(project / "lectures" / "walks" / "show.md", WITH_VARIABLES.replace("'a b'", "ab"))
    walking.refresh(path, project)
    assert "$ COUNT=3 WORDS=ab python -m pdb show.py\n> show.py(1)" in path.read_text()
    assert "(Pdb) n\n3 ab\n" in path.read_text()
    replace(path, "COUNT=3", "COUNT=5")
    (problem,) = walking.check(path, project)
    assert "the page says '3 ab', pdb says '5 ab'" in problem


def test_what_is_no_assignment_starts_no_session(project: Path):
    path = write(project / "lectures" / "walks" / "show.md", WITH_VARIABLES)
    with pytest.raises(WalkError, match=r"line 8: expected the first line of a walk to be \$ python -m pdb PROGRAM"):
        walking.refresh(path, project)


# -- the end of a walk ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in WALKS if path.parent.name == "walks"], ids=lambda path: path.stem)
def test_a_walk_ends_with_questions_whose_answers_are_folded(path: Path):
    questions = path.read_text("utf-8").split("\n## Questions\n")[-1]
    assert 2 <= questions.count("\n   <details><summary>Answer</summary>\n") <= 3
    assert questions.endswith("\n\n   </details>\n")
