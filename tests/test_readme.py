"""What the README says is there is there, and its results are the committed ones."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from experiments.evidence.results import load
from experiments.report import pages
from experiments.tables.catalogue import CATALOGUE

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"
COMMITTED = sorted((PROJECT / "experiments" / "results").glob("*/full*.json"))


FOLDERS = ("experiments", "lectures", "minigrad", "models", "tokenizer")
PAGES = [README, *sorted(page for folder in FOLDERS for page in (PROJECT / folder).glob("**/README.md"))]


def readme():
    return README.read_text(encoding="utf-8")


def without_code_blocks(text):
    """What stands in a fenced block is a command or a listing."""
    return re.sub(r"^ *(```+|~~~+).*?^ *\1 *$", "", text, flags=re.MULTILINE | re.DOTALL)


def linked_paths(text):
    """The targets of Markdown links and images, and of HTML's, that lead to files of ours."""
    text = without_code_blocks(text)
    targets = re.findall(r"\]\(<?([^)\s>]+)", text) + re.findall(r'\b(?:src|href|srcset)="([^"]+)"', text)
    targets += re.findall(r"^ *\[[^\]]+\]: *(\S+)", text, flags=re.MULTILINE)
    paths = [unquote(target.split("#")[0]) for target in targets if not re.match(r"[a-z]+:|//", target)]
    return [path for path in paths if path]  # "#section" leads to the README itself


def named_paths(text):
    """What is written in backticks and looks like a path: it has a "/" or ends with .py, and no space.

    Places outside the checkout (`/tmp`, `~/x`, `.venv/bin/python`) and placeholders (`<name>.py`) are not ours.
    """
    words = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", without_code_blocks(text))
    return [word for word in words if re.fullmatch(r"\w[\w./-]*", word) and ("/" in word or word.endswith(".py"))]


def exists(path):
    """Whether the checkout has it; a bare `name.py` may lie in any folder of ours."""
    if "/" in path:
        return (PROJECT / path).exists()
    ours = [PROJECT / folder for folder in (*FOLDERS, "tests")]
    return (PROJECT / path).exists() or any(file.name == path for folder in ours for file in folder.rglob("*.py"))


def test_links_are_found():
    text = """
    | [`minigrad/tensor.py`](minigrad/tensor.py) | [tests](tests/a%20b.py#L3 "title") |
    ![figure](experiments/results/a.svg) <img src="docs/b.svg" width="3"> [here](#section) [web](https://a.org/b.py)
    ```
    [not](a/link.py)
    ```
    [one]: models/gpt.py
    """
    assert linked_paths(text) == [
        "minigrad/tensor.py",
        "tests/a b.py",
        "experiments/results/a.svg",
        "docs/b.svg",
        "models/gpt.py",
    ]


def test_paths_in_backticks_are_found():
    text = """
    `minigrad/tensor.py`, `runner.py` and `models/`, run `python -m experiments run all` or `make test`, see `Tensor`,
    `/tmp/x.py`, `~/x`, `.venv/bin/python`, `experiments/results/<name>/full.json`, `--corpus FILE/FOLDER`
    ```sh
    python `not/this.py`
    ```
    """
    assert named_paths(text) == ["minigrad/tensor.py", "runner.py", "models/"]


def test_what_is_missing_is_noticed():
    assert exists("minigrad/tensor.py")
    assert exists("tensor.py")
    assert exists("minigrad/kernels/")
    assert not exists("minigrad/tensors.py")
    assert not exists("tensors.py")


def test_the_readme_fits_on_a_few_screens():
    assert len(README.read_bytes()) <= 9 * 1024


def test_the_readmes_example_is_the_file_and_prints_what_the_readme_says(capsys):
    code, printed = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", readme(), re.DOTALL).groups()
    file = (PROJECT / "lectures" / "examples" / "first.py").read_text(encoding="utf-8")
    docstring = re.match(r'""".*?"""\n\n', file, re.DOTALL)
    assert file.removeprefix(docstring[0]) == code
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_the_course_has_a_map_of_links():
    assert len(linked_paths((PROJECT / "lectures" / "README.md").read_text(encoding="utf-8"))) >= 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_path_in_a_readme_exists(page):
    text = page.read_text(encoding="utf-8")
    assert [path for path in linked_paths(text) if not (page.parent / path).exists()] == []
    assert [path for path in named_paths(text) if not exists(path)] == []


@pytest.mark.parametrize("page", [pages.README, pages.RESULTS, pages.BENCHMARKS])
def test_generated_tables_are_those_of_the_committed_results(page):
    text = (PROJECT / page).read_text(encoding="utf-8")
    assert pages.update(text, page) == text, "run: python -m experiments report --readme"


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_committed_result_can_be_read_and_is_complete(path):
    result = load(path)
    assert result.experiment == path.parent.name
    assert result.experiment in {entry.name for entry in CATALOGUE}
    assert result.preset == "full"
    assert all(claim.seeds == 0 or claim.seeds >= 3 for claim in result.claims)
    assert all((path.parent / figure.file).is_file() for figure in result.figures)
