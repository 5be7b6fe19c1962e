"""`python -m lectures step` and `steppers` write pages, and say in words what is wrong."""

from pathlib import Path

import pytest

from lectures.__main__ import main
from lectures.steppers import STEPPERS


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text('"""My program"""\n\nx = 1\nprint(x)\n')
    return path


def test_a_page_is_written_beside_the_program(program: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["step", str(program)]) == 0
    page = program.with_name("mine.html")
    assert "<h1>My program</h1>" in page.read_text("utf-8")
    assert capsys.readouterr().out == f"{page}: 4 steps, {round(page.stat().st_size / 1000)} KB\n"


def test_a_page_is_written_where_it_is_asked_for(program: Path, tmp_path: Path):
    assert main(["step", str(program), "--to", str(tmp_path / "new" / "page.html")]) == 0
    assert (tmp_path / "new" / "page.html").is_file()
    assert not program.with_name("mine.html").exists()


def test_only_what_is_watched_is_on_the_page(program: Path):
    program.write_text("from minigrad import Tensor\nTensor([1.0]) + 1\n")
    main(["step", str(program), "--watch", "minigrad/ops/arithmetic.py", "minigrad/ops/loss.py"])
    html = program.with_name("mine.html").read_text("utf-8")
    assert '"name":"minigrad/ops/arithmetic.py"' in html
    assert '"name":"minigrad/tensor.py"' not in html


def test_a_program_that_fails_has_a_page_up_to_there(program: Path, capsys: pytest.CaptureFixture[str]):
    program.write_text("x = 1\n[][x]\n")
    assert main(["step", str(program)]) == 1
    said = "The program failed at the last step: IndexError: list index out of range, mine.py line 2"
    assert said in capsys.readouterr().out
    assert said in program.with_name("mine.html").read_text("utf-8")


def test_a_limit_is_said(program: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["step", str(program), "--max-steps", "2"]) == 0
    assert "The program has more steps. The recording ends after 2" in capsys.readouterr().out


def test_a_program_that_is_not_python(program: Path, capsys: pytest.CaptureFixture[str]):
    program.write_text("x = \n")
    assert main(["step", str(program)]) == 1
    assert capsys.readouterr().out == f"{program}, line 1: invalid syntax\n"
    assert not program.with_name("mine.html").exists()


def test_a_program_without_a_line(program: Path, capsys: pytest.CaptureFixture[str]):
    program.write_text("# nothing\n")
    assert main(["step", str(program)]) == 1
    assert "no line that runs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.py"], "there is no program"),
        (["mine.py", "--watch", "nowhere"], "got 'nowhere', which is not there"),
        (["mine.py", "--max-steps", "0"], "max_steps must be at least 1, got 0"),
        (["mine.py", "--to", "mine.py"], "--to must not be the program itself"),
    ],
)
def test_a_wrong_command_line(
    program: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(program.parent)
    with pytest.raises(SystemExit) as error:
        main(["step", *arguments])
    assert error.value.code == 2
    assert said in capsys.readouterr().err
    assert program.read_text().startswith('"""My program')


def test_a_page_that_cannot_be_written(program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("")
    assert main(["step", str(program), "--to", str(tmp_path / "file" / "page.html")]) == 1
    assert "cannot be written: " in capsys.readouterr().out
    (tmp_path / "folder").mkdir()
    assert main(["step", str(program), "--to", str(tmp_path / "folder")]) == 1
    assert "cannot be written: " in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []
    assert main(["steppers", "--to", str(tmp_path / "file")]) == 1
    assert "cannot be written: " in capsys.readouterr().out


def test_all_steppers_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["steppers", "--to", str(tmp_path / "pages")]) == 0
    assert {path.stem for path in (tmp_path / "pages").iterdir()} == {*STEPPERS, "index"}
    assert f"{len(STEPPERS) + 1} pages written" in capsys.readouterr().out
