"""The map of the course is `concepts.toml`, every file in it exists, and lectures/README.md shows it."""

from pathlib import Path

import pytest

from experiments.tables.catalogue import CATALOGUE
from lectures.__main__ import PROJECT, main
from lectures.build import concepts, overview
from tests.lectures.conftest import write

LISTS = ("pages", "walks", "steppers", "assignments", "map")
PAGE = "# The course\n\n" + "".join(f"<!-- {name} -->\n<!-- /{name} -->\n\n" for name in LISTS) + "The end.\n"

MAP = """
    [[page]]
    path = "lectures/machine/1-numbers.md"
    about = "how to add"

    [[page]]
    path = "lectures/machine/2-more-numbers.md"
    about = "how to multiply"
    to_come = ["path"]

    [[machine]]
    name = "numbers"
    page = "lectures/machine/1-numbers.md"
    module = "minigrad/numbers.py"
    test = "minigrad/numbers.py"

    [[lecture]]
    name = "sums"
    slide = "Why add?"
    page = "lectures/machine/2-more-numbers.md"
    module = "minigrad/numbers.py"
    test = "minigrad/numbers.py"
    walk = "lectures/walks/adding.md"
    stepper = "lectures/steppers/adding.py"
    exercise = "0.1"
    to_come = ["page", "table"]
"""


@pytest.fixture
def course(project: Path) -> Path:
    lectures = project / "lectures"
    write(lectures / "README.md", PAGE)
    write(lectures / "concepts.toml", MAP)
    write(lectures / "machine" / "1-numbers.md", "# Numbers\n\n" + "word " * 299)
    write(lectures / "walks" / "adding.md", "# Adding\n\nA *walk* with\n[two](../x.md) stops. And more.\n")
    write(lectures / "steppers" / "__init__.py", '"""Programs."""\n')
    write(lectures / "steppers" / "adding.py", '"""Adding, line by line.\n\nIt adds.\n"""\n')
    write(lectures / "assignments" / "warm_up" / "handout.md", "# Warm-up\n\n*Fifteen minutes. No points.*\n")
    return project


def change(course: Path, old: str, new: str) -> None:
    path = course / "lectures" / "concepts.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_the_projects_map_is_right():
    assert overview.check(PROJECT) == []
    entries, problems = concepts.read(PROJECT)
    assert problems == []
    sections = [entry.section for entry in entries]
    assert sections == sorted(sections, key=["page", "machine", "lecture"].index)
    assert sections.count("machine") >= 15
    assert sections.count("lecture") >= 30


def test_tables_that_are_to_come_are_in_the_catalogue():
    names = {entry.fields["table"] for entry in concepts.read(PROJECT)[0] if "table" in entry.fields}
    assert names <= {entry.name for entry in CATALOGUE}


