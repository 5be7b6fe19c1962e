"""Visual Studio Code gets the walks from the pages: launch.json, the programs, and breakpoints at which they stop."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lectures.build import launching
from lectures.build.debuggers import Gdb, MissingDebuggerError, Start
from lectures.build.launching import PROGRAMS, WORKSPACE, Walk
from lectures.build.sessions import Stop
from tests.lectures.conftest import write
from tests.lectures.dap import Place, adapter

REPOSITORY = Path(__file__).parents[2]
WALKS = launching.walks(REPOSITORY)
IN_PYTHON = [walk for walk in WALKS if walk.session.debugger.language == "pdb"]
IN_CPP = [walk for walk in WALKS if walk.session.debugger.language == "gdb"]


PAGE = """
    <!-- program: count.py -->
    ```python
    from minigrad.numbers import twice

    print([twice(i) for i in range(3)])
    ```

    <!-- break: minigrad/numbers.py: y = x + x -->
    <!-- break: count.py: print -->
    ```pdb
    $ COUNT=1 WORD=a python -m pdb count.py
    (Pdb) b minigrad/numbers.py:1, x == 1
    (Pdb) tbreak count.py:1
    ```

    <!-- stops -->
    <!-- /stops -->
"""


# -- what is written --------------------------------------------------------------------------------


@pytest.fixture
def walk(project: Path) -> Path:
    """A walk of a small project, with everything made from it."""
    path = write(project / "lectures" / "walks" / "count.md", PAGE)
    written, problems = launching.refresh(project)
    assert (len(written), problems) == (3, [])
    return path


def test_the_committed_files_are_those_of_the_walks():
    assert launching.check(REPOSITORY) == []


def test_a_configuration_starts_the_program_with_the_variables_of_the_session(walk: Path, project: Path):
    assert json.loads((project / ".vscode" / "launch.json").read_text()) == {
        "version": "0.2.0",
        "configurations": [
            {
                "name": "walk: count",
                "type": "debugpy",
                "request": "launch",
                "program": "${workspaceFolder}/lectures/walks/programs/count.py",
                "cwd": "${workspaceFolder}",
                "env": {"PYTHONPATH": "${workspaceFolder}", "COUNT": "1", "WORD": "a"},
                "justMyCode": False,
            }
        ],
    }
    program = (project / "lectures" / "walks" / "programs" / "count.py").read_text()
    assert program == "from minigrad.numbers import twice\n\nprint([twice(i) for i in range(3)])\n"


def test_a_walk_lists_its_breakpoints(walk: Path, project: Path):
    line = 1 + (project / "minigrad" / "numbers.py").read_text().splitlines().index("    y = x + x  # (T,)")
    assert walk.read_text().endswith(
        "<!-- stops -->\n"
        "`walk: count` under *Run and Debug* starts the program ([`programs/count.py`](programs/count.py)), "
        "with `COUNT=1` and `WORD=a`. Set these breakpoints first:\n\n"
        f"- [`minigrad/numbers.py`](../../minigrad/numbers.py), line {line}, if `x == 1`: `y = x + x  # (T,)`\n"
        "- [`lectures/walks/programs/count.py`](../../lectures/walks/programs/count.py), line 3: "
        "`print([twice(i) for i in range(3)])`\n"
        "<!-- /stops -->\n"
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (".vscode/launch.json", "COUNT", "count"),
        ("lectures/walks/programs/count.py", "range(3)", "range(4)"),
        ("lectures/walks/count.md", ", if `x == 1`", ""),
    ],
)
def test_a_file_that_differs_is_named_and_written_again(walk: Path, project: Path, name: str, old: str, new: str):
    path = project / name
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    assert launching.check(project) == [f"{name} differs from the walks"]
    assert launching.refresh(project) == ([path], [])
    assert path.read_text() == before
    assert launching.check(project) == []


@pytest.mark.parametrize("name", [".vscode/launch.json", "lectures/walks/programs/count.py"])
def test_a_file_that_is_missing_is_named_and_written_again(walk: Path, project: Path, name: str):
    (project / name).unlink()
    assert launching.check(project) == [f"{name} differs from the walks"]
    assert launching.refresh(project) == ([project / name], [])


def test_a_breakpoint_in_the_list_follows_its_line(walk: Path, project: Path):
    module = project / "minigrad" / "numbers.py"
    module.write_text(f"# one line more\n{module.read_text()}")
    assert launching.check(project) == ["lectures/walks/count.md differs from the walks"]
    assert launching.refresh(project) == ([walk], [])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "pdb count.py",
            "pdb other.py",
            "lectures/walks/count.md, line 10: expected other.py to be a program of the page",
        ),
        ("y = x + x", "y = x - x", "lectures/walks/count.md, line 10: expected 'y = x - x' in one line of minigrad"),
        ("<!-- /stops -->", "", "lectures/walks/count.md: expected <!-- stops --> and, below it, <!-- /stops -->"),
    ],
)
def test_a_page_that_is_damaged_is_named(walk: Path, project: Path, old: str, new: str, message: str):
    page = PAGE.replace(old, new)
    assert page != PAGE
    before = write(walk, page).read_text()
    (problem,) = launching.check(project)
    assert problem.startswith(message)
    assert launching.refresh(project) == ([], [problem])
    assert walk.read_text() == before


def test_a_program_of_no_walk_and_one_of_two_walks_are_named(walk: Path, project: Path):
    write(project / "lectures" / "walks" / "programs" / "old.py", "")
    assert launching.check(project) == ["lectures/walks/programs/old.py: no walk has this program"]
    write(walk.with_name("other.md"), PAGE)
    assert launching.check(project) == ["lectures/walks: two programs have the same name"]


# -- what it does -----------------------------------------------------------------------------------


def configuration(walk: Walk) -> dict[str, Any]:
    """The configuration of a walk in the committed launch.json, with the variables that the editor replaces."""
    text = (REPOSITORY / ".vscode" / "launch.json").read_text("utf-8")
    text = text.replace(WORKSPACE, REPOSITORY.as_posix())
    text = text.replace("${command:python.interpreterPath}", Path(sys.executable).as_posix())
    (found,) = [each for each in json.loads(text)["configurations"] if each["name"] == f"walk: {walk.name}"]
    return found


def file_of(stop: Stop, walk: Walk) -> Path:
    return REPOSITORY / (PROGRAMS if stop.file in walk.programs else "") / stop.file


def function_at(stop: Stop, walk: Walk) -> str:
    """The function in which pdb stops at a line, as the walk says."""
    said = "".join(one.answer for exchanges in walk.session.exchanges for one in exchanges)
    found = re.search(rf"^> {re.escape(stop.file)}\({stop.line}\)(.*?)\(\)", said, flags=re.MULTILINE)
    assert found is not None, f"the walk shows no stop at {stop}"
    return found[1]


def stops_of(walk: Walk, settings: dict[str, Any]) -> list[Place]:
    """Where the program of a configuration stops until each breakpoint has been reached, or to its end."""
    files = {file_of(stop, walk) for stop in walk.stops}
    wanted = {(file_of(stop, walk), stop.line) for stop in walk.stops}
    places = []
    with adapter() as client:
        client.start(settings | {"python": [sys.executable]})
        for file in files:
            lines = {stop.line: stop.condition for stop in walk.stops if file_of(stop, walk) == file}
            found = client.set_breakpoints(file, lines)
            assert [(each["verified"], each["line"]) for each in found] == [(True, line) for line in lines]
        place = client.run()
        while place is not None:
            places.append(place)
            wanted.discard((place.file, place.line))
            place = client.resume() if wanted else None
    return places


@pytest.mark.parametrize("walk", IN_PYTHON, ids=lambda walk: walk.name)
def test_the_program_of_a_configuration_stops_at_each_breakpoint(walk: Walk):
    expected = [Place(file_of(stop, walk), stop.line, function_at(stop, walk)) for stop in walk.stops]
    places = stops_of(walk, configuration(walk))
    assert list(dict.fromkeys(places)) == expected


def test_with_compilation_the_program_stops_before_the_kernel_and_never_in_it():
    (walk,) = [walk for walk in IN_PYTHON if walk.name == "attention-numba"]
    settings = configuration(walk)
    assert settings["env"]["NUMBA_DISABLE_JIT"] == "1"
    settings["env"]["NUMBA_DISABLE_JIT"] = "0"
    settings["justMyCode"] = True  # Numba is slow in a debugger
    file = walk.stops[0].file
    lines = (REPOSITORY / file).read_text("utf-8").splitlines()
    (call,) = [i for i, line in enumerate(lines, start=1) if line.startswith("    _masked_softmax(")]
    before = Stop(file, call, "")
    places = stops_of(replace(walk, stops=[before, *walk.stops]), settings)
    assert places == [Place(REPOSITORY / file, call, "attention_forward")]


@pytest.mark.parametrize("walk", IN_CPP, ids=lambda walk: walk.name)
def test_gdb_started_by_a_configuration_stops_at_each_breakpoint(walk: Walk):
    settings = configuration(walk)
    assert (settings["type"], settings["MIMode"]) == ("cppdbg", "gdb")
    assert settings["program"] == Path(sys.executable).as_posix()  # which `Gdb` starts
    start = Start({each["name"]: each["value"] for each in settings["environment"]}, settings["args"])
    places = [f"{file_of(stop, walk)}:{stop.line}" for stop in walk.stops]
    breaks = [f"tbreak {place} if {stop.condition}" for place, stop in zip(places, walk.stops, strict=True)]
    commands = ["set breakpoint pending on", *breaks, "run", *["continue"] * (len(breaks) - 1)]
    try:
        answers = Gdb().answers(start, commands, Path(settings["cwd"]), REPOSITORY)
    except MissingDebuggerError as error:
        pytest.skip(str(error))
    reached = [re.search(r"breakpoint \d+, (\w+)<.* at (\S+)", answer) for answer in answers[-len(breaks) :]]
    expected = [("attention_forward", f"{stop.file}:{stop.line}") for stop in walk.stops]
    assert [found and found.groups() for found in reached] == expected
