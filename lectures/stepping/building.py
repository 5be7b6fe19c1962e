"""Makes the pages of the programs in `lectures/steppers/`, and an index of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from lectures.steppers import STEPPERS
from lectures.stepping.page import HERE, environment, heading, page
from lectures.stepping.recorder import Recording
from lectures.stepping.running import record
from minigrad.files import read_text, write_text


@dataclass(frozen=True)
class Stepper:
    """A program and its recording.

    Attributes:
        name: of the program, such as `backward`.
        title, paragraphs: of its docstring.
    """

    name: str
    title: str
    paragraphs: list[str]
    recording: Recording

    @property
    def html(self) -> str:
        """Its page."""
        return page(self.recording, self.title, self.paragraphs)


def stepper(name: str, project: Path) -> Stepper:
    """Record a program of `lectures/steppers/`."""
    program = project / "lectures" / "steppers" / f"{name}.py"
    title, paragraphs = heading(program)
    return Stepper(name, title, paragraphs, record(program, project, STEPPERS[name]))


def build(project: Path, folder: Path) -> list[Path]:
    """Write all pages and `index.html` to a folder; their paths.

    Raises:
        OSError: if a file cannot be written.
        RuntimeError: if a program fails.
    """
    steppers = [stepper(name, project) for name in STEPPERS]
    for made in steppers:
        if made.recording.error:
            raise RuntimeError(f"lectures/steppers/{made.name}.py failed: {made.recording.error}")
    style = Markup(read_text(HERE / "index.css"))
    pages = {made.name: made.html for made in steppers}
    pages["index"] = environment().get_template("index.html").render(steppers=steppers, style=style)
    paths = {folder / f"{name}.html": html for name, html in pages.items()}
    for path, html in paths.items():
        write_text(path, html)
    return list(paths)
