"""The map of the course is `concepts.toml`, every file in it exists, and the page shows it."""

from pathlib import Path

import pytest

from lectures.__main__ import PROJECT, main
from lectures.build import concepts
from tests.lectures.conftest import write

ENTRY = '[[concept]]\nname = "numbers"\nmodule = "minigrad/numbers.py"\ntest = "minigrad/numbers.py"\n'
PAGE = "# The course\n\n<!-- map -->\n<!-- /map -->\n\nThe end.\n"


@pytest.fixture
def course(project: Path) -> Path:
    write(project / "lectures" / "README.md", PAGE)
    write(project / "lectures" / "concepts.toml", ENTRY)
    return project


def test_the_projects_map_is_right():
    assert concepts.check(PROJECT) == []
    assert (PROJECT / "lectures" / "README.md").read_text(encoding="utf-8").count("\n| ") >= 35


def test_refresh_writes_the_rows_and_leaves_the_rest(course: Path):
    assert concepts.check(course) == ["lectures/README.md: the map differs from lectures/concepts.toml"]
    assert main(["check"], course) == 1
    assert main(["refresh"], course) == 0
    page = (course / "lectures" / "README.md").read_text()
    link = "[`minigrad/numbers.py`](../minigrad/numbers.py)"
    assert f"|---|---|---|---|---|\n| numbers | {link} | {link} | | |\n<!-- /map -->\n\nThe end.\n" in page
    assert concepts.refresh(course) == ([], [])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ENTRY.replace("numbers.py", "number.py"), "numbers: there is no minigrad/number.py"),
        (ENTRY + 'table = "nosuch"\n', "there is no experiments/tables/nosuch/__init__.py"),
        (ENTRY + 'figure = "a.svg"\n', "got figure"),
        (ENTRY.replace('test = "minigrad/numbers.py"\n', ""), "got no test"),
    ],
)
def test_an_entry_that_leads_nowhere_is_named(course: Path, entry: str, said: str):
    write(course / "lectures" / "concepts.toml", entry)
    assert said in concepts.check(course)[0]
    assert main(["refresh"], course) == 1
    assert (course / "lectures" / "README.md").read_text() == PAGE


def test_a_page_without_a_place_for_the_map_is_named(course: Path):
    write(course / "lectures" / "README.md", "# The course\n")
    assert "<!-- map -->" in concepts.check(course)[0]
