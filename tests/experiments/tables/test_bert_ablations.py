"""BERT's ablations: what the variants differ in, what is measured, the claims, and the whole table with a tiny BERT."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from experiments.evidence import results
from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab import recipes, solving, worlds, zoo
from experiments.lab.solving import Budget
from experiments.lab.worlds import Reading
from experiments.running.contract import Request
from experiments.running.work import CellName, Work
from experiments.tables import bert_ablations
from experiments.tables.bert_ablations import findings, measures, systems
from experiments.tables.bert_ablations.systems import (
    BASE,
    COLA,
    NEXT_SENTENCE,
    ONLY_MASKS,
    RANDOM,
    RATES,
    READING,
    SCORES,
    SPANS,
    SYSTEMS,
    VARIANTS,
    Settings,
    recipe_of,
)
from minigrad import IGNORE
from tests.experiments.tiny_zoo import TINY

TINY_SETTINGS = Settings(
    seeds=2,
    splits=2,
    steps=3,
    reading=Reading(n_tokens=2_000, batch_tokens=200, without=systems.NOT_READ),
    finetuning=dict.fromkeys(SCORES, Budget(6, 2, (1e-3, 1e-1))),
    zoo=TINY,
    n_dev=6,
    n_test=9,
)


# -- the variants -----------------------------------------------------------------------------------


def test_each_variant_differs_from_the_first_in_one_thing():
    base = vars(VARIANTS[BASE])
    differences = {
        name: {key for key, value in vars(variant).items() if value != base[key]}
        for name, variant in VARIANTS.items()
        if name != BASE
    }
    assert differences.pop(ONLY_MASKS) == {"replace"}
    assert differences.pop(NEXT_SENTENCE) == set()  # another class
    assert differences.pop(SPANS) == {"spans"}
    assert list(differences.values()) == [{"rate"}] * 2
    assert {VARIANTS[name].rate: name for name in RATES.values()} == RATES


@pytest.mark.parametrize("name", VARIANTS)
def test_the_rate_of_each_variant_is_exact(name):
    reading = Reading(n_tokens=20_000, without=systems.NOT_READ)
    variant = VARIANTS[name]
    predicted = variant(reading, 100)
    everything = replace(variant, rate=1.0)(reading, 100)
    for step in range(5):
        n, of = ((each.batch(step)[-1] != IGNORE).sum() for each in (predicted, everything))
        assert n == round(variant.rate * of)


def test_all_variants_read_the_same_text_with_the_same_schedule():
    found = [recipe_of(name, TINY_SETTINGS) for name in VARIANTS]
    assert {each.reading for each in found} == {TINY_SETTINGS.reading}
    assert {each.training for each in found} == {found[0].training}
    assert (
        found[0].training.last_step == TINY_SETTINGS.steps < found[0].training.steps == TINY.bert_large.training.steps
    )
    assert [each.objective for each in found] == list(VARIANTS.values())
    assert recipe_of(RANDOM, TINY_SETTINGS) == TINY.bert_large


# -- the table --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("work")))
        patch.setattr(recipes, "N_PROBES", 2)
        patch.setattr(recipes, "N_HELD_OUT", 1_000)
        patch.setitem(bert_ablations.PRESETS, "quick", TINY_SETTINGS)
        yield Work(Request(bert_ablations.__name__))
    worlds.text_of.cache_clear()


@pytest.fixture(scope="module")
def result(work: Work) -> Result:
    return work.run_table()


def test_it_has_a_cell_for_each_system_split_and_seed(work: Work, result: Result):
    trained = {CellName(f"pretraining: {system}", seed) for system in VARIANTS for seed in (0, 1)}
    measured = {CellName(f"{system}, split {split}", seed) for system in SYSTEMS for split in (0, 1) for seed in (0, 1)}
    assert set(work.cells) == trained | measured


def test_the_table_has_the_mean_over_splits_for_each_seed(work: Work, result: Result):
    scores, pretraining = result.tables
    assert [row[0] for row in scores.rows] == list(SYSTEMS)
    assert scores.columns == ["pretraining", "CoLA", "EM", "F1"]
    for system, *row in scores.rows:
        for seed in (0, 1):
            cells = [work.cells[CellName(f"{system}, split {split}", seed)].value for split in (0, 1)]
            cola, em, f1 = (entry[seed] / 100 for entry in row)
            assert cola == pytest.approx(np.mean([cell[COLA]["scores"]["test"]["matthews"] for cell in cells]))
            assert em == pytest.approx(np.mean([cell[READING]["scores"]["exact_match"] for cell in cells]))
            assert f1 == pytest.approx(np.mean([cell[READING]["scores"]["f1"] for cell in cells]))
    assert [row[0] for row in pretraining.rows] == list(VARIANTS)
    targets = {row[0]: np.mean(row[2]) for row in pretraining.rows}
    assert targets["rate 50%"] / targets["rate 5%"] == pytest.approx(10, rel=0.1)
    assert targets[BASE] == targets[SPANS] == targets[ONLY_MASKS]


def test_the_lectures_figures_stand_beside_the_variant_that_bert_is(result: Result):
    scores = result.tables[0]
    beside = {row[0]: row[1:] for row in scores.lecture}
    assert beside.pop(NEXT_SENTENCE) == [52.1, None, None]
    assert all(entry is None for row in beside.values() for entry in row)


def test_every_trial_is_in_the_sweep(result: Result):
    assert len(result.sweep) == len(SYSTEMS) * 2 * len(SCORES) * (2 + 1)  # the second split takes the first one's rate
    assert {row["lr"] for row in result.sweep} == {1e-3, 1e-1}


def test_the_first_split_of_each_seed_chooses_the_learning_rates(work: Work, result: Result):
    for system in SYSTEMS:
        for seed in (0, 1):
            first, second = (work.cells[CellName(f"{system}, split {split}", seed)].value for split in (0, 1))
            for task in SCORES:
                best = max(first[task]["trials"], key=lambda trial: (trial["dev_score"], -trial["dev_loss"]))
                assert [trial["lr"] for trial in first[task]["trials"]] == [1e-3, 1e-1]
                assert [trial["lr"] for trial in second[task]["trials"]] == [best["lr"]] == [first[task]["lr"]]


def test_its_claims_and_figures(work: Work, result: Result):
    assert [claim.id for claim in result.claims] == [
        "next-sentence-not-needed",
        "spans-help-extraction",
        "rate-optimum-inside",
        "replacing-helps",
    ]
    assert all("3 steps" in claim.explanation for claim in result.claims)
    assert list(work.figures) == ["rates", "skills", "scores"]
    for svg, caption in work.figures.values():
        assert "<path" in svg
        assert caption.endswith(".")


def test_its_result_can_be_written_and_read(result: Result, tmp_path):
    results.save(result, tmp_path / "result.json")
    assert results.load(tmp_path / "result.json").tables == result.tables


def test_splits_differ_in_the_tasks_and_seeds_in_the_start(work: Work, result: Result):
    def trials(system: str, split: int, seed: int) -> list:
        return work.cells[CellName(f"{system}, split {split}", seed)].value[READING]["trials"]

    assert len({str(trials(BASE, split, seed)) for split in (0, 1) for seed in (0, 1)}) == 4


def test_finetuning_starts_from_what_pretraining_left_and_keeps_its_words(work: Work, result: Result, monkeypatch):
    """Random weights learn all of theirs."""
    start = zoo.pretrained(Work(work.request), recipe_of(SPANS, TINY_SETTINGS), 1)
    seen = []
    finetune = solving.finetune

    def spy(model, *arguments):
        before = {name: array.copy() for name, array in model.state_dict().items()}
        record = finetune(model, *arguments)
        seen.append((before, model.state_dict()))
        return record

    monkeypatch.setattr(solving, "finetune", spy)
    left = zoo.load(recipe_of(SPANS, TINY_SETTINGS), start, 1).state_dict()
    words = "token_embedding.weight"
    for given in (start, None):
        measures.measure(SPANS, given, TINY_SETTINGS, 1, 1, "cpu", None)
        before, after = seen[-1]  # of the larger learning rate
        assert all((before[f"model.{name}"] == array).all() for name, array in left.items()) == (given is not None)
        assert (before[f"model.{words}"] == after[f"model.{words}"]).all() == (given is not None)
        assert (before["head.weight"] != after["head.weight"]).any()


# -- claims -----------------------------------------------------------------------------------------


def grid(**changes: float) -> Grid:
    """Numbers for which every claim holds, but for changes: "system/task" → score."""
    table = Grid()
    for system in SYSTEMS:
        for task in SCORES:
            score = 0.8 if system == BASE else 0.82 if system == SPANS else 0.7
            score = changes.get(f"{system}/{task}", score)
            table[system, task].extend([{"score": score + 0.001 * seed} for seed in range(3)])
    return table


LONG = replace(TINY_SETTINGS, steps=findings.TOO_SHORT)


def test_every_claim_holds_where_the_numbers_say_so():
    found = findings.judge(LONG, grid())
    assert [claim.verdict for claim in found] == ["reproduced"] * 4


def test_a_short_pretraining_explains_all_and_a_long_one_each_claim_by_itself():
    short, long = ({claim.explanation for claim in findings.judge(each, grid())} for each in (TINY_SETTINGS, LONG))
    assert short == {findings.too_short(TINY_SETTINGS)} != {""}
    assert len(long) == 4
    assert not long & short


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({f"{NEXT_SENTENCE}/{COLA}": 0.815}, {"next-sentence-not-needed"}),
        ({f"{NEXT_SENTENCE}/{COLA}": 0.805, f"{NEXT_SENTENCE}/{READING}": 0.805}, set()),  # within the margin
        ({f"{NEXT_SENTENCE}/{READING}": 0.815}, {"next-sentence-not-needed"}),
        ({f"{SPANS}/{READING}": 0.79}, {"spans-help-extraction"}),
        ({f"{RATES[0.05]}/{COLA}": 0.81}, {"rate-optimum-inside"}),
        ({f"{RATES[0.5]}/{COLA}": 0.81}, {"rate-optimum-inside"}),
        ({f"{RATES[0.5]}/{READING}": 0.81}, {"rate-optimum-inside"}),
        ({f"{ONLY_MASKS}/{COLA}": 0.81}, {"replacing-helps"}),
        ({f"{ONLY_MASKS}/{READING}": 0.81}, {"replacing-helps"}),
        ({f"{RANDOM}/{COLA}": 0.1, f"{RANDOM}/{READING}": 0.9}, set()),
    ],
)
def test_each_claim_can_fail(changes: dict[str, float], failing: set[str]):
    found = findings.judge(LONG, grid(**changes))
    assert {claim.id for claim in found if claim.verdict == "contradicted"} == failing
    assert {claim.id for claim in found if claim.verdict != "reproduced"} == failing


# -- settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["seeds", "splits", "steps", "n_dev", "n_test", "n_threads"])
def test_settings_of_nothing_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        replace(TINY_SETTINGS, **{name: 0})


def test_a_task_without_a_budget_is_refused():
    with pytest.raises(ValueError, match="finetuning must name CoLA, reading, got CoLA"):
        replace(TINY_SETTINGS, finetuning={COLA: Budget(1, 1, (1e-3,))})


@pytest.mark.parametrize("changes", [{"n_train": 0}, {"steps": 0}, {"batch_size": 0}])
def test_a_budget_of_nothing_is_refused(changes):
    with pytest.raises(ValueError, match=f"{next(iter(changes))} must be at least 1, got 0"):
        Budget(**({"n_train": 1, "steps": 1, "lrs": (1e-3,)} | changes))
