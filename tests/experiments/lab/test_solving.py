"""Systems of four families on the toy world's tasks: what is pretrained, frozen, new, carried over, and scored."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.lab import recipes, zoo
from experiments.lab.finetuning import Finetuning, answers, finetune
from experiments.lab.metrics import accuracy, matthews, spearman
from experiments.lab.solving import Before, keep, scores, solve
from experiments.lab.systems import Decoder, Encoder, OnElmo, OnVectors, System
from experiments.lab.training import MODEL
from experiments.running.work import Checkpoint, Work
from experiments.text.toy_world.tasks.example import Task
from experiments.text.toy_world.tasks.glue import TASKS
from minigrad import save_checkpoint
from tests.experiments.tiny_zoo import TINY

SEED = 100
SYSTEMS: dict[str, System] = {
    "decoder": Decoder(TINY.gpt),
    "encoder": Encoder(TINY.bert),
    "ELMo": OnElmo(TINY.elmo, 6),
    "vectors": OnVectors(TINY.vectors, 6),
}
EVERY_SYSTEM = pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
PRETRAINED = {
    "decoder": "model.",
    "encoder": "model.",
    "ELMo": "elmo.model.",
    "vectors": "elmo.table.",
}
SHORT = Finetuning(lr=1e-2, steps=3, batch_size=8)


def task(name: str) -> Task:
    return TASKS[name](SEED, 24, 12, 20)


@pytest.fixture
def start_of(tmp_path: Path):
    """Makes the checkpoint of a system's pretrained model: one with random weights of another seed."""

    def start(system: System) -> Checkpoint:
        save_checkpoint(tmp_path / MODEL, system.recipe.untrained(SEED + 1))
        return Checkpoint(tmp_path, {})

    return start


def state(model: Any) -> dict[str, np.ndarray]:
    return {name: np.array(array) for name, array in model.state_dict().items()}


@pytest.mark.parametrize("name", ["MNLI", "CoLA", "STS-B"])
@EVERY_SYSTEM
def test_every_family_takes_pairs_single_texts_and_scores(system: System, name: str, start_of):
    solver, record = solve(system, start_of(system), task(name), [SHORT], SEED)
    assert state(solver)[f"{system.output}.weight"].shape[0] == (len(task(name).labels) or 1)
    assert list(record["scores"]) == ["test", *task(name).further]
    assert all(list(each) == list(task(name).metrics) for each in record["scores"].values())
    assert all(np.isfinite(list(each.values())).all() for each in record["scores"].values())


@pytest.mark.parametrize(("name", "system"), SYSTEMS.items(), ids=SYSTEMS)
def test_a_solver_starts_from_the_checkpoint(name: str, system: System, start_of):
    start = start_of(system)
    expected, random = state(system.recipe.untrained(SEED + 1)), state(system.recipe.untrained(SEED))
    pretrained, untrained = (state(system.solver(task("MNLI"), each, SEED)) for each in (start, None))
    inside = [each for each in pretrained if each.startswith(PRETRAINED[name])]
    assert inside
    for each in inside:
        own = each.removeprefix(PRETRAINED[name])
        own = "centre." + own if name == "vectors" else own
        np.testing.assert_array_equal(pretrained[each], expected[own])
        np.testing.assert_array_equal(untrained[each], random[own])


@EVERY_SYSTEM
def test_finetuning_keeps_the_words_embeddings(system: System, start_of):
    start = start_of(system)
    before = state(system.solver(task("MNLI"), start, SEED))
    after = state(solve(system, start, task("MNLI"), [SHORT], SEED)[0])
    table = next(name for name in before if name.endswith(("token_embedding.weight", "table.weight")))
    moved = np.flatnonzero((before[table] != after[table]).any(axis=1)).tolist()
    if isinstance(system, Decoder):
        assert set(moved) == set(system.keeping_words(SHORT).trainable_rows[table])
    else:
        assert moved == []
    changed = [name for name in before if not np.array_equal(before[name], after[name])]
    assert any(name.startswith(system.output) for name in changed)
    frozen = {name for name in before if name.startswith("elmo.") and not name.startswith("elmo.mixture")}
    assert frozen.isdisjoint(changed)


@EVERY_SYSTEM
def test_without_a_checkpoint_everything_is_trained(system: System):
    before = state(system.solver(task("MNLI"), None, SEED))
    after = state(solve(system, None, task("MNLI"), [SHORT], SEED)[0])
    table = next(name for name in before if name.endswith(("token_embedding.weight", "table.weight")))
    assert not np.array_equal(before[table], after[table])


@EVERY_SYSTEM
def test_a_second_task_takes_over_everything_but_the_output(system: System, start_of, tmp_path: Path):
    start = start_of(system)
    first = solve(system, start, task("MNLI"), [SHORT], SEED)[0]
    folder = tmp_path / "first"
    folder.mkdir()
    keep(folder, first)
    before = Before(Checkpoint(folder, {}), task("MNLI"))
    unmoved = replace(SHORT, lr=0.0)
    second = state(solve(system, start, task("RTE"), [unmoved], SEED, before=before)[0])
    fresh = state(system.solver(task("RTE"), start, SEED))
    for name, array in state(first).items():
        expected = fresh[name] if name.startswith(f"{system.output}.") else array
        np.testing.assert_array_equal(second[name], expected)


def test_dev_chooses_among_the_trials(start_of, monkeypatch):
    system, of = SYSTEMS["decoder"], task("CoLA")
    start = start_of(system)
    trials = [replace(SHORT, lr=lr) for lr in (0.0, 1e-2, 3e-2)]
    alone = [solve(system, start, of, [each], SEED) for each in trials]
    looks = [record["trials"][0] for _, record in alone]
    best = max(range(3), key=lambda i: (looks[i]["dev_score"], -looks[i]["dev_loss"]))
    solver, record = solve(system, start, of, trials, SEED)
    assert record["trials"] == looks
    assert record["lr"] == trials[best].lr
    assert record["scores"] == alone[best][1]["scores"]
    expected = state(alone[best][0])
    assert all(np.array_equal(expected[name], array) for name, array in state(solver).items())


@pytest.mark.parametrize(
    ("name", "metric"), [("MNLI", accuracy), ("CoLA", matthews), ("STS-B", spearman)], ids=["MNLI", "CoLA", "STS-B"]
)
def test_scores_are_the_metrics_of_the_predictions(name: str, metric, start_of):
    system, of = SYSTEMS["encoder"], task(name)
    solver = system.solver(of, start_of(system), SEED)
    finetune(solver, system.encode(of, of.train), SHORT, SEED)
    _, predicted = answers(solver, system.encode(of, of.test))
    expected = metric(predicted, np.array([example.label for example in of.test]))
    assert scores(system, solver, of)["test"][of.metrics[0]] == expected


def test_a_checkpoint_of_the_zoo_is_a_start(request_for, monkeypatch):
    monkeypatch.setattr(recipes, "N_PROBES", 2)
    work = Work(request_for())
    start = zoo.pretrained(work, TINY.gpt, SEED)
    record = solve(SYSTEMS["decoder"], start, task("SST-2"), [SHORT], SEED)[1]
    assert 0 <= record["scores"]["test"]["accuracy"] <= 1
