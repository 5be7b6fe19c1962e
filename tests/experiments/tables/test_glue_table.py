"""The GLUE table: scores by hand, which weights and rates are used, and the whole table with a tiny zoo."""

import dataclasses
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.lab import recipes, worlds, zoo
from experiments.lab.pretraining import kept
from experiments.lab.systems import EMBEDDING
from experiments.lab.training import MODEL
from experiments.running.contract import Request
from experiments.running.work import CellName, Checkpoint, Work
from experiments.tables import glue_table
from experiments.tables.glue_table import measures
from experiments.tables.glue_table.findings import LECTURE, judge
from experiments.tables.glue_table.scores import averaged_over_splits, better_on_dev, constant_answer
from experiments.tables.glue_table.systems import (
    AFTER_MNLI,
    AVERAGED,
    BERT,
    COLUMNS,
    EARLY_GPT,
    ELMO,
    GPT,
    LARGE,
    MNLI,
    OTHER_TASKS,
    RANDOM,
    ROWS,
    VECTORS,
    Settings,
    draw_of,
    drawn,
    system_of,
    trials_of,
)
from minigrad import load_checkpoint
from tests.experiments.tiny_zoo import TINY

SYSTEMS = (VECTORS, RANDOM, ELMO, GPT, BERT, LARGE, EARLY_GPT)
TASKS = (MNLI, *OTHER_TASKS)
KEEP_AT = (150, 300)
"""Targets. In its four steps the tiny BERT sees about 150 targets, and the tiny GPT 700."""


def keeping_early_weights() -> zoo.Zoo:
    """The tiny zoo, whose GPT is also kept early."""
    training = dataclasses.replace(TINY.gpt.training, keep_at=KEEP_AT)
    return dataclasses.replace(TINY, gpt=dataclasses.replace(TINY.gpt, training=training))


TINY_SETTINGS = Settings(
    seeds=2,
    splits=2,
    mnli=60,
    steps=dict.fromkeys(TASKS, 2),
    lrs=dict.fromkeys(SYSTEMS, (1e-3, 1e-2)),
    zoo=keeping_early_weights(),
    hidden_size=4,
    batch_size=4,
    n_dev=6,
    n_test=12,
)

# -- the lecture's figures, and scores by hand ------------------------------------------------------


def test_the_lectures_averages_are_those_of_the_columns_that_we_average():
    for row in ROWS:
        *columns, average = LECTURE[row]
        scores = dict(zip(COLUMNS, columns, strict=True))
        assert fmean(scores[name] for name in AVERAGED) == pytest.approx(average, abs=0.06)


@pytest.mark.parametrize(
    ("name", "score"),
    [("MNLI-m", 100 / 3), ("MNLI-mm", 100 / 3), ("QQP", 200 / 3), ("QQP accuracy", 50), ("CoLA", 0), ("STS-B", 0)],
)
def test_what_the_same_answer_always_gets(name, score):
    assert constant_answer(COLUMNS[name]) == pytest.approx(score)


def record(score: float, dev: float, dev_loss: float = 1.0) -> dict[str, Any]:
    """What `solve` records, with one score on every test set."""
    metrics = dict.fromkeys(("accuracy", "f1", "matthews", "spearman"), score)
    trials = [{"lr": 0.1, "dev_score": dev, "dev_loss": dev_loss, "steps": 1}, {"dev_score": dev - 0.2, "dev_loss": 0}]
    return {"lr": 0.1, "trials": trials, "scores": dict.fromkeys(("test", "mismatched", "same words"), metrics)}


def test_dev_decides_which_system_without_context_is_shown_and_losses_between_equals():
    records = {(VECTORS, MNLI, 0, 0): record(0.9, dev=0.5), (RANDOM, MNLI, 0, 0): record(0.1, dev=0.6)}
    records |= {(VECTORS, MNLI, 0, 1): record(0.9, 0.5, 0.7), (RANDOM, MNLI, 0, 1): record(0.1, 0.5, 0.8)}
    assert better_on_dev(records, MNLI, 0, 0) == RANDOM
    assert better_on_dev(records, MNLI, 0, 1) == VECTORS


def test_scores_are_means_over_splits_and_the_average_over_nine_columns():
    records = {
        (system, task, seed, split): record(0.1 * seed + 0.2 * split + (0.3 if task == "RTE" else 0), dev=split)
        for system, task, seed, split in product(SYSTEMS, TASKS, (0, 1), (0, 1))
    }
    grid = averaged_over_splits(TINY_SETTINGS, records)
    for row in (*ROWS, EARLY_GPT):
        assert grid.values(row, "MNLI-mm", "score") == pytest.approx([10, 20])
        assert grid.values(row, "RTE", "score") == pytest.approx([40, 50])
        assert grid.values(row, "average", "score") == pytest.approx([10 + 30 / 9, 20 + 30 / 9])


# -- claims -----------------------------------------------------------------------------------------


