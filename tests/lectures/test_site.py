"""The site has every page of the course, its links lead somewhere, and reading it needs no network."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lectures.__main__ import PROJECT, main
from tests.lectures.conftest import write

pytest.importorskip("sphinx", reason='the site needs Sphinx: pip install -e ".[site]"')
pytest.importorskip("furo", reason='the site needs Furo: pip install -e ".[site]"')
pytest.importorskip("myst_parser", reason='the site needs MyST: pip install -e ".[site]"')
pytest.importorskip("math_core", reason='the site needs math-core: pip install -e ".[site]"')

from lectures.site.building import MARK, build
from lectures.site.contents import sections

FOREIGN = re.compile(r"https?:|//")

NOTE = r"""
# A note

Text with $\frac{a}{b}$ for $5-$6, in $ or in $ a piece,
[`twice`](../../minigrad/numbers.py), [a line](../../minigrad/numbers.py#L3),
[the folder](../../minigrad), [the kernel](../../minigrad/numbers.cu), [below](#an-answer), and
[the map](../README.md#the-map). ![A picture](../a.svg) and [a link to it](../a.svg)

$$
\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}
$$

<!-- code: minigrad.numbers.twice, without docstring -->
```python
y = 1
```

<!-- code: minigrad/numbers.cu: add_one -->
```cpp
int y;
```

```pdb
(Pdb) p y
2
```

```gdb
(gdb) print threadIdx
```

## An answer

<details><summary>Answer</summary>

It is **two**.

</details>
"""


class Page(HTMLParser):
    """What a page of the site refers to, its anchors, and its text outside of code."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []  # what a reader may follow
        self.loaded: list[str] = []  # what a browser loads with the page
        self.ids: set[str] = set()
        self.text = ""
        self._code = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {key: value for key, value in attributes if value is not None}
        self.ids |= {values["id"]} if "id" in values else set()
        self._code += tag in ("pre", "code", "script", "style")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and "href" in values:
            self.loaded.append(values["href"])
        if "src" in values:
            self.loaded.append(values["src"])

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("pre", "code", "script", "style")

    def handle_data(self, data: str) -> None:
        self.text += "" if self._code else data


def pages_of(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def dead(pages: dict[Path, Page]) -> list[str]:
    """The links and images that lead nowhere."""
    found = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto", "data"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].ids if target in pages else set()
            if not target.is_file() or (parts.fragment and target in pages and parts.fragment not in anchors):
                found.append(f"{path}: {link}")
    return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this project, built once."""
    folder = tmp_path_factory.mktemp("course") / "site"
    assert build(PROJECT, folder) == []
    return folder.resolve()


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return pages_of(site)


@pytest.fixture
def course(project: Path) -> Path:
    """A course of a map and one note."""
    write(project / "pyproject.toml", "")
    write(project / "lectures" / "README.md", "# Course\n\n[note](machine/1-a.md)\n\n## The map\n\nNothing.\n")
    write(project / "lectures" / "machine" / "1-a.md", NOTE)
    write(project / "lectures" / "a.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')
    return project


def test_every_page_of_the_course_is_in_the_site_and_its_sidebar(site: Path, pages: dict[Path, Page]):
    course = list((PROJECT / "lectures").rglob("*.md"))
    first = site / "lectures" / "README.html"
    linked = {(first.parent / urlsplit(link).path).resolve() for link in pages[first].links if link != "#"} | {first}
    assert len(course) >= 8
    assert [path for path in course if site / path.relative_to(PROJECT).with_suffix(".html") not in linked] == []


def test_every_link_and_image_leads_somewhere(pages: dict[Path, Page]):
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert dead(pages) == []


def test_a_page_loads_nothing_from_elsewhere(site: Path, pages: dict[Path, Page]):
    assert [link for page in pages.values() for link in page.loaded if FOREIGN.match(link)] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    urls = [url for style in styles for url in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]*)", style)]
    assert len(styles) >= 4
    assert [url for url in urls if FOREIGN.match(url)] == []


def test_no_formula_is_left_in_tex(pages: dict[Path, Page]):
    assert [path for path, page in pages.items() if "$$" in page.text or "\\frac" in page.text] == []


def test_the_index_knows_the_words_of_the_notes(site: Path):
    assert "topological" in (site / "searchindex.js").read_text(encoding="utf-8")


def test_what_a_note_has_is_shown(course: Path, tmp_path: Path):
    assert build(course, tmp_path / "site") == []
    site = (tmp_path / "site").resolve()
    note = site / "lectures" / "machine" / "1-a.html"
    html, page = note.read_text(encoding="utf-8"), Page(note)
    assert dead(pages_of(site)) == []
    assert html.count("<math>") == 1
    assert html.count('<math display="block">') == 1
    assert "for $5-$6, in $ or in $ a piece," in page.text
    assert "code:" not in page.text
    assert '<span class="gp">(Pdb) </span>' in html
    assert '<span class="gp">(gdb) </span>' in html
    assert "<details><summary>Answer</summary>" in html
    assert "<strong>two</strong>" in html
    assert "../../_images/a.svg" in page.loaded
    assert "../a.svg" in page.links
    source = "../../minigrad/numbers.py.html"
    assert {"../../minigrad/index.html", "../../minigrad/numbers.cu.html"} <= set(page.links)
    assert {f"{source}#L3", "#an-answer", "../README.html#the-map"} <= set(page.links)


def test_a_link_to_a_definition_leads_to_its_line(course: Path, tmp_path: Path):
    build(course, tmp_path / "site")
    links = Page(tmp_path / "site" / "lectures" / "machine" / "1-a.html").links
    lines = (course / "minigrad" / "numbers.py").read_text().split("\n")
    number = lines.index("def twice(x: int) -> int:") + 1
    # The name in the text and the caption of the quoted block.
    assert links.count(f"../../minigrad/numbers.py.html#L{number}") == 2
    kernel = (course / "minigrad" / "numbers.cu").read_text().split("\n").index("template <typename T>") + 1
    assert f"../../minigrad/numbers.cu.html#L{kernel}" in links
    listing = (tmp_path / "site" / "minigrad" / "numbers.py.html").read_text()
    line = re.search(rf'<span class="line" id="L{number}">(.*)</span>', listing)
    assert line
    assert re.sub("<[^>]*>", "", line[1]).replace("&gt;", ">") == "def twice(x: int) -> int:"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[x](missing.md)", "missing.md leads nowhere"),
        ("[x](../../../outside.md)", "outside.md leads nowhere"),
        ("[x](#nowhere)", "there is no heading #nowhere in lectures/machine/1-a"),
        (r"$\foo{x}$", r'Unknown command "\foo"'),
        ("![x](missing.svg)", "missing.svg"),
        ("<!-- code: minigrad.numbers.thrice -->\n```python\n```", "minigrad.numbers.thrice: there is no"),
        ("```nonsense\nx\n```", "nonsense"),
    ],
)
def test_what_is_wrong_on_a_page_is_said_and_no_site_is_written(course: Path, tmp_path: Path, text: str, problem: str):
    write(course / "lectures" / "machine" / "1-a.md", f"# A note\n\n{text}\n")
    problems = build(course, tmp_path / "site")
    assert len(problems) == 1
    assert problem in problems[0]
    assert problems[0].startswith("lectures/machine/1-a.md")
    assert not (tmp_path / "site").exists()


def test_the_same_pages_make_the_same_site(course: Path, tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    build(course, first)
    build(course, second)
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) > 20
    assert [file for file in files if (first / file).read_bytes() != (second / file).read_bytes()] == []


def test_a_former_site_is_replaced(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "made" / "site"
    assert main(["site", "--to", str(folder)], course) == 0
    assert capsys.readouterr().out == f"{folder / 'index.html'}: written\n"
    write(folder / "old.html", "old")
    assert main(["site", "--to", str(folder)], course) == 0
    assert not (folder / "old.html").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["site"]
    write(course / "lectures" / "machine" / "1-a.md", "# A\n\n[x](missing.md)\n")
    assert main(["site", "--to", str(folder)], course) == 1
    assert "missing.md leads nowhere" in capsys.readouterr().out
    assert (folder / "lectures" / "machine" / "1-a.html").is_file()


def test_what_is_not_a_site_is_left_alone(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = write(tmp_path / "thesis" / "index.html", "years of work")
    for to in (file.parent, file):
        with pytest.raises(SystemExit) as error:
            main(["site", "--to", str(to)], course)
        assert error.value.code == 2
        assert "holds something else" in capsys.readouterr().err
    assert file.read_text() == "years of work"


def test_an_empty_folder_is_filled(course: Path, tmp_path: Path):
    (tmp_path / "site").mkdir()
    assert build(course, tmp_path / "site") == []
    assert (tmp_path / "site" / MARK).is_file()


def test_the_extra_is_named_if_it_is_missing(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lectures.site.building.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=re.escape('pip install -e ".[site]"')):
        build(course, tmp_path / "site")


def test_the_site_is_built_from_a_checkout(project: Path, tmp_path: Path):
    with pytest.raises(ValueError, match=r"has no pyproject\.toml"):
        build(project, tmp_path / "site")


def test_steppers_are_part_of_the_site(course: Path, tmp_path: Path):
    write(course / "lectures" / "__init__.py", "")
    write(course / "lectures" / "command" / "steppers.py", "")
    command = write(
        course / "lectures" / "__main__.py",
        """
        import pathlib, sys
        folder = pathlib.Path(sys.argv[3])
        folder.mkdir()
        (folder / "adam.html").write_text("<title>Adam &amp; co</title>")
        """,
    )
    assert build(course, tmp_path / "site") == []
    note = tmp_path / "site" / "lectures" / "machine" / "1-a.html"
    assert '<a class="reference" href="../../steppers/adam.html">Adam &amp; co</a>' in note.read_text()
    write(command, "raise SystemExit('no program')")
    assert build(course, tmp_path / "site") == ["steppers: no program"]


def test_pages_are_in_the_order_of_their_numbers():
    titles = {
        "README": "# minigrad",
        "experiments/results/README": "# Results",
        "lectures/machine/10-b": "# B",
        "lectures/machine/2-a": "# A",
        "lectures/start": "# Start",
        "lectures/walks/bpe": "# Merges",
        "lectures/assignments/README": "# Assignments",
        "lectures/assignments/attention/handout": "# Assignment 3: attention",
        "lectures/assignments/warm_up/handout": "# Assignment 0: an op",
        "lectures/assignments/warm_up/instructor": "# For the instructor",
    }
    assert sections(titles) == {
        "Start": ["self", "/lectures/start"],
        "The machine": ["/lectures/machine/2-a", "/lectures/machine/10-b"],
        "Walks": ["/lectures/walks/bpe"],
        "Assignments": [
            "/lectures/assignments/README",
            "/lectures/assignments/warm_up/handout",
            "/lectures/assignments/attention/handout",
        ],
        "For instructors": ["/lectures/assignments/warm_up/instructor"],
        "The project": ["/README", "/experiments/results/README"],
    }
