"""Extractive question answering: the sets are disjoint, a solver answers in words, and dev decides by F1."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab import extractive_qa
from experiments.lab.answering import texts_between
from experiments.lab.extractive_qa import Reader, answer, version_1, version_2
from experiments.lab.finetuning import Finetuning
from experiments.lab.metrics import squad_exact_match, squad_f1
from experiments.lab.recipes import Recipe
from experiments.lab.training import MODEL
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.reading import questions
from minigrad import nn, save_checkpoint
from tests.experiments.tiny_zoo import TINY

RECIPE: Recipe = replace(
    TINY.bert, architecture=replace(TINY.bert.architecture, config=replace(TINY.bert.architecture.config, dropout=0.0))
)
TRIALS = [Finetuning(lr, 60, batch_size=8, look_every=20) for lr in (1e-9, 2e-2)]


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Checkpoint:
    """A checkpoint of random weights."""
    folder = tmp_path_factory.mktemp("start")
    save_checkpoint(folder / MODEL, RECIPE.untrained(0))
    return Checkpoint(folder, {})


def test_both_versions_are_those_of_the_toy_world():
    one, two = version_1(3, 20, 10, 15), version_2(3, 20, 10, 15)
    for task, unanswerable in ((one, False), (two, True)):
        for part, n in (("train", 20), ("dev", 10), ("test", 15)):
            assert getattr(task, part) == questions(3, part, n, unanswerable)
    assert all(question.answer for question in one.train)
    assert sum(not question.answer for question in two.train) == 8


@pytest.mark.parametrize("version", [version_1, version_2])
def test_a_reader_learns_a_few_questions_and_dev_takes_the_rate_that_learns(version, start):
    """Dev questions are the training ones here, so the rate that learns must be chosen."""
    task = version(0, 10, 4, 12)
    same = replace(task, dev=task.train, test=task.train)
    _, record = answer(Reader(RECIPE), start, same, TRIALS, 0)
    assert record["lr"] == 2e-2
    assert [trial["lr"] for trial in record["trials"]] == [1e-9, 2e-2]
    assert record["trials"][1]["dev_score"] > record["trials"][0]["dev_score"]
    assert record["scores"]["f1"] == record["trials"][1]["dev_score"]  # the best look's weights are scored
    assert record["scores"]["exact_match"] <= record["scores"]["f1"] <= 1


def test_scores_are_of_the_test_questions_words(start, monkeypatch):
    task = version_2(0, 10, 4, 40)
    seen = {}

    def remembered(solver, way, batch_size=128):
        loss, predicted = answers(solver, way, batch_size)
        seen["texts"] = texts_between(way.ids, predicted)
        return loss, predicted

    answers = extractive_qa.answers
    monkeypatch.setattr(extractive_qa, "answers", remembered)
    _, record = answer(Reader(RECIPE), start, task, TRIALS[1:], 0)
    gold = [[question.answer] for question in task.test]
    assert record["scores"]["f1"] == squad_f1(seen["texts"], gold)
    assert record["scores"]["exact_match"] == squad_exact_match(seen["texts"], gold)
    assert all(text == "" or text in question.passage.replace(".", " .") for text, question in zip(
        seen["texts"], task.test, strict=True
    ))  # fmt: skip


def words_of(model: nn.Module) -> np.ndarray:
    return dict(model.named_parameters())["model.token_embedding.weight"].numpy()


def test_pretrained_words_stay_and_random_ones_learn(start):
    task = version_1(0, 10, 4, 4)
    kept, _ = answer(Reader(RECIPE), start, task, TRIALS[1:], 0)
    np.testing.assert_array_equal(words_of(kept), words_of(Reader(RECIPE).solver(start, 0)))
    learnt, _ = answer(Reader(RECIPE), None, task, TRIALS[1:], 0)
    assert (words_of(learnt) != words_of(Reader(RECIPE).solver(None, 0))).any()
