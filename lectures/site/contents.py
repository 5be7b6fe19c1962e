"""Which pages the site has, and their order in the sidebar. What is there is found by its path."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = "lectures/README"
"""The first page, without its suffix as everywhere in Sphinx."""

PATTERNS = ["lectures/**.md", "README.md", "*/README.md", "experiments/*/README.md"]

SECTIONS = {  # the first pattern that fits a page counts
    "Start": r"lectures/start",
    "The machine": r"lectures/machine/.*",
    "Pretraining": r"lectures/pretraining/.*",
    "Walks": r"lectures/walks/.*",
    "Assignments": r"lectures/assignments/.*/handout",
    "For instructors": r"lectures/.*",
    "The project": r".*",
}


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Append the table of contents to the first page, where only the sidebar shows it."""
    if page == ROOT:
        source[0] += "".join(
            f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
            for caption, pages in sections(sorted(app.env.found_docs - {ROOT})).items()
        )


def sections(pages: list[str]) -> dict[str, list[str]]:
    """The pages of each section that has some."""
    found: dict[str, list[str]] = {caption: [] for caption in SECTIONS}
    found["Start"].append("self")  # the first page, in the words of a table of contents
    for page in sorted(pages, key=_place):
        section = next(caption for caption, pattern in SECTIONS.items() if re.fullmatch(pattern, page))
        found[section].append(f"/{page}")
    return {caption: pages for caption, pages in found.items() if pages}


def _place(page: str) -> list[tuple[int, str]]:
    """Sorts 2-subwords before 10-scaling, and a folder's README before its other pages."""
    parts = Path(page).parts
    return [(-1 if part == "README" else int(re.match(r"\d*", part)[0] or 0), part) for part in parts]  # type: ignore[index]