def grid(**averages: float) -> Grid:
    """Averages and columns for which every claim holds, but for the changes."""
    table = Grid()
    names = dict(zip(("none", "elmo", "gpt", "bert", "large"), ROWS, strict=True)) | {"early": EARLY_GPT}
    points = {"none": 40, "elmo": 50, "early": 55, "gpt": 60, "bert": 70, "large": 80} | averages
    for name, system in names.items():
        for column in (*COLUMNS, "average"):
            table[system, column].extend({"score": points[name] + noise} for noise in (-0.1, 0.1, 0))
    return table


def test_every_claim_holds_where_the_numbers_say_so():
    assert [claim.verdict for claim in judge(TINY_SETTINGS, grid())] == ["reproduced"] * 3


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"none": 55}, {"order-of-averages"}),
        ({"elmo": 65}, {"order-of-averages"}),
        ({"gpt": 75}, {"order-of-averages", "both-sides"}),
        ({"early": 75}, {"both-sides"}),
        ({"bert": 85}, {"order-of-averages", "best-everywhere"}),
    ],
)
def test_each_claim_can_fail(changes, failing):
    claims = judge(TINY_SETTINGS, grid(**changes))
    assert {claim.id for claim in claims if claim.verdict == "contradicted"} == failing


# -- the table --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The table's work and result, with two seeds and splits of the tiny zoo."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(recipes, "N_PROBES", 1)
        patch.setitem(glue_table.PRESETS, "quick", TINY_SETTINGS)
        work = Work(Request(glue_table.__name__))
        yield work, work.run_table()
    worlds.text_of.cache_clear()


def test_every_system_is_scored_on_every_task_with_every_seed_and_split(finished):
    work, _ = finished
    names = [
        CellName(f"{system}, split {split}: {task}", seed)
        for system, split, task, seed in product(SYSTEMS, (0, 1), TASKS, (0, 1))
    ]
    pretrained = [
        CellName(f"pretraining: {system}", seed) for system in (VECTORS, ELMO, GPT, BERT, LARGE) for seed in (0, 1)
    ]
    assert set(work.cells) == {*names, *pretrained, *(CellName(EARLY_GPT, seed) for seed in (0, 1))}


def test_its_tables_figures_and_costs(finished):
    work, result = finished
    main, equal, without, same = result.tables
    assert main.columns[:3] == ["system", "MNLI-m (60)", "MNLI-mm (60)"]
    assert [row[0] for row in main.rows] == [*ROWS, "the same answer always"]
    assert [row[1:] for row in main.lecture[:5]] == list(LECTURE.values())
    assert [row[0] for row in equal.rows] == [GPT, EARLY_GPT, BERT]
    assert [row[0] for row in without.rows] == [VECTORS, RANDOM]
    assert [row[0] for row in same.rows] == [VECTORS, RANDOM, ELMO, GPT, BERT, LARGE]
    assert list(work.figures) == ["averages", "tasks"]
    assert all("<svg" in drawing and caption.endswith(".") for drawing, caption in work.figures.values())
    assert set(result.tokens) == {VECTORS, ELMO, GPT, BERT, LARGE}
    assert [claim.id for claim in result.claims] == ["order-of-averages", "both-sides", "best-everywhere"]


def test_an_entry_is_the_mean_over_splits_of_the_cells_scores(finished):
    work, result = finished
    entries = dict(zip(COLUMNS, result.tables[0].rows[3][1:], strict=False))  # BERT-base
    for name, column in COLUMNS.items():
        of_seeds = [
            [work.cells[CellName(f"{BERT}, split {k}: {column.task}", seed)].value["scores"] for k in (0, 1)]
            for seed in (0, 1)
        ]
        means = [100 * fmean(scores[column.test_set][column.metric] for scores in splits) for splits in of_seeds]
        assert entries[name] == pytest.approx(means), name


def test_mnli_tries_every_rate_in_a_seeds_first_split_and_all_else_uses_the_one_it_chose(finished):
    work, result = finished
    for system, seed in product(SYSTEMS, (0, 1)):
        chosen = work.cells[CellName(f"{system}, split 0: {MNLI}", seed)].value["lr"]
        for split, task in product((0, 1), TASKS):
            rates = [
                row["lr"]
                for row in result.sweep
                if (row["system"], row["task"], row["seed"], row["split"]) == (system, task, seed, split)
            ]
            assert rates == ([1e-3, 1e-2] if (split, task) == (0, MNLI) else [chosen])


def test_bilstms_take_their_share_of_the_steps_and_all_else_is_the_same():
    settings = dataclasses.replace(TINY_SETTINGS, steps=dict.fromkeys(TASKS, 10), bilstm_steps=0.3)
    taken = {system: {trial.steps for trial in trials_of(system, "QQP", settings)} for system in SYSTEMS}
    assert taken == {system: {3 if system in (VECTORS, ELMO) else 10} for system in SYSTEMS}
    assert all([trial.lr for trial in trials_of(system, MNLI, settings)] == [1e-3, 1e-2] for system in SYSTEMS)


def test_seeds_and_splits_have_words_and_examples_of_their_own():
    texts = [
        {example.text for example in drawn(draw_of("QQP", TINY_SETTINGS, seed, split)).train}
        for seed, split in product((0, 1), (0, 1))
    ]
    assert len(set.union(*texts)) == sum(map(len, texts))


