"""The first 15 minutes: the commands of start.md print what it says, and leave time to read and to think."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from lectures.build import walking
from lectures.build.markdown import blocks
from lectures.build.overview import reading_minutes

REPOSITORY = Path(__file__).parents[2]
START = REPOSITORY / "lectures" / "start.md"
WARM_UP = REPOSITORY / "lectures" / "assignments" / "warm_up"
PROMPT = "$ "


@dataclass(frozen=True)
class Command:
    """A command of a ```console block, and what the page says that it prints."""

    line: int
    words: list[str]
    printed: str


def page() -> str:
    return START.read_text("utf-8")


def commands(text: str) -> list[Command]:
    """The commands of a page, in order."""
    found: list[Command] = []
    for block in blocks(text):
        if block.language == "console":
            for number, line in enumerate(block.text.splitlines(keepends=True), start=block.line + 1):
                if line.startswith(PROMPT):
                    found.append(Command(number, shlex.split(line.removeprefix(PROMPT)), ""))
                else:
                    found[-1] = Command(found[-1].line, found[-1].words, found[-1].printed + line)
    return found


def minutes(text: str) -> dict[str, int]:
    """The headings that say how long they take."""
    return {title: int(number) for title, number in re.findall(r"^## (.*) \((\d+) minutes?\)$", text, re.MULTILINE)}


def run(command: Command, folder: Path) -> None:
    """Run a command in a folder, and compare."""
    assert command.words[0] == "python"
    paths = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *command.words[1:]],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.stdout.replace("first\\", "first/") == command.printed, f"start.md, line {command.line}: {done.stderr}"


def test_the_parts_take_fifteen_minutes():
    assert list(minutes(page())) == [
        "Install",
        "Run an example",
        "Step into the backward pass",
        "Solve an exercise",
    ]
    assert sum(minutes(page()).values()) == 15
    assert "Fifteen minutes." in page()


def test_the_commands_print_what_the_page_says_and_leave_time_to_read(tmp_path: Path):
    installing = ["git", "cd", "python -m venv", "source", "python -m pip"]
    every = commands(page())
    assert all(" ".join(every[i].words).startswith(words) for i, words in enumerate(installing))
    shutil.copytree(REPOSITORY / "lectures" / "examples", tmp_path / "lectures" / "examples")
    started = time.perf_counter()
    for command in every[len(installing) :]:
        if "10 of 10" in command.printed:  # the reader has solved it
            shutil.copy(WARM_UP / "solution" / "softplus.py", tmp_path / "first" / "softplus.py")
        run(command, tmp_path)
    taken = (time.perf_counter() - started) / 60
    assert (tmp_path / "first" / "softplus.py").is_file()
    reading = reading_minutes(page()) + reading_minutes((WARM_UP / "handout.md").read_text("utf-8"))
    assert taken < 15 - minutes(page())["Install"] - reading


def test_the_debugger_says_what_the_page_says():
    assert walking.check(START, REPOSITORY) == []


def test_the_page_does_not_give_the_solution_away():
    solution = (WARM_UP / "solution" / "softplus.py").read_text("utf-8")
    body = [line.strip() for line in solution.split('"""')[-1].splitlines() if len(line.strip()) > 12]
    assert len(body) >= 5
    assert [line for line in body if line in page()] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```console\n$ python -c 'print(1)'\n2\n```\n", "start.md, line 2"),
        ("```console\n$ python -c 'print(1)'\n1\n$ python -c '1 / 0'\nnothing\n```\n", "ZeroDivisionError"),
    ],
)
def test_a_command_that_prints_something_else_is_noticed(text: str, message: str, tmp_path: Path):
    *right, wrong = commands(text)
    for command in right:
        run(command, tmp_path)
    with pytest.raises(AssertionError, match=message):
        run(wrong, tmp_path)
