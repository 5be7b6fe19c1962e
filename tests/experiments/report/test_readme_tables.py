"""The README's tables come from the committed results, and from nowhere else."""

import dataclasses

import pytest

from experiments.evidence import claims, results
from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import load
from experiments.evidence.table import Table
from experiments.report import pages
from experiments.report.pages import markdown, update
from experiments.running.work import run_experiment

START, END = "<!-- results:fake_experiment -->", "<!-- /results:fake_experiment -->"
TEXT = f"# Title\n\n{START}\nold\n{END}\n\nThe end.\n"


@pytest.fixture
def full(fake):
    """The path of the fake experiment's full result."""
    return run_experiment("fake_experiment", "full")


def test_the_text_between_the_markers_is_replaced_and_nothing_else(full):
    new = update(TEXT)
    assert new.startswith(f"# Title\n\n{START}\n")
    assert new.endswith(f"\n{END}\n\nThe end.\n")
    assert "old" not in new


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
    assert lines[-1].startswith("<sub>`full` preset, 0 s on ")
    assert ", Python 3." in lines[-1]


def test_updating_twice_changes_nothing(full):
    assert update(update(TEXT)) == update(TEXT)


def test_text_without_markers_stays(full):
    assert update("# Title\n") == "# Title\n"


def test_markers_without_a_committed_result_stay(fake):
    run_experiment("fake_experiment", "quick")
    assert update(TEXT) == TEXT


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
    [
        START,
        END,
        f"{END}\n{START}",
        f"{START}\n{START}\n{END}",
        f"{START}\n{END}\n{END}",
        f"{START}\n{END}\n{START}\n{END}",
        f"{START}\n<!-- /results:other -->",
        "<!--results:fake_experiment-->\n<!--/results:fake_experiment-->",
        f"{START}\n<!-- results:other -->\n{END}\n<!-- /results:other -->",
    ],
)
def test_wrong_markers_are_refused(full, monkeypatch, text):
    monkeypatch.setattr(pages, "EXPERIMENTS", ("fake_experiment", "other"))
    with pytest.raises(
        ExperimentError, match="README: expected <!-- results:NAME --> and <!-- /results:NAME --> in turn"
    ):
        update(text)


def test_a_name_that_is_no_experiment_is_refused(full):
    with pytest.raises(ExperimentError, match="README: results:glue names no experiment; there are: fake_experiment"):
        update("<!-- results:glue -->\n<!-- /results:glue -->")


def test_the_readme_is_written_once(full):
    pages.README.write_text(TEXT, encoding="utf-8")
    assert pages.write() == f"{pages.README}: tables written"
    assert pages.README.read_text(encoding="utf-8") == update(TEXT)
    assert pages.write() == f"{pages.README} is up to date"


def test_a_changed_result_changes_the_readme(full):
    before = update(TEXT)
    results.save(dataclasses.replace(load(full), claims=[]), full)
    assert update(before) != before


def test_a_missing_readme_is_an_error(fake):
    with pytest.raises(ExperimentError, match=r"there is no .*README\.md"):
        pages.write()
