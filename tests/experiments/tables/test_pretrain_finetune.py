"""The experiment on pretraining and finetuning, at a size that proves nothing but that it runs."""

from collections.abc import Iterator

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab import sweep, worlds
from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import pretrain_finetune
from experiments.tables.pretrain_finetune import measures, systems
from experiments.tables.pretrain_finetune.findings import judge
from experiments.tables.pretrain_finetune.systems import (
    LSTM,
    RANDOM_LSTM,
    RANDOM_TRANSFORMER,
    SYSTEMS,
    TRANSFORMER,
    VECTORS,
    Settings,
)

TINY = Settings(
    seeds=2,
    pretraining_steps=2,
    finetuning_steps=2,
    label_counts=(4, 8),
    pretraining_lrs={VECTORS: (1e-3,), LSTM: (1e-3, 1e-2), TRANSFORMER: (1e-3,)},
    finetuning_lrs=(1e-3, 1e-2),
    n_dev=8,
    n_test=40,
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(pretrain_finetune.PRESETS, "quick", TINY)
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("work")))
        yield Work(Request("experiments.tables.pretrain_finetune"))
    worlds.text_of.cache_clear()


@pytest.fixture(scope="module")
def result(work: Work) -> Result:
    return pretrain_finetune.run(TINY, work)


def test_every_system_is_measured_with_every_number_of_labels_and_seed(result: Result, work: Work):
    accuracy, travel = result.tables
    assert [row[0] for row in accuracy.rows] == [row[0] for row in travel.rows] == list(SYSTEMS)
    assert all(len(entry) == TINY.seeds for row in accuracy.rows for entry in row[1:])
    keys = set(work.cells)
    assert {(f"{system}, {n} labels", seed) for system in SYSTEMS for n in (4, 8) for seed in (0, 1)} <= keys


def test_learning_rates_are_chosen_in_a_world_of_their_own(result: Result, work: Work):
    trials = [row for row in result.sweep if row["system"] == LSTM]
    assert [row["learning rate"] for row in trials] == [1e-3, 1e-2]
    assert {seed for key, seed in work.cells if key.startswith("sweep")} == {sweep.SEED}
    assert sweep.SEED not in range(100)
    best = max(trials, key=lambda row: (row["dev accuracy"], -row["dev loss"]))
    assert result.configs[LSTM]["lr"] == best["learning rate"]


def test_all_that_is_pretrained_reads_the_same_number_of_tokens(result: Result):
    expected = 2 * 16 * 64 * TINY.seeds
    assert result.tokens == {VECTORS: expected, LSTM: expected, TRANSFORMER: expected}
    assert len(systems.reading_of(TINY).of(0).ids) == 2 * 16 * 64 + 1


def test_no_example_occurs_in_what_pretraining_reads():
    world, task = systems.reading_of(TINY).of(0), systems.task_of(TINY, 0)
    text = world.tokenizer.decode(world.ids.tolist())
    for part in (task.train, task.dev, task.test):
        for ids, mask in zip(part.ids, part.attention_mask, strict=True):
            assert world.tokenizer.decode(ids[mask == 1][1:].tolist()).strip() not in text


def test_a_pretrained_start_is_what_pretraining_left(work: Work, result: Result):
    random, pretrained = [], []
    for system, baseline in ((TRANSFORMER, RANDOM_TRANSFORMER), (LSTM, RANDOM_LSTM)):
        lr = 1e-3 if system == TRANSFORMER else result.configs[LSTM]["lr"]
        start = pretrain_finetune.pretrained(system, TINY, lr, 0, fresh(work))
        pretrained.append(systems.start(system, TINY, 0, start, "cpu"))
        random.append(systems.start(baseline, TINY, 0, None, "cpu"))
    for ours, theirs in zip(pretrained, random, strict=True):
        np.testing.assert_array_equal(ours.head.weight.data, theirs.head.weight.data)  # the new layer is the same
        first, second = ours.state_dict(), theirs.state_dict()
        assert all(
            (first[name] != second[name]).any() for name in first if name.endswith("weight") and "head" not in name
        )