def start_of(work: Work, system: str, seed: int) -> Checkpoint:
    """A system's pretrained checkpoint."""
    return glue_table.pretrained(TINY_SETTINGS, Work(work.request), seed)[system]  # type: ignore[return-value]


def test_the_small_tasks_and_only_they_continue_from_mnli(finished, monkeypatch):
    work, _ = finished
    asked = {}

    def spy(system, start, task, trials, seed, *, before, **_):
        asked[task.name] = before
        return None, {}

    monkeypatch.setattr(measures, "solve", spy)
    mnli = Checkpoint(Path("nowhere"), {"lr": 1e-2})
    cell = Work.cell

    def cells(self, key, function, *arguments, seed):
        if key.startswith(f"{GPT}, split 1") and seed == 1:
            arguments = (*arguments[:5], mnli, *arguments[6:])
            function(*arguments)
        return cell(self, key, function, *arguments, seed=seed)

    monkeypatch.setattr(Work, "cell", cells)
    glue_table.run(TINY_SETTINGS, Work(work.request))
    assert {name for name, before in asked.items() if before is not None} == set(AFTER_MNLI)
    assert set(asked) == set(OTHER_TASKS)
    for name in AFTER_MNLI:
        assert asked[name].checkpoint == mnli
        assert asked[name].task is drawn(draw_of(MNLI, TINY_SETTINGS, 1, 1))


def test_a_solver_of_mnli_is_kept_with_what_it_learnt_and_the_pretrained_words(finished, tmp_path):
    work, _ = finished
    system, start = system_of(BERT, TINY_SETTINGS), start_of(work, BERT, 0)
    draw = draw_of(MNLI, TINY_SETTINGS, 0, 0)
    record = measures.on_mnli(tmp_path, BERT, system, start, draw, trials_of(BERT, MNLI, TINY_SETTINGS), None, 0, "cpu")
    assert record == work.cells[CellName(f"{BERT}, split 0: {MNLI}", 0)].value
    before = system.solver(drawn(draw), start, 0).state_dict()
    after = system.solver(drawn(draw), None, 0)
    load_checkpoint(tmp_path / MODEL, after)
    moved = {name for name, array in after.state_dict().items() if (array != before[name]).any()}
    assert "head.weight" in moved
    assert f"{EMBEDDING}.weight" not in moved


# -- equal targets ----------------------------------------------------------------------------------


def test_the_early_gpt_has_the_weights_nearest_to_berts_number_of_targets(finished):
    work, result = finished
    for seed in (0, 1):
        found = work.cells[CellName(EARLY_GPT, seed)].value
        of_bert = work.cells[CellName(f"pretraining: {BERT}", seed)].value["targets"]
        of_gpt = work.cells[CellName(f"pretraining: {GPT}", seed)].value["targets"]
        nearest = min((*KEEP_AT, of_gpt), key=lambda targets: abs(targets - of_bert))
        assert nearest <= found["targets"] < of_gpt
        recipe = TINY_SETTINGS.zoo.gpt
        early = zoo.load(recipe, start_of(work, EARLY_GPT, seed), seed).state_dict()
        expected = recipe.untrained(seed)
        load_checkpoint(kept(start_of(work, GPT, seed).folder, nearest), expected)
        for name, array in expected.state_dict().items():
            np.testing.assert_array_equal(early[name], array)
    equal = result.tables[1]
    assert equal.rows[1][1] == [work.cells[CellName(EARLY_GPT, seed)].value["targets"] / 1e6 for seed in (0, 1)]


def test_without_early_weights_there_is_no_such_row(finished):
    work, _ = finished
    settings = dataclasses.replace(TINY_SETTINGS, equal_targets=False)
    assert settings.systems == SYSTEMS[:-1]
    assert EARLY_GPT not in glue_table.pretrained(settings, Work(work.request), 0)
    assert len(judge(settings, grid())[1].parts) == 1


def test_an_encoder_with_as_many_targets_as_the_decoder_is_compared_with_its_end(finished, tmp_path):
    work, _ = finished
    gpt = start_of(work, GPT, 0)
    many = Checkpoint(gpt.folder, {"targets": gpt.record["targets"] + 1000})
    found = measures.at_equal_targets(tmp_path, TINY_SETTINGS.zoo.gpt, gpt, many, 0)
    assert (found["targets"], found["steps"]) == (gpt.record["targets"], 4)


# -- settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"splits": 0}, "splits must be at least 1"),
        ({"steps": dict.fromkeys(TASKS, 2) | {"RTE": 0}}, r"steps\['RTE'\] must be at least 1"),
        ({"bilstm_steps": 1.5}, "bilstm_steps must be .* at most 1"),
        ({"lrs": dict.fromkeys(SYSTEMS, ())}, "must hold at least one value, got none"),
        (
            {"lrs": dict.fromkeys(SYSTEMS, (0.0,))},
            r"lrs\['BiLSTM \+ word vec.*'\] must be a finite number above 0",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY_SETTINGS, **change)
