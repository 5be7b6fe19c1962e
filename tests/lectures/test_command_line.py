"""`python -m lectures` says what is wrong and ends with 1, or mends it."""

from pathlib import Path

import pytest

from lectures.__main__ import main
from tests.lectures.conftest import write

NOTE = "<!-- code: minigrad.numbers.LIMIT, without docstring -->\n```python\nLIMIT = 2\n```\n"
WALK = (
    "<!-- program: a.py -->\n```python\nx = 1\nx = 2\n```\n\n```pdb\n$ python -m pdb a.py\n(Pdb) n\n(Pdb) p x\n2\n```\n"
)


def test_check_and_refresh(project: Path, capsys: pytest.CaptureFixture[str]):
    write(project / "lectures" / "note.md", NOTE)
    assert main(["check"], project) == 1
    assert "lectures/note.md, line 2: minigrad.numbers.LIMIT" in capsys.readouterr().out
    assert main(["refresh"], project) == 0
    assert "lectures/note.md: written" in capsys.readouterr().out
    assert main(["check"], project) == 0
    assert capsys.readouterr().out == "Nothing differs.\n"


def test_refresh_says_what_it_cannot_mend(project: Path, capsys: pytest.CaptureFixture[str]):
    write(project / "lectures" / "note.md", NOTE.replace("LIMIT,", "LIMITS,"))
    assert main(["refresh"], project) == 1
    assert "did you mean minigrad.numbers.LIMIT" in capsys.readouterr().out


def test_walk_check_and_refresh(project: Path, capsys: pytest.CaptureFixture[str]):
    path = write(project / "lectures" / "walks" / "one.md", WALK)
    write(project / "lectures" / "walks" / "two.md", WALK)
    assert main(["walk", "check", "one"], project) == 1
    assert "lectures/walks/one.md, line 7: " in capsys.readouterr().out
    assert main(["walk", "refresh", "one"], project) == 0
    assert main(["walk", "check", "one"], project) == 0
    assert main(["walk", "check"], project) == 1
    path.write_text(path.read_text().replace("(Pdb) n", "(Pdb) c"))
    assert main(["walk", "refresh", "one"], project) == 1
    assert "ends before its program does" in capsys.readouterr().out


def test_a_walk_that_is_not_there_is_an_error_of_the_command_line(project: Path, capsys: pytest.CaptureFixture[str]):
    write(project / "lectures" / "walks" / "one.md", WALK)
    with pytest.raises(SystemExit) as error:
        main(["walk", "check", "three"], project)
    assert error.value.code == 2
    assert "there is no walk 'three', only one" in capsys.readouterr().err