def test_refresh_writes_the_lists_and_leaves_the_rest(course: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check"], course) == 1
    said = capsys.readouterr().out
    assert "Still to come: 1 page, 1 table.\n" in said
    assert "lectures/README.md: its lists differ from lectures/concepts.toml" in said
    assert overview.refresh(course) == ([course / "lectures" / "README.md"], [])
    page = (course / "lectures" / "README.md").read_text()
    assert "1. [Numbers](machine/1-numbers.md): how to add (3 minutes)\n" in page
    assert "2. More numbers: how to multiply (*to come*)\n" in page
    assert "- [adding](walks/adding.md): A walk with two stops.\n" in page
    assert "- [adding](steppers/adding.py): Adding, line by line\n<!-- /steppers -->" in page
    assert "- 0: [Warm-up: one op with its rule](assignments/warm_up/handout.md). Fifteen minutes. 1 exercise: " in page
    link = "[numbers](../minigrad/numbers.py)"
    assert f"|\n| numbers | [1-numbers](machine/1-numbers.md) | {link} | {link} | | | | |\n" in page
    assert (
        f"| sums | Why add? | *to come* | {link} | {link} | *to come* | | [adding](walks/adding.md), "
        "[stepper](steppers/adding.py) | [0.1](assignments/warm_up/handout.md) |\n<!-- /map -->\n\nThe end.\n"
    ) in page
    assert overview.refresh(course) == ([], [])
    assert overview.check(course) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('s.py"\n\n[[lecture', '.py"\n\n[[lecture', "numbers: there is no minigrad/number.py"),
        ('to_come = ["path"]', "", "line 5: lectures/machine/2-more-numbers.md: there is no"),
        ('exercise = "0.1"', 'exercise = "0.9"', "there is no lectures/assignments: exercise 0.9"),
        ('["page", "table"]', '["page"]\ntable = "nosuch"', "there is no experiments/tables/nosuch/__init__.py"),
        ('slide = "Why add?"\n', "", "line 16: [[lecture]] sums: expected slide, got none"),
        ('slide = "Why add?"', "slide = 3", "line 16: [[lecture]] sums: expected a text for slide, got 3"),
        ('slide = "Why add?"', 'slide = " "', "expected a text for slide, got ' '"),
        ('exercise = "0.1"', 'read = "a.md"', "line 16: [[lecture]] sums: expected slide, name, page"),
        ('["page", "table"]', '["page", "name"]', "expected to_come to be a list of some of page, module"),
        ('["page", "table"]', '"page"', "expected to_come to be a list of some of page, module"),
        ('name = "sums"', 'name = "numbers"', "expected numbers once, got it 2 times"),
        ('1-numbers.md"\nabout', '../README.md"\nabout', "expected a [[page]] for lectures/machine/1-numbers.md"),
        ("[[lecture]]", "[[lectures]]", "expected [[page]], [[machine]], [[lecture]], got lectures"),
        ("[[lecture]]", "[lecture]", "expected [[page]], [[machine]], [[lecture]], got lecture"),
        ("[[lecture]]", "[[lecture]", "expected TOML, got an error"),
        ('slide = "Why add?"', "slide = Why add?", "at line 18"),
    ],
)  # fmt: skip
def test_an_entry_that_is_wrong_is_named_with_its_line(
    course: Path, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
):
    change(course, old, new)
    assert said in overview.check(course)[0]
    assert main(["refresh"], course) == 1
    assert (course / "lectures" / "README.md").read_text() == PAGE
    assert main(["check"], course) == 1
    assert "Traceback" not in capsys.readouterr().out


def test_what_has_been_written_since_is_named_and_taken_out_of_to_come(course: Path):
    change(course, '["page", "table"]', '["page",\n    "walk", "table"]  # later')
    write(course / "lectures" / "machine" / "2-more-numbers.md", "# More\n\nText.\n")
    problems = overview.check(course)
    assert [problem.split(": ", 1)[1] for problem in problems] == [
        "lectures/machine/2-more-numbers.md: lectures/machine/2-more-numbers.md is there, take path out of to_come",
        "sums: lectures/machine/2-more-numbers.md is there, take page out of to_come",
        "sums: lectures/walks/adding.md is there, take walk out of to_come",
    ]
    before = (course / "lectures" / "concepts.toml").read_text()
    changed, wrong = overview.refresh(course)
    assert [path.name for path in changed] == ["concepts.toml", "README.md"]
    assert wrong == overview.check(course) == []
    after = (course / "lectures" / "concepts.toml").read_text()
    assert after == before.replace('to_come = ["path"]\n', "").replace(
        'to_come = ["page",\n    "walk", "table"]  # later', 'to_come = ["table"]'
    )


def test_a_page_that_the_map_does_not_name_is_named(course: Path):
    write(course / "lectures" / "machine" / "3-others.md", "# Others\n\nText.\n")
    assert overview.check(course) == [
        "lectures/concepts.toml: expected a [[page]] for lectures/machine/3-others.md, got none"
    ]


@pytest.mark.parametrize("text", ["", "# Adding\n", "Adding\n\nA walk.\n", "# Adding\nA walk.\n\nMore.\n"])
def test_a_page_without_a_title_and_a_paragraph_is_named(course: Path, text: str):
    write(course / "lectures" / "walks" / "adding.md", text)
    problem = "lectures/walks/adding.md: expected a line `# TITLE`, an empty line, and a paragraph"
    assert overview.check(course) == [problem]
    assert overview.refresh(course) == ([], [problem])


def test_a_page_without_a_place_for_the_map_is_named(course: Path):
    write(course / "lectures" / "README.md", PAGE.replace("<!-- map -->\n", ""))
    assert "<!-- map -->" in overview.check(course)[0]
