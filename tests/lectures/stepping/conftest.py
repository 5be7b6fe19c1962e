"""Recordings of small programs, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lectures.steppers import STEPPERS
from lectures.stepping.building import Stepper, build, stepper
from lectures.stepping.recorder import Recording
from lectures.stepping.running import record
from tests.lectures.stepping.chromium import Chromium, executable

REPOSITORY = Path(__file__).parents[3]
NOTHING = ["lectures/__init__.py"]  # a file in which nothing runs: only the program itself is recorded

Record = Callable[..., Recording]


@pytest.fixture
def recorded(tmp_path: Path) -> Record:
    """Records the source of a program, of whose calls only those of its own functions are steps."""

    def recorded(source: str, watch: list[str] = NOTHING, **settings: Any) -> Recording:
        program = tmp_path / "program.py"
        program.write_text(dedent(source).lstrip("\n"), encoding="utf-8")
        return record(program, REPOSITORY, watch, **settings)

    return recorded


@pytest.fixture(scope="session")
def steppers() -> dict[str, Stepper]:
    """All programs of lectures/steppers/, recorded."""
    return {name: stepper(name, REPOSITORY) for name in STEPPERS}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of all programs."""
    folder = tmp_path_factory.mktemp("steppers")
    build(REPOSITORY, folder)
    return folder


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A headless Chromium; the test is skipped where there is none."""
    path = executable()
    if path is None:
        pytest.skip("there is no Chromium here: Debian's package is called chromium")
    browser = Chromium(path, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
