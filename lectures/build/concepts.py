"""The map of the course, from a concept of the lecture to the files that hold it: `concepts.toml` as a table.

    [[concept]]
    name = "masked language modelling"
    module = "models/objectives/masked_lm.py"
    test = "tests/models/test_masked_lm.py"
    table = "pretrain_finetune"              # of experiments/tables; left out while there is none
    read = "lectures/walks/masked-lm.md"     # a note or a walk; left out while there is none

The table is written between `<!-- map -->` and `<!-- /map -->` in `lectures/README.md`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from experiments.evidence.errors import ExperimentError
from experiments.evidence.markers import with_content
from minigrad.files import read_text, write_text

HEAD = "| concept of the lecture | module | test | table | read |\n|---|---|---|---|---|"
FIELDS = ("name", "module", "test", "table", "read")


def check(project: Path) -> list[str]:
    """What is wrong with the map: an entry without its files, or a page that shows another map. Empty if nothing is."""
    page, new, problems = _pages(project)
    if not problems and page != new:
        return ["lectures/README.md: the map differs from lectures/concepts.toml"]
    return problems


def refresh(project: Path) -> tuple[list[Path], list[str]]:
    """Write the map into the page; the page if it changed, and what is wrong with the entries."""
    page, new, problems = _pages(project)
    if problems or page == new:
        return [], problems
    path = project / "lectures" / "README.md"
    write_text(path, new)
    return [path], []


def _pages(project: Path) -> tuple[str, str, list[str]]:
    """The page as it is, the page with the map of today, and what is wrong with the entries."""
    readme, source = project / "lectures" / "README.md", project / "lectures" / "concepts.toml"
    if not source.is_file():
        return "", "", []
    page = read_text(readme)
    concepts = tomllib.loads(read_text(source)).get("concept", [])
    problems = [problem for concept in concepts for problem in _wrong(concept, project)]
    if problems:
        return page, page, problems
    try:
        new = with_content(page, "lectures/README.md", "map", "\n".join([HEAD, *map(_row, concepts)]))
    except ExperimentError as error:
        return page, page, [str(error)]
    return page, new, []


def _wrong(concept: dict[str, str], project: Path) -> list[str]:
    """What is wrong with an entry."""
    name = f"lectures/concepts.toml: {concept.get('name', concept)}"
    missing = [field for field in ("name", "module", "test") if not concept.get(field)]
    unknown = sorted(concept.keys() - set(FIELDS))
    problems = [f"{name}: expected {', '.join(FIELDS)}, got no {field}" for field in missing]
    problems += [f"{name}: expected {', '.join(FIELDS)}, got {field}" for field in unknown]
    paths = [concept[field] for field in ("module", "test", "read") if concept.get(field)]
    if concept.get("table"):
        paths.append(_table(concept["table"]))
    return problems + [f"{name}: there is no {path}" for path in paths if not (project / path).exists()]


def _row(concept: dict[str, str]) -> str:
    table = f"[`{concept['table']}`](../{_table(concept['table'])})" if concept.get("table") else ""
    cells = [concept["name"], _link(concept["module"]), _link(concept["test"]), table, _link(concept.get("read", ""))]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _link(path: str) -> str:
    return f"[`{path}`](../{path})" if path else ""


def _table(name: str) -> str:
    return f"experiments/tables/{name}/__init__.py"
