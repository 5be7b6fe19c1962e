"""Every page of the course has the same parts in the same order, so that a reader knows where to look."""

import re
from pathlib import Path

import pytest

LECTURES = Path(__file__).parents[2] / "lectures"
PAGES = sorted(path for folder in ("machine", "pretraining") for path in (LECTURES / folder).glob("*.md"))

# What a part must hold. The pattern is looked for in the text of the part, code blocks included.
PARTS = {
    "The idea": ("words", r"\w"),
    "By hand": ("an example that runs", r"^```python$"),
    "The mathematics": ("a formula", r"\$[^$]+\$"),
    "The code": ("a block that quotes our source", r"^<!-- code: .+ -->$"),
    "Run it": ("an example", r"^```(python|console)?$"),
    "Step it": ("a walk or a stepper", r"\.\./walks/\S+\.md|python -m lectures steppers|gdb"),
    "Figure": ("a picture", r"!\[[^\]]+\]\([^)]+\.svg\)"),
    "Questions": ("two folded answers", r"<details>"),
    "Exercise": ("an assignment", r"python -m lectures handout \d --to DIR"),
    "Read": ("a list of sources", r"^- .+\b(19|20)\d\d\b"),
}
WORDS_OF_THE_IDEA = range(80, 221)

WITHOUT = {  # page → part → why the page has none
    "3-kernels": {"Figure": "the three files side by side are what there is to see"},
}


def parts_of(page: str) -> dict[str, str]:
    """The headings of the second level outside of code blocks, in order, each with the text below it."""
    parts: dict[str, str] = {}
    heading, in_code = "", False
    for line in page.split("\n"):
        in_code ^= line.startswith("```")
        if line.startswith("## ") and not in_code:
            heading = line.removeprefix("## ")
            assert heading not in parts, f"two parts are called {heading!r}"
            parts[heading] = ""
        elif heading:
            parts[heading] += f"{line}\n"
    return parts


def problems(page: str, without: set[str]) -> list[str]:
    """How a page differs from the format; it need not have the parts `without`."""
    parts = parts_of(page)
    expected = [name for name in PARTS if name in parts or name not in without]
    if list(parts) != expected:
        return [f"expected the parts {expected}, got {list(parts)}"]
    found = [
        f"{name!r} needs {what}"
        for name, (what, pattern) in PARTS.items()
        if name in parts and not re.search(pattern, parts[name], re.MULTILINE)
    ]
    n_words = len(re.findall(r"\w[\w'’.-]*", parts["The idea"]))
    if n_words not in WORDS_OF_THE_IDEA:
        found.append(f"'The idea' has {n_words} words, expected 80 to 220")
    folded = re.findall(r"<details>\s*<summary>.+?</summary>.+?</details>", page, re.DOTALL)
    in_questions = re.findall(r"<details>", parts["Questions"])
    if not len(folded) == len(in_questions) == page.count("<details>") == 2:
        found.append(f"expected two folded answers, in 'Questions', got {len(folded)} on the page")
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_has_the_parts_of_the_format_in_order(path: Path):
    assert problems(path.read_text("utf-8"), set(WITHOUT.get(path.stem, {}))) == []


def test_the_lists_of_exceptions_name_pages_and_parts_that_exist():
    stems = {path.stem for path in PAGES}
    assert set(WITHOUT) <= stems
    assert {part for parts in WITHOUT.values() for part in parts} <= set(PARTS)


FOLDED = "<details><summary>Answer</summary>\n\nYes.\n\n</details>\n"
GOOD = "\n".join(
    (
        "# A page",
        "## The idea\n" + "word " * 100,
        "## By hand\n```python\nx = 1\n## no heading\n```",
        "## The mathematics\n$x$",
        "## The code\n<!-- code: minigrad.tape.clock -->\n```python\n```",
        "## Run it\n```python\nx = 2\n```",
        "## Step it\n[A walk](../walks/backward.md)",
        "## Figure\n![The graph](graph.svg)",
        f"## Questions\n1. Why?\n\n{FOLDED}\n2. How?\n\n{FOLDED}",
        "## Exercise\n`python -m lectures handout 1 --to DIR`: 1.1.",
        "## Read\n- Ba, Kiros and Hinton 2016, section 3.\n",
    )
)


def test_a_good_page_has_no_problems():
    assert problems(GOOD, set()) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("## Run it", "## Try it", "expected the parts"),
        ("## Step it", "### Step it", "expected the parts"),
        ("## Figure\n![The graph](graph.svg)\n", "", "expected the parts"),
        ("word " * 100, "word " * 79, "'The idea' has 79 words"),
        ("word " * 100, "word " * 221, "'The idea' has 221 words"),
        ("$x$", "x", "'The mathematics' needs a formula"),
        ("<!-- code: minigrad.tape.clock -->", "", "'The code' needs a block that quotes our source"),
        ("[A walk](../walks/backward.md)", "A walk", "'Step it' needs a walk or a stepper"),
        ("handout 1 --to DIR", "handout", "'Exercise' needs an assignment"),
        ("2. How?\n\n" + FOLDED, "2. How?", "expected two folded answers, in 'Questions', got 1"),
        ("2. How?\n", "2. How?\n\n" + FOLDED, "got 3"),
        ("$x$\n", f"$x$\n{FOLDED}", "got 3"),
        ("<summary>Answer</summary>", "Answer", "got 0"),
    ],
)
def test_a_page_that_differs_is_noticed(old: str, new: str, problem: str):
    assert old in GOOD
    assert problem in "; ".join(problems(GOOD.replace(old, new), set()))


def test_two_parts_with_one_name_are_noticed():
    with pytest.raises(AssertionError, match="two parts are called 'Read'"):
        problems(GOOD + "## Read\n", set())
