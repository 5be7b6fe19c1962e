"""Which pages the site has, and their order in the sidebar. What is there is found by its path."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sphinx.application import Sphinx

from minigrad.files import read_text

ROOT = "lectures/README"
"""The first page, without its suffix as everywhere in Sphinx."""

PATTERNS = ["lectures/**.md", "README.md", "*/README.md", "experiments/*/README.md"]

SECTIONS = {  # the first pattern that fits a page counts
    "Start": r"lectures/start",
    "The machine": r"lectures/machine/.*",
    "Pretraining": r"lectures/pretraining/.*",
    "Walks": r"lectures/walks/.*",
    "Assignments": r"lectures/assignments/(README|.*/handout)",
    "For instructors": r"lectures/.*",
    "The project": r".*",
}


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Append the table of contents to the first page, where only the sidebar shows it."""
    if page == ROOT:
        others = app.env.found_docs - {ROOT}
        titles = {other: read_text(app.env.doc2path(other)).split("\n")[0] for other in others}
        source[0] += "".join(
            f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
            for caption, pages in sections(titles).items()
        )


def sections(titles: Mapping[str, str]) -> dict[str, list[str]]:
    """The pages of each section that has some. Given is the title of each page."""
    found: dict[str, list[str]] = {caption: [] for caption in SECTIONS}
    found["Start"].append("self")  # the first page, in the words of a table of contents
    for page in sorted(titles, key=lambda page: (_number(titles[page]), _place(page))):
        section = next(caption for caption, pattern in SECTIONS.items() if re.fullmatch(pattern, page))
        found[section].append(f"/{page}")
    return {caption: pages for caption, pages in found.items() if pages}


def _number(title: str) -> int:
    """The number of the assignment that a title names; 0 if it names none."""
    named = re.search(r"assignment (\d+)", title, re.IGNORECASE)
    return int(named[1]) if named else 0


def _place(page: str) -> list[tuple[int, str]]:
    """Sorts 2-subwords before 10-scaling, and a folder's README before its other pages."""
    numbers = [(re.match(r"\d+", part), part) for part in page.split("/")]
    return [(-1 if part == "README" else int(number[0]) if number else 0, part) for number, part in numbers]
