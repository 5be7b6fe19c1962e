"""The map of the course: `lectures/concepts.toml`, read and checked. `overview.py` writes it into lectures/README.md.

    [[lecture]]                              # or [[machine]]: what the lecture takes as known, without a slide
    name = "masked language modelling"
    slide = "Pretraining encoders: what pretraining objective to use?"       # its heading
    page = "lectures/pretraining/5-encoders.md"
    module = "models/objectives/masked_lm.py"
    test = "tests/models/test_masked_lm.py"
    table = "bert_ablations"                 # of experiments/tables
    figure = "lectures/tape.svg"
    walk = "lectures/walks/masked-lm.md"
    stepper = "lectures/steppers/masked_lm.py"
    exercise = "4.2"
    to_come = ["page", "table", "exercise"]

    [[page]]
    path = "lectures/machine/1-tape.md"
    about = "what an op records, and the order of the backward pass"         # completes its title in a list

Everything that is named must exist, except the fields in `to_come`: they must not exist yet. So what is written later
shows up in the check, and `refresh` takes it out of `to_come`. A field that a concept will never have is left out.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectures.assignments import ASSIGNMENTS
from minigrad.files import read_text, write_text

SOURCE = "lectures/concepts.toml"
CONCEPT = ("name", "page", "module", "test", "table", "figure", "walk", "stepper", "exercise")
FIELDS = {"page": ("path", "about"), "machine": CONCEPT, "lecture": ("slide", *CONCEPT)}
REQUIRED = {
    "page": ("path", "about"),
    "machine": ("name", "module", "test"),
    "lecture": ("name", "slide", "page", "module", "test"),
}
WORDS = ("name", "slide", "about")  # the other fields lead to a file
HANDOUTS = {
    exercise.number: f"{assignment.folder}/handout.md"
    for assignment in ASSIGNMENTS
    for exercise in assignment.exercises
}


@dataclass(frozen=True)
class Entry:
    """A page or a concept.

    Attributes:
        line: of its heading in concepts.toml.
        section: page, machine or lecture.
        fields: the fields that are given, except `to_come`.
        to_come: those that lead to a file which is not written yet; they may be without a value.
    """

    line: int
    section: str
    fields: dict[str, str]
    to_come: tuple[str, ...]

    def __str__(self) -> str:
        title = self.fields.get("name") or self.fields.get("path") or f"[[{self.section}]]"
        return f"{SOURCE}, line {self.line}: {title}"

    def path(self, field: str) -> str:
        """Where a field leads, from the project; "" if it is left out."""
        value = self.fields.get(field, "")
        if field == "table" and value:
            return f"experiments/tables/{value}/__init__.py"
        if field == "exercise" and value:
            return HANDOUTS.get(value, f"lectures/assignments: exercise {value}")
        return value


def read(project: Path) -> tuple[list[Entry], list[str]]:
    """The entries in their order, and what is wrong with them; no entries if there is no map.

    Every problem names the file and the line.
    """
    source = project / SOURCE
    if not source.is_file():
        return [], []
    text = read_text(source)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [f"{SOURCE}: expected TOML, got an error: {error}"]  # it ends with (at line …, column …)
    entries, problems = _entries(content, text)
    if not problems:
        problems = [problem for entry in entries for problem in _wrong_paths(entry, project)]
        problems += _wrong_pages(entries, project) + _twice(entries)
    return entries, problems


def to_come(entries: list[Entry]) -> str:
    """How many of each kind are still to be written, such as `8 pages, 3 tables`; "" if none is."""
    missing = {(field, entry.path(field) or str(entry)) for entry in entries for field in entry.to_come}
    counts = Counter("page" if field == "path" else field for field, _ in sorted(missing) if field != "page")
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in counts.most_common())


def take_written(project: Path) -> list[Path]:
    """Take the fields whose files have been written out of the lists `to_come`; concepts.toml, if it changed."""
    entries, _ = read(project)
    if not entries:
        return []
    old = read_text(project / SOURCE)
    lines = old.splitlines(keepends=True)
    for entry in reversed(entries):  # from the last to the first, so that the others keep their line numbers
        left = [field for field in entry.to_come if not _is_written(entry, field, project)]
        if len(left) < len(entry.to_come):
            shown = ", ".join(f'"{field}"' for field in left)
            before, after = "".join(lines[: entry.line]), "".join(lines[entry.line :])
            new = f"to_come = [{shown}]\n" if left else ""
            after = re.sub(r"^to_come\s*=\s*\[[^\]]*\][^\n]*\n?", new, after, count=1, flags=re.MULTILINE)
            lines = (before + after).splitlines(keepends=True)
    if lines == old.splitlines(keepends=True):
        return []
    write_text(project / SOURCE, "".join(lines))
    return [project / SOURCE]


def _is_written(entry: Entry, field: str, project: Path) -> bool:
    path = entry.path(field)
    return path != "" and (project / path).is_file()


def _entries(content: dict[str, Any], text: str) -> tuple[list[Entry], list[str]]:
    """The entries of the file, and what is wrong with their form."""
    headings = re.finditer(r"^\s*\[\[\s*(\w+)\s*\]\]", text, flags=re.MULTILINE)
    lines = [(heading[1], text.count("\n", 0, heading.start(1)) + 1) for heading in headings]
    entries, problems = [], []
    for section, tables in content.items():
        where = [line for name, line in lines if name == section]
        if section not in FIELDS or not isinstance(tables, list) or len(where) != len(tables):
            problems.append(f"{SOURCE}: expected [[{']], [['.join(FIELDS)}]], got {section}")
            continue
        for line, table in zip(where, tables, strict=True):
            later = table.pop("to_come", [])
            wrong = list(_wrong_form(section, table, later))
            problems += [
                f"{SOURCE}, line {line}: [[{section}]] {table.get('name', '')}: {problem}" for problem in wrong
            ]
            if not wrong:
                entries.append(Entry(line, section, table, tuple(later)))
    return entries, problems


def _wrong_form(section: str, table: dict[str, Any], later: Any) -> Iterator[str]:
    fields = FIELDS[section]
    paths = [field for field in fields if field not in WORDS]
    yield from (f"expected {', '.join(fields)}, got {field}" for field in table if field not in fields)
    yield from (f"expected a text for {field}, got {value!r}" for field, value in table.items() if not _is_text(value))
    if not isinstance(later, list) or not set(map(str, later)) <= set(paths):
        yield f"expected to_come to be a list of some of {', '.join(paths)}, got {later!r}"
        return
    yield from (f"expected {field}, got none" for field in REQUIRED[section] if field not in table)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _wrong_paths(entry: Entry, project: Path) -> Iterator[str]:
    """The fields that lead nowhere, and those that are to come and are there."""
    for field in entry.fields:
        if field in WORDS:
            continue
        path, later = entry.path(field), field in entry.to_come
        if _is_written(entry, field, project) == later:
            yield f"{entry}: {path} is there, take {field} out of to_come" if later else f"{entry}: there is no {path}"


def _wrong_pages(entries: list[Entry], project: Path) -> list[str]:
    """Pages without an entry of their own."""
    listed = {entry.fields["path"] for entry in entries if entry.section == "page"}
    named = {entry.fields["page"]: str(entry) for entry in entries if "page" in entry.fields}
    folders = [project / "lectures" / name for name in ("machine", "pretraining")]
    there = {path.relative_to(project).as_posix(): SOURCE for folder in folders for path in folder.glob("*.md")}
    return [
        f"{where}: expected a [[page]] for {path}, got none"
        for path, where in (there | named).items()
        if path not in listed
    ]


def _twice(entries: list[Entry]) -> list[str]:
    """Entries with the name or the path of an earlier one."""
    names = Counter(entry.fields.get("name") or entry.fields["path"] for entry in entries)
    return [f"{SOURCE}: expected {name} once, got it {n} times" for name, n in names.items() if n > 1]
