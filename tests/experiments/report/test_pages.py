"""The generated pages come from the committed results, and from nowhere else."""

import dataclasses

import pytest

from experiments.evidence import claims, results
from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import load
from experiments.evidence.table import Table
from experiments.report import pages
from experiments.report.pages import BENCHMARKS, README, RESULTS, markdown, update
from experiments.running import places
from experiments.running.run import run_one

START, END = "<!-- verdicts -->", "<!-- /verdicts -->"
TEXT = f"# Title\n\n{START}\nold\n{END}\n\nThe end.\n"


@pytest.fixture
def full(request_for):
    """The path of the fake experiment's full result."""
    return run_one(request_for("full"))


def test_the_text_between_the_markers_is_replaced_and_nothing_else(full):
    row = "| [`fake_experiment`](experiments/results/README.md#fake_experiment) | a start is worth having | 3 ✓ 1 ✗ |"
    table = f"| table | the lecture's point | claims |\n| --- | --- | --- |\n{row}"
    assert update(TEXT, README) == f"# Title\n\n{START}\n{table}\n{END}\n\nThe end.\n"


def test_a_table_without_a_full_result_is_said_to_have_none(request_for):
    run_one(request_for("quick"))
    assert "| `fake_experiment` | a start is worth having | no full result yet |" in update(TEXT, README)


def test_claims_and_tables_as_markdown(full):
    lines = markdown(load(full)).splitlines()
    assert lines[:-1] == [
        "|  | claim | effect, 95% interval |",
        "|---|---|---|",
        "| ✓ reproduced | pretrained beats random | +6 [3.52, 8.48] (3 seeds) |",
        "| ✓ reproduced | pretrained is high everywhere | +1 [1, 1] (3 seeds) |",
        "| ✗ contradicted | random beats 9 | -8.55 [-8.83, -8.27] (3 seeds) |",
        "| ✓ reproduced | steps are few | 5 steps (exact) |",
        "",
        "✗ it is \\<small>",
        "",
        "*Scores*",
        "",
        "| system | score | steps |",
        "|---|---|---|",
        "| random start | 0.447 ± 0.113 (lecture: 70.2) | 5 |",
        "| pretrained | 6.447 ± 1.035 (lecture: 82.1) | 5 |",
        "",
    ]
    assert lines[-1].startswith("<sub>`full` preset; its cells, pretraining included, add up to 0 s of wall time, on ")
    assert ", Python 3." in lines[-1]


def test_updating_twice_changes_nothing(full):
    assert update(update(TEXT, README), README) == update(TEXT, README)


def test_every_result_has_its_heading_its_tables_and_its_figures(full):
    page = update("<!-- results -->\n<!-- /results -->", RESULTS)
    assert "## fake_experiment\n\nAdding numbers, with and without a start\n\n" in page
    assert markdown(load(full)) in page
    assert "![The score of each seed.](fake_experiment/full.scores.svg)" in page


def test_benchmarks_that_were_not_measured_are_said_not_to_be(fake):
    empty = "\n".join(f"<!-- {name} -->\n<!-- /{name} -->" for name in ("cpu", "gpu", "tokenizers"))
    page = update(empty, BENCHMARKS)
    assert page.count("Not measured yet.") == 2
    assert "No GPU has been at hand yet: nothing here was measured." in page


def test_text_in_results_is_not_taken_for_markdown(full):
    result = dataclasses.replace(
        load(full),
        claims=[claims.exact("a", "<unk> | *b* _c_ `d` ~e~ \\ ##ing\nnext", True, 1, "counted")],
        tables=[Table("a_b", ["c|d"], [["*"]])],
    )
    text = markdown(result)
    assert r"| \<unk> \| \*b\* \_c\_ \`d\` \~e\~ \\ ##ing next |" in text
    assert "*a\\_b*\n\n| c\\|d |\n|---|\n| \\* |" in text


@pytest.mark.parametrize(
    "text",
    ["", START, END, f"{END}\n{START}\n", f"{START}\n{START}\n{END}", f"{START}\n{END}\n{END}", f"{START}{END}"],
)
def test_wrong_markers_are_refused(full, text):
    with pytest.raises(ExperimentError, match=r"README\.md: expected <!-- verdicts --> and, below it, <!-- /verd"):
        update(text, README)


def test_pages_are_written_once(full):
    for name in (README, RESULTS, BENCHMARKS):
        (places.PROJECT / name).parent.mkdir(parents=True, exist_ok=True)
        marks = [f"<!-- {mark} -->\n<!-- /{mark} -->\n" for mark in pages.sections(name)]
        (places.PROJECT / name).write_text("".join(marks), encoding="utf-8")
    assert pages.write().count("tables written") == 3
    assert "| [`fake_experiment`]" in (places.PROJECT / README).read_text(encoding="utf-8")
    assert pages.write().count("up to date") == 3


def test_a_changed_result_changes_the_page(full):
    before = update(TEXT, README)
    results.save(dataclasses.replace(load(full), claims=[]), full)
    assert update(before, README) != before


def test_a_missing_page_is_an_error(fake):
    with pytest.raises(ExperimentError, match=r"there is no .*README\.md"):
        pages.write()
