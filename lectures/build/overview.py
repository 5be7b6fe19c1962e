"""The lists in lectures/README.md: pages, walks, steppers, assignments, and the map from each concept to its files.

Each is between two markers, such as `<!-- map -->` and `<!-- /map -->`. `concepts.toml` says which pages and concepts
there are; walks, steppers and assignments are those whose files are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil
from pathlib import Path

from experiments.evidence.errors import ExperimentError
from experiments.evidence.markers import with_content
from lectures.assignments import ASSIGNMENTS
from lectures.build import concepts
from lectures.build.concepts import SOURCE, Entry
from lectures.stepping.page import heading
from minigrad.files import read_text, write_text

README = "lectures/README.md"
TO_COME = "*to come*"
WORDS_A_MINUTE = 150  # of a page with code and formulas
COLUMNS = {  # the heading of a column of the map, and the fields that it shows
    "page": ("page",),
    "module": ("module",),
    "test": ("test",),
    "table": ("table",),
    "figure": ("figure",),
    "walk, stepper": ("walk", "stepper"),
    "exercise": ("exercise",),
}


def check(project: Path) -> list[str]:
    """What is wrong with the map: an entry without its files, or a page that shows other lists. Empty if nothing is."""
    page, new, problems = _pages(project)
    if not problems and page != new:
        return [f"{README}: its lists differ from {SOURCE} and from the files that are there"]
    return problems


def refresh(project: Path) -> tuple[list[Path], list[str]]:
    """Write the lists into the page; what changed, also of concepts.toml, and what is wrong with the entries."""
    changed = concepts.take_written(project)
    page, new, problems = _pages(project)
    if problems or page == new:
        return changed, problems
    write_text(project / README, new)
    return [*changed, project / README], []


def _pages(project: Path) -> tuple[str, str, list[str]]:
    """The page as it is, the page with the lists of today, and what is wrong with the entries."""
    entries, problems = concepts.read(project)
    if not entries or problems:
        return "", "", problems
    page = new = read_text(project / README)
    makers: dict[str, Callable[[list[Entry], Path], str]] = {
        "pages": _page_list,
        "walks": _walk_list,
        "steppers": _stepper_list,
        "assignments": _assignment_list,
        "map": _map,
    }
    try:
        for name, make in makers.items():
            new = with_content(new, README, name, make(entries, project))
    except (ExperimentError, ValueError, SyntaxError) as error:
        return page, page, [str(error)]
    return page, new, []


# -- the lists --------------------------------------------------------------------------------------


def _page_list(entries: list[Entry], project: Path) -> str:
    groups: dict[str, list[str]] = {}
    for entry in entries:
        if entry.section == "page":
            path = Path(entry.fields["path"])
            number, _, words = path.stem.partition("-")
            about = entry.fields["about"]
            if entry.to_come:
                line = f"{number}. {words.replace('-', ' ').capitalize()}: {about} ({TO_COME})"
            else:
                minutes = reading_minutes(read_text(project / path))
                line = f"{number}. {_link(_title(path, project), path)}: {about} ({minutes} minutes)"
            groups.setdefault(path.parent.name.capitalize(), []).append(line)
    return "\n\n".join(f"**{name}**\n\n" + "\n".join(lines) for name, lines in groups.items())


def _walk_list(entries: list[Entry], project: Path) -> str:
    paths = [path.relative_to(project) for path in sorted((project / "lectures" / "walks").glob("*.md"))]
    return "\n".join(f"- {_link(path.stem, path)}: {_first_sentence(path, project)}" for path in paths)


def _stepper_list(entries: list[Entry], project: Path) -> str:
    paths = sorted((project / "lectures" / "steppers").glob("*.py"))
    lines = []
    for path in paths:
        if path.stem != "__init__":
            title, _ = heading(path)
            lines.append(f"- {_link(path.stem, path.relative_to(project))}: {title.rstrip('.')}")
    return "\n".join(lines) or TO_COME


def _assignment_list(entries: list[Entry], project: Path) -> str:
    lines = []
    for assignment in ASSIGNMENTS:
        handout = Path(assignment.folder) / "handout.md"
        if (project / handout).is_file():
            numbers = [exercise.number for exercise in assignment.exercises]
            titles = "; ".join(f"{exercise.number} {exercise.title}" for exercise in assignment.exercises)
            link = _link(assignment.title, handout)
            what = f"{len(numbers)} exercise{'s' if len(numbers) > 1 else ''}"
            lines.append(f"- {assignment.number}: {link}. {_first_sentence(handout, project)} {what}: {titles}.")
    return "\n".join(lines) or TO_COME


# -- the map ----------------------------------------------------------------------------------------


def _map(entries: list[Entry], project: Path) -> str:
    return "\n\n".join(
        [
            "### The machine",
            _table([entry for entry in entries if entry.section == "machine"], slides=False),
            "### The lecture",
            _table([entry for entry in entries if entry.section == "lecture"], slides=True),
        ]
    )


def _table(entries: list[Entry], *, slides: bool) -> str:
    heads = ["concept", *(["slide"] if slides else []), *COLUMNS]
    rows = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for entry in entries:
        words = [entry.fields["name"], *([entry.fields["slide"]] if slides else [])]
        cells = [", ".join(filter(None, (_cell(entry, field) for field in fields))) for fields in COLUMNS.values()]
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in [*words, *cells]) + "|")
    return "\n".join(rows)


def _cell(entry: Entry, field: str) -> str:
    """A short link: the file's name without its end."""
    if field in entry.to_come:
        return f"{field} {TO_COME}" if field in ("walk", "stepper") else TO_COME
    value = entry.path(field)
    if not value:
        return ""
    path = Path(value)
    names = {"exercise": entry.fields[field], "table": path.parent.name, "stepper": "stepper"}
    return _link(names.get(field) or _short(path), path)


def _short(path: Path) -> str:
    """The name of a file without its end; with its folder if many folders have such a file."""
    if path.stem == "__init__":
        return path.parent.name
    return f"{path.parent.name}/{path.stem}" if path.stem in ("reference", "cpu") else path.stem


# -- what a page says -------------------------------------------------------------------------------


def reading_minutes(text: str) -> int:
    """How long a page takes to read, code included."""
    return ceil(len(text.split()) / WORDS_A_MINUTE)


def _title(path: Path, project: Path) -> str:
    return _beginning(path, project)[0]


def _first_sentence(path: Path, project: Path) -> str:
    """The first sentence below the title, without links and emphasis."""
    paragraph = _beginning(path, project)[1].replace("\n", " ")
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph).replace("*", "")
    return re.split(r"(?<=[.!?]) ", plain, maxsplit=1)[0]


def _beginning(path: Path, project: Path) -> tuple[str, str]:
    """The title of a page and the paragraph below it.

    Raises:
        ValueError: naming the page, if it does not begin like this.
    """
    found = re.match(r"# ([^\n]+)\n\n(?=\S)(.+?)(?:\n\n|\n?\Z)", read_text(project / path), flags=re.DOTALL)
    if not found:
        raise ValueError(f"{path.as_posix()}: expected a line `# TITLE`, an empty line, and a paragraph")
    return found[1], found[2]


def _link(text: str, path: Path) -> str:
    """A link from lectures/README.md."""
    target = path.as_posix()
    return f"[{text}]({target.removeprefix('lectures/') if target.startswith('lectures/') else f'../{target}'})"
