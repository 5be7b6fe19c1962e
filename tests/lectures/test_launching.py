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
from tests.lectures.dap import Place, adapter

REPOSITORY = Path(__file__).parents[2]
WALKS = launching.walks(REPOSITORY)
IN_PYTHON = [walk for walk in WALKS if walk.session.debugger.language == "pdb"]
IN_CPP = [walk for walk in WALKS if walk.session.debugger.language == "gdb"]


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
