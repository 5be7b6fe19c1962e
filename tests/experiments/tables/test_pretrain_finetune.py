"""The experiment on pretraining and finetuning, at a size that proves nothing but that it runs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab import recipes, worlds, zoo
from experiments.lab.training import MODEL
from experiments.lab.ways import LastToken
from experiments.lab.worlds import EOS_ID, START_ID, Reading
from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import pretrain_finetune
from experiments.tables.pretrain_finetune import measures, systems
from experiments.tables.pretrain_finetune.findings import judge
from experiments.tables.pretrain_finetune.systems import (
    LSTM,
    PRETRAINED,
    RANDOM_LSTM,
    RANDOM_TRANSFORMER,
    SYSTEMS,
    TRANSFORMER,
    VECTORS,
    Settings,
)
from experiments.text.toy_world.parts import is_held_out
from experiments.text.toy_world.recogniser import sentences
from experiments.text.toy_world.vocabulary import tokenizer
from experiments.text.toy_world.world import ALL_OF_IT, World
from minigrad import load_checkpoint
from models.text.spacing import spaced

TINY = Settings(
    seeds=2,
    finetuning_steps=2,
    label_counts=(4, 8),
    finetuning_lrs=(1e-3, 1e-2),
    zoo=zoo.zoo(Reading(3000), steps=3, small=(8, 1, 2), large=(8, 1, 2)),
    n_dev=8,
    n_test=40,
)
MEASURED = [(f"{system}, {n} labels", seed) for seed in (0, 1) for system in SYSTEMS for n in (4, 8)]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(pretrain_finetune.PRESETS, "quick", TINY)
        patch.setattr(recipes, "N_PROBES", 1)
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("work")))
        yield Work(Request("experiments.tables.pretrain_finetune"))
    worlds.text_of.cache_clear()


@pytest.fixture(scope="module")
def result(work: Work) -> Result:
    return pretrain_finetune.run(TINY, work)


def fresh(work: Work) -> Work:
    """The same work folder, asked for the first time."""
    return Work(work.request)


def test_every_system_is_measured_with_every_number_of_labels_and_seed(result: Result, work: Work):
    accuracy, travel = result.tables
    assert [row[0] for row in accuracy.rows] == [row[0] for row in travel.rows] == list(SYSTEMS)
    assert all(len(entry) == TINY.seeds for row in accuracy.rows + travel.rows for entry in row[1:])
    assert [name for name in work.cells if " labels" in name.key] == MEASURED


def test_every_learning_rate_of_finetuning_is_in_the_sweep(result: Result):
    trials = [(row["system"], row["labels"], row["seed"], row["lr"]) for row in result.sweep]
    assert sorted(trials) == sorted(
        (system, n, seed, lr) for system in SYSTEMS for n in (4, 8) for seed in (0, 1) for lr in (1e-3, 1e-2)
    )
    assert all(set(row) == {"system", "labels", "seed", "lr", "dev_accuracy", "dev_loss"} for row in result.sweep)


def test_all_that_is_pretrained_reads_the_same_text(result: Result):
    readings = [systems.recipe_of(system, TINY).reading for system in PRETRAINED]
    assert readings == [Reading(3000)] * 3
    recipes = {system: systems.recipe_of(system, TINY) for system in PRETRAINED}
    assert result.tokens == {
        system: sum(recipe.tokens_read(seed) for seed in range(TINY.seeds)) for system, recipe in recipes.items()
    }


def test_there_are_three_figures_each_with_a_caption(result: Result, work: Work):
    assert list(work.figures) == ["accuracy", "pretraining", "line"]
    for svg, caption in work.figures.values():
        assert "<path" in svg
        assert caption.endswith(".")


def test_a_sample_of_each_language_model_is_in_the_result(result: Result, work: Work):
    assert len(result.samples) == 2
    for (title, text), system in zip(result.samples.items(), (LSTM, TRANSFORMER), strict=True):
        cell = work.cells[(f"{system}: text it writes", 0)].value  # type: ignore[index]  # a CellName is a tuple
        assert text == cell["text"]
        assert (
            title
            == f"{system}: text it writes ({cell['grammatical']} of {cell['sentences']} sentences are grammatical)"
        )


class Killed(Exception):
    """The process ended here."""


def test_a_table_that_was_killed_resumes_and_says_the_same(result: Result, monkeypatch, tmp_path, work: Work):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    measured, trained = [], []
    measure, train = pretrain_finetune.measure, zoo.train

    def dies_at_the_third(*arguments):
        if len(measured) == 3:
            raise Killed
        measured.append(arguments)
        return measure(*arguments)

    def counted(*arguments):
        measured.append(arguments)
        return measure(*arguments)

    def counted_training(*arguments):
        trained.append(arguments[1])
        return train(*arguments)

    counted_training.__module__, counted_training.__qualname__ = train.__module__, train.__qualname__
    monkeypatch.setattr(zoo, "train", counted_training)
    monkeypatch.setattr(pretrain_finetune, "measure", dies_at_the_third)
    with pytest.raises(Killed):
        pretrain_finetune.run(TINY, fresh(work))
    monkeypatch.setattr(pretrain_finetune, "measure", counted)
    again = pretrain_finetune.run(TINY, fresh(work))
    assert len(measured) == len(MEASURED)
    assert len(trained) == TINY.seeds * len(PRETRAINED)
    assert (again.tables, again.claims, again.sweep) == (result.tables, result.claims, result.sweep)
    assert again.samples == result.samples


# -- the task and the starts ------------------------------------------------------------------------


def sentences_of(part: LastToken) -> list[str]:
    """The examples as text: what is between the first and the last token of a row."""
    rows = zip(part.ids, part.attention_mask, strict=True)
    return [spaced(tokenizer().vocab[id] for id in ids[mask == 1][1:-1]) for ids, mask in rows]


def test_no_example_of_dev_and_test_occurs_in_what_pretraining_reads():
    task = systems.task_of(TINY, 0)
    examples = sentences_of(task.dev) + sentences_of(task.test)
    documents = list(islice(World(0).documents(0, TINY.zoo.gpt.reading.shares), 300))
    assert all(is_held_out([example]) for example in examples)
    assert not any(example in document.text for example in examples for document in documents)
    assert not any(is_held_out(sentences(document.text)) for document in documents if document.name not in ALL_OF_IT)


def test_the_three_sets_share_no_example():
    task = systems.task_of(TINY, 0)
    parts = [set(sentences_of(part)) for part in (task.train, task.dev, task.test)]
    assert list(map(len, parts)) == [8, 8, 40]
    assert len(set.union(*parts)) == 8 + 8 + 40


def pretrained_start(system: str, work: Work) -> zoo.Checkpoint:
    """The checkpoint of the first seed."""
    return zoo.pretrained(fresh(work), systems.recipe_of(system, TINY), 0)


@pytest.mark.parametrize(("system", "baseline"), [(TRANSFORMER, RANDOM_TRANSFORMER), (LSTM, RANDOM_LSTM)])
def test_a_pretrained_start_is_what_pretraining_left(system: str, baseline: str, work: Work, result: Result):
    start = pretrained_start(system, work)
    ours = systems.start(system, TINY, 0, start, "cpu")
    theirs = systems.start(baseline, TINY, 0, None, "cpu")
    np.testing.assert_array_equal(ours.head.weight.data, theirs.head.weight.data)  # the new layer is the same
    left = systems.architecture_of(system, TINY).untrained(1)
    load_checkpoint(start.folder / MODEL, left)
    before = theirs.model.state_dict()
    for name, array in left.state_dict().items():
        np.testing.assert_array_equal(ours.model.state_dict()[name], array)
        assert not name.endswith("weight") or (array != before[name]).any()


def test_word_vectors_replace_the_embeddings_alone_and_keep_their_size(work: Work, result: Result):
    start = pretrained_start(VECTORS, work)
    ours = systems.start(VECTORS, TINY, 0, start, "cpu").state_dict()
    theirs = systems.start(RANDOM_LSTM, TINY, 0, None, "cpu").state_dict()
    differing = [name for name in ours if (ours[name] != theirs[name]).any()]
    assert differing == ["model.token_embedding.weight"]
    table = ours[differing[0]]
    assert np.linalg.norm(table) == pytest.approx(np.linalg.norm(theirs[differing[0]]), rel=1e-5)
    vectors = zoo.load(TINY.zoo.vectors, start, 0).centre.weight.numpy()
    np.testing.assert_allclose(table / np.linalg.norm(table), vectors / np.linalg.norm(vectors), rtol=1e-4, atol=1e-7)


# -- measures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lrs", [(1e-3, 1e-1), (1e-1, 1e-3)])
def test_the_test_examples_are_used_once_with_the_model_that_dev_prefers(lrs: tuple[float, ...], monkeypatch):
    settings, task = replace(TINY, finetuning_lrs=lrs), systems.task_of(TINY, 0)
    trained_on, evaluated = [], []
    finetune, evaluate = measures.finetune, measures.evaluate

    def finetune_spy(model, examples, *arguments):
        trained_on.append(examples)
        return finetune(model, examples, *arguments)

    def evaluate_spy(model, examples):
        found = evaluate(model, examples)
        evaluated.append((model, examples, found))
        return found

    monkeypatch.setattr(measures, "finetune", finetune_spy)
    monkeypatch.setattr(measures, "evaluate", evaluate_spy)
    measured = measures.measure(RANDOM_LSTM, None, 4, settings, 0, "cpu")
    for examples in trained_on:
        np.testing.assert_array_equal(examples.ids, task.train.ids[:4])
    on_dev = [(model, loss, accuracy) for model, part, (loss, accuracy) in evaluated if part is task.dev]
    best, dev_loss, dev_accuracy = max(on_dev, key=lambda found: (found[2], -found[1]))
    assert len({loss for _, loss, _ in on_dev}) == 2
    assert [(model is best, found) for model, part, found in evaluated if part is task.test] == [
        (True, (measured["test_loss"], measured["test_accuracy"]))
    ]
    assert (measured["dev_loss"], measured["dev_accuracy"]) == (dev_loss, dev_accuracy)
    assert measured["gap"] == dev_loss - measured["train_loss"]


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


def test_of_a_sample_whole_sentences_are_judged(monkeypatch, work: Work, result: Result):
    """Six documents without a whole sentence, and two with three, of which one has its words in a wrong order."""
    texts = ["adam went to the garden. went adam to garden the.", "the dog is big. the"]
    rows = [[START_ID, *tokenizer().encode(text), EOS_ID] for text in texts] + [[START_ID, EOS_ID]] * 6
    width = max(map(len, rows))
    monkeypatch.setattr(
        measures, "generate", lambda *_, **__: np.array([row + [0] * (width - len(row)) for row in rows])
    )
    sample = measures.sample(TRANSFORMER, pretrained_start(TRANSFORMER, work), TINY, 0, "cpu")
    assert (sample["sentences"], sample["grammatical"]) == (3, 2)
    assert sample["text"].split("\n\n")[:2] == texts


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
