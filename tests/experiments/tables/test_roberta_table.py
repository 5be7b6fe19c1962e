"""RoBERTa's table, with an encoder that has learnt next to nothing: rows by hand, the whole table, and its claims."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.lab import recipes
from experiments.lab.recipes import MaskedLM, MaskedLMWithNextSentence
from experiments.lab.solving import Budget
from experiments.lab.zoo import Zoo
from experiments.running.contract import Request
from experiments.running.work import CellName, Work
from experiments.tables import roberta_table
from experiments.tables.roberta_table import findings, systems
from experiments.tables.roberta_table.systems import (
    BERT,
    BOOKS_AND_WIKI,
    COLUMNS,
    EVEN_LONGER,
    LONGER,
    MNLI,
    MORE_DATA,
    ROWS,
    SQUAD_1,
    SQUAD_2,
    SST_2,
    Settings,
    recipe_of,
)
from tests.experiments import tiny_zoo

FULL = roberta_table.PRESETS["full"]


def zoo_that_keeps(targets: tuple[int, ...]) -> Zoo:
    """The tiny zoo, whose large encoder is also kept early."""
    large = tiny_zoo.TINY.bert_large
    return replace(tiny_zoo.TINY, bert_large=replace(large, training=replace(large.training, keep_at=targets)))


BUDGET = Budget(6, 2, (1e-3, 1e-2), batch_size=3)
SWEPT = (SQUAD_1, MNLI, SST_2)
"""The tasks on which learning rates are tried."""
KEEP_AT = (40, 80)
TARGETS = {BOOKS_AND_WIKI: KEEP_AT[0], MORE_DATA: KEEP_AT[0], LONGER: KEEP_AT[1]}
TINY = zoo_that_keeps(KEEP_AT)
TINY_SETTINGS = Settings(
    seeds=2,
    splits=2,
    zoo=TINY,
    steps_of_first=3,
    rows=tuple(ROWS),
    finetuning=dict.fromkeys(COLUMNS, BUDGET),
    small_text=1_600,
    n_dev=6,
    n_test=8,
)

# -- the rows ---------------------------------------------------------------------------------------


def how(row: str, settings: Settings = FULL) -> tuple[int, int, int]:
    """Tokens of text, tokens of a batch, steps."""
    recipe = recipe_of(row, settings)
    return recipe.reading.n_tokens, recipe.reading.batch_tokens, recipe.training.last_step


def test_data_batch_and_steps_are_in_the_lectures_proportions():
    assert how(BOOKS_AND_WIKI) == (50_000, 1280, 5_400)
    assert how(EVEN_LONGER) == (16_000_000, 1280, 20_000)
    assert how(BERT) == (40_625, 320, 6_750)  # 13 of 16; 0.31 of the sequences, as 256 x 1M of 8K x 100K
    assert systems.AT_TARGETS == {BOOKS_AND_WIKI: 1_000_000, MORE_DATA: 1_000_000, LONGER: 2_000_000}
    assert set(systems.AT_TARGETS.values()) <= set(FULL.zoo.bert_large.training.keep_at)


def test_one_encoder_one_objective_and_one_schedule_except_in_berts_row():
    large = FULL.zoo.bert_large
    for row in (MORE_DATA, LONGER, EVEN_LONGER):
        assert recipe_of(row, FULL) is large  # nothing is trained twice
    for row in ROWS:
        recipe = recipe_of(row, FULL)
        assert recipe.architecture == large.architecture
        assert type(recipe.objective) is (MaskedLMWithNextSentence if row == BERT else MaskedLM)
        assert vars(recipe.objective) == vars(large.objective)
        assert recipe.training.lr == large.training.lr / (2 if row == BERT else 1)
    short = recipe_of(BOOKS_AND_WIKI, FULL).training
    assert vars(short) == vars(large.training) | {"stop": 5_400}


def test_fewer_steps_shorten_only_the_rows_that_are_trained_for_the_table():
    shorter = replace(FULL, steps_of_first=400)
    assert recipe_of(EVEN_LONGER, shorter) is FULL.zoo.bert_large
    assert [how(row, shorter)[2] for row in (BOOKS_AND_WIKI, BERT)] == [400, 500]


def test_losses_are_measured_on_what_was_read_and_on_other_documents():
    start = recipe_of(BOOKS_AND_WIKI, TINY_SETTINGS)
    objective = start.objective(start.reading, 0)
    model = start.untrained(0)
    model.eval()
    read = systems.loss_on(model, objective, objective.documents)  # type: ignore[arg-type]
    other = systems.loss_on(model, objective, start.reading.held_out(0, 1_000))  # type: ignore[arg-type]
    assert read != other
    batches = [objective.batch(step) for step in range(objective.documents.steps_per_pass)]  # type: ignore[attr-defined]
    counts = [int((batch[-1] != -100).sum()) for batch in batches]
    losses = [objective.loss(model, *batch).item() for batch in batches]
    assert read == pytest.approx(np.average(losses, weights=counts))


# -- the table --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The table's work and result, with two seeds of the tiny zoo and two splits of the labels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(recipes, "N_PROBES", 2)
        patch.setattr(recipes, "N_HELD_OUT", 500)
        patch.setattr(systems, "N_HELD_OUT", 600)
        patch.setattr(systems, "AT_TARGETS", TARGETS)
        patch.setattr(roberta_table, "PRESETS", {"quick": TINY_SETTINGS})
        work = Work(Request(roberta_table.__name__))
        yield work, work.run_table()


def test_it_has_a_cell_for_each_row_task_split_and_seed(finished):
    work, result = finished
    expected = {CellName(f"pretraining: {row}", seed) for row in ROWS for seed in (0, 1)}
    expected |= {
        CellName(f"pretraining for {targets:,} targets or more: {row}", seed)
        for row, targets in systems.AT_TARGETS.items()
        for seed in (0, 1)
    }
    expected |= {CellName(f"loss: {row}", seed) for row in ROWS for seed in (0, 1)}
    expected |= {
        CellName(f"{task}, split {split}: {row}", seed)
        for task in COLUMNS
        for row in ROWS
        for split in (0, 1)
        for seed in (0, 1)
    }
    assert set(work.cells) == expected
    assert len(result.sweep) == len(ROWS) * 2 * (len(COLUMNS) * 2 + len(SWEPT) * (len(BUDGET.lrs) - 1))
    assert {"row", "task", "seed", "split", "lr", "dev_score"} <= set(result.sweep[0])


def test_an_entry_is_the_mean_over_splits_beside_the_lectures(finished):
    work, result = finished
    scores, pretraining = result.tables
    assert scores.columns == ["pretraining", "text", "batch", "steps", *COLUMNS, "average"]
    assert [row[0] for row in scores.rows] == [row[0] for row in pretraining.rows] == list(ROWS)
    for row, published in zip(scores.rows, scores.lecture, strict=True):
        for task, entry in zip(COLUMNS, row[4:8], strict=True):
            values = [
                [work.cells[CellName(f"{task}, split {split}: {row[0]}", seed)].value["score"] for split in (0, 1)]
                for seed in (0, 1)
            ]
            assert entry == pytest.approx([100 * np.mean(of_seed) for of_seed in values])
        assert row[8] == pytest.approx(np.mean(row[4:8], axis=0))
        assert published[:4] == [row[0], ROWS[row[0]].data, ROWS[row[0]].batch, ROWS[row[0]].steps]
        assert tuple(published[4:8]) == ROWS[row[0]].scores


def test_the_first_split_of_each_seed_chooses_the_learning_rate(finished):
    work, _ = finished
    for task in SWEPT:
        for row in ROWS:
            for seed in (0, 1):
                first, second = (work.cells[CellName(f"{task}, split {n}: {row}", seed)].value for n in (0, 1))
                assert [trial["lr"] for trial in first["trials"]] == list(BUDGET.lrs)
                best = max(first["trials"], key=lambda trial: (trial["dev_score"], -trial["dev_loss"]))
                assert [trial["lr"] for trial in second["trials"]] == [best["lr"]] == [first["lr"]]


def test_squad_2_takes_over_the_learning_rate_of_1_1(finished):
    work, _ = finished
    for row in ROWS:
        for seed in (0, 1):
            chosen = work.cells[CellName(f"{SQUAD_1}, split 0: {row}", seed)].value["lr"]
            for split in (0, 1):
                found = work.cells[CellName(f"{SQUAD_2}, split {split}: {row}", seed)].value
                assert [trial["lr"] for trial in found["trials"]] == [chosen]


def test_the_estimate_counts_one_sweep_for_both_squads():
    alone = replace(FULL, finetuning={SQUAD_2: FULL.finetuning[SQUAD_2]})
    both = replace(FULL, finetuning={task: FULL.finetuning[task] for task in (SQUAD_1, SQUAD_2)})
    only_zoo = (LONGER, EVEN_LONGER)
    seconds = [roberta_table.estimate(replace(each, rows=only_zoo)).seconds - 10 for each in (alone, both)]
    one_trial = 1_000 * 16 * 0.0015
    assert 2 * seconds[0] - seconds[1] == pytest.approx(len(only_zoo) * 3 * one_trial / 2)


def test_the_splits_of_a_task_differ(finished):
    work, _ = finished
    cells = [work.cells[CellName(f"{SST_2}, split {split}: {LONGER}", 0)].value for split in (0, 1)]
    assert cells[0]["trials"] != cells[1]["trials"]


def test_a_row_is_measured_where_it_had_its_targets(finished):
    work, result = finished
    scores, pretraining = result.tables
    steps = {row[0]: int(row[3].replace(",", "")) for row in scores.rows}
    assert steps[EVEN_LONGER] == TINY.bert_large.training.steps
    for row in (BOOKS_AND_WIKI, MORE_DATA, LONGER):
        for seed in (0, 1):
            found = work.cells[CellName(f"pretraining: {row}", seed)].value
            targets = pretraining.rows[list(ROWS).index(row)][3][seed] * 1e6
            assert found["targets"] == targets
            assert abs(targets - TARGETS[row]) < 40  # of one batch
            assert all(look["steps"] <= found["steps"] for look in found["probes"])
    assert steps[MORE_DATA] < steps[LONGER] < steps[EVEN_LONGER]


def test_passes_are_tokens_read_by_the_text(finished):
    work, result = finished
    for row in result.tables[1].rows:
        recipe = recipe_of(row[0], TINY_SETTINGS)
        starts = [work.cells[CellName(f"pretraining: {row[0]}", seed)].value for seed in (0, 1)]
        shares = [start.get("steps", recipe.training.last_step) / recipe.training.last_step for start in starts]
        read = [round(share * recipe.tokens_read(seed)) for seed, share in enumerate(shares)]
        assert row[1] == pytest.approx([tokens / 1e6 for tokens in read])
        assert row[2] == pytest.approx([tokens / recipe.reading.n_tokens for tokens in read])
        assert result.tokens[row[0]] == sum(read)


def test_scores_are_f1_for_questions_and_accuracy_for_labels(finished):
    work, _ = finished
    for task in COLUMNS:
        found = work.cells[CellName(f"{task}, split 0: {LONGER}", 0)].value
        asked = task in (SQUAD_1, SQUAD_2)
        assert found["score"] == (found["scores"]["f1"] if asked else found["scores"]["test"]["accuracy"])


def test_there_are_two_figures_each_with_a_caption(finished):
    work, _ = finished
    assert list(work.figures) == ["scores", "pretraining"]
    assert all("<path" in svg and caption.endswith(".") for svg, caption in work.figures.values())


# -- claims -----------------------------------------------------------------------------------------


def judged(averages: dict[str, float]) -> dict[str, Any]:
    """The claims, by id, on rows whose four tasks average to these; with two seeds that differ a little."""
    settings, grid = replace(TINY_SETTINGS, rows=tuple(averages)), Grid()
    for row, mean in averages.items():
        for task, off in zip(COLUMNS, (-0.2, -0.1, 0.1, 0.2), strict=True):
            grid[row, task].extend({"score": mean + off + 0.001 * seed * mean} for seed in (0, 1))
    return {claim.id: claim for claim in findings.judge(settings, grid)}


RISING = {BOOKS_AND_WIKI: 0.5, MORE_DATA: 0.6, LONGER: 0.7, EVEN_LONGER: 0.8, BERT: 0.4}


def test_the_lectures_order_reproduces_every_claim():
    found = judged(RISING)
    assert list(found) == ["more-data-helps", "longer-helps", "roberta-over-bert"]
    assert {claim.verdict for claim in found.values()} == {"reproduced"}
    assert all(claim.effect == pytest.approx(0.1, abs=0.001) for claim in found.values())


@pytest.mark.parametrize(
    ("row", "score", "contradicted"),
    [
        (MORE_DATA, 0.45, "more-data-helps"),
        (MORE_DATA, 0.75, "longer-helps"),
        (EVEN_LONGER, 0.65, "longer-helps"),
        (BOOKS_AND_WIKI, 0.3, "roberta-over-bert"),
    ],
)
def test_one_row_out_of_order_contradicts_its_claim(row: str, score: float, contradicted: str):
    verdicts = {id: claim.verdict for id, claim in judged(RISING | {row: score}).items()}
    assert [id for id, verdict in verdicts.items() if verdict == "contradicted"] == [contradicted]


def test_two_rows_allow_one_claim():
    assert list(judged({LONGER: 0.6, BERT: 0.5})) == ["roberta-over-bert"]


# -- settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rows": ()}, "rows must name at least one"),
        ({"rows": ("RoBERTa",)}, "rows must name some of .*, got 'RoBERTa'"),
        ({"finetuning": {"SQuAD": BUDGET}}, "finetuning must name some of .*, got 'SQuAD'"),
        ({"steps_of_first": 0}, "steps_of_first"),
        ({"splits": 0}, "splits"),
    ],
)
def test_bad_settings_are_refused(wrong: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        replace(TINY_SETTINGS, **wrong)


def test_a_budget_needs_a_learning_rate():
    with pytest.raises(ValueError, match="lrs must hold"):
        Budget(10, 1, ())


def test_the_estimate_counts_what_the_zoo_does_not_have():
    only_zoo = replace(FULL, rows=(LONGER,))
    zoo_and_more = replace(FULL, rows=(LONGER, BOOKS_AND_WIKI))
    both = [roberta_table.estimate(each).seconds for each in (only_zoo, zoo_and_more)]
    finetuning = both[0] - 10
    pretraining = both[1] - 10 - 2 * finetuning
    assert pretraining == pytest.approx(3 * 5_400 * 0.0534 / 2, rel=0.01)