def test_word_vectors_replace_the_embeddings_alone_and_keep_their_size(work: Work, result: Result):
    vectors = pretrain_finetune.pretrained(VECTORS, TINY, 1e-3, 0, fresh(work))
    ours = systems.start(VECTORS, TINY, 0, vectors, "cpu").state_dict()
    theirs = systems.start(RANDOM_LSTM, TINY, 0, None, "cpu").state_dict()
    differing = [name for name in ours if (ours[name] != theirs[name]).any()]
    assert differing == ["model.token_embedding.weight"]
    assert np.linalg.norm(ours[differing[0]]) == pytest.approx(np.linalg.norm(theirs[differing[0]]), rel=1e-5)


def fresh(work: Work) -> Work:
    """The same work folder, asked for the first time."""
    return Work(work.request)


# -- measures ---------------------------------------------------------------------------------------


def test_distance_leaves_the_new_layer_out():
    begin, end = (systems.start(RANDOM_TRANSFORMER, TINY, 0, None, "cpu") for _ in range(2))
    end.head.weight.data = end.head.weight.data + 5
    assert measures.distance(begin, end)[0] == 0
    bias = end.model.blocks[0].attention.q.bias
    bias.data = bias.data + np.float32(0.5)
    moved, norm = measures.distance(begin, end)
    assert moved == pytest.approx(0.5 * bias.size**0.5)
    assert norm == pytest.approx(sum((p.data**2).sum() for p in begin.model.parameters()) ** 0.5, rel=1e-5)


def test_the_straight_line_passes_through_start_and_end():
    train = systems.task_of(TINY, 0).train
    begin, end = (systems.start(RANDOM_TRANSFORMER, TINY, 0, None, "cpu") for _ in range(2))
    rng = np.random.default_rng(7)
    end.load_state_dict({name: rng.permuted(array) for name, array in end.state_dict().items()})
    at_start, at_end = measures.evaluate(begin, train)[0], measures.evaluate(end, train)[0]
    line = measures.straight_line(begin, end, train)
    assert line[measures.LINE.index(0)] == pytest.approx(at_start, rel=1e-5)
    assert line[measures.LINE.index(1)] == pytest.approx(at_end, rel=1e-4)
    assert at_start != at_end


# -- claims -----------------------------------------------------------------------------------------


def grid(**changes: float) -> Grid:
    """Numbers for which every claim holds, but for the changes to the pretrained LSTM with 4 labels."""
    table = Grid()
    for system in SYSTEMS:
        pretrained = system in (LSTM, TRANSFORMER)
        for n in TINY.label_counts:
            few = n == 4
            cell = {
                "test_accuracy": 0.9 if pretrained else (0.6 if few else 0.7),
                "relative_distance": 0.1 if pretrained else 0.2,
                "gap": 0.1 if pretrained else 0.5,
            }
            if few and system == LSTM:
                cell |= changes
            trials = [cell, cell | {"gap": cell["gap"] + 1, "relative_distance": 2 * cell["relative_distance"]}]
            table[system, n].extend([{"test_accuracy": cell["test_accuracy"], "trials": trials}] * 3)
    return table


def test_every_claim_holds_where_the_numbers_say_so():
    assert [claim.verdict for claim in judge(TINY, grid())] == ["reproduced"] * 5


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"test_accuracy": 0.55}, {"pretrained-beats-random", "most-where-few", "whole-model-beats-vectors"}),
        ({"test_accuracy": 0.75}, {"most-where-few"}),
        ({"relative_distance": 0.3}, {"moves-less"}),
        ({"gap": 0.6}, {"smaller-gap"}),
    ],
)
def test_each_claim_can_fail(changes, failing):
    assert {claim.id for claim in judge(TINY, grid(**changes)) if claim.verdict == "contradicted"} == failing
