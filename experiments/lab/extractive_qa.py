"""Extractive question answering: an encoder finds the answer to a question in a passage, as in SQuAD.

    [CLS] question [SEP] passage [SEP]      where does the answer start in the passage, and where does it end?

    solver, record = answer(reader, start, version_2(split, 4000), trials, seed)
    record["scores"]["f1"]

In the style of SQuAD 2.0 a question may have no answer in the passage: then the span is [CLS] alone.

Sources: Devlin et al. 2018, "BERT", sections 4.2 and 4.3; Rajpurkar et al. 2016 and 2018 for the metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.lab.answering import for_span_extraction, scores
from experiments.lab.finetuning import Finetuning, answers
from experiments.lab.recipes import Recipe
from experiments.lab.solving import best_on_dev
from experiments.lab.systems import Encoder, of_new_layers, pretrained_model
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST
from experiments.text.toy_world.tasks.reading import Question, questions
from minigrad import nn
from models.finetuning import SpanExtractor

THRESHOLD = 0.0
"""By how much an answer must score more than [CLS], if a question may have no answer."""


@dataclass(frozen=True)
class QuestionTask:
    """Questions about passages; training, dev and test questions are about other people and things.

    Attributes:
        unanswerable: whether some questions have no answer.
    """

    train: list[Question]
    dev: list[Question]
    test: list[Question]
    unanswerable: bool


def version_1(seed: int, n_train: int, n_dev: int = N_DEV, n_test: int = N_TEST) -> QuestionTask:
    """Like SQuAD 1.1: every question has an answer. Raises as `questions` does."""
    return _task(seed, (n_train, n_dev, n_test), unanswerable=False)


def version_2(seed: int, n_train: int, n_dev: int = N_DEV, n_test: int = N_TEST) -> QuestionTask:
    """Like SQuAD 2.0: two questions of five have no answer. Raises as `questions` does."""
    return _task(seed, (n_train, n_dev, n_test), unanswerable=True)


def _task(seed: int, sizes: tuple[int, int, int], unanswerable: bool) -> QuestionTask:
    n_train, n_dev, n_test = sizes
    return QuestionTask(
        questions(seed, "train", n_train, unanswerable),
        questions(seed, "dev", n_dev, unanswerable),
        questions(seed, "test", n_test, unanswerable),
        unanswerable,
    )


@dataclass(frozen=True)
class Reader:
    """A pretrained BERT that learns where an answer starts and ends."""

    recipe: Recipe

    def solver(self, start: Checkpoint | None, seed: int) -> SpanExtractor:
        """The model with the new vectors for start and end. Without a start the pretrained part is random."""
        model = pretrained_model(self.recipe, start, seed)
        return SpanExtractor(model, model.config.d_model, of_new_layers(seed))


def answer(
    reader: Reader,
    start: Checkpoint | None,
    task: QuestionTask,
    trials: Sequence[Finetuning],
    seed: int,
    *,
    device: str = "cpu",
    name: str = "",
) -> tuple[nn.Module, dict[str, Any]]:
    """Finetune a reader with each of the settings, and score the one that is best on dev by F1.

    The pretrained embeddings of words are frozen, as of an `Encoder`. Without a start everything is trained.

    Returns:
        the solver, and its record: `lr`, `trials`, and `scores` on test: f1 and exact_match.
    """

    def build() -> nn.Module:
        return reader.solver(start, seed).to(device)

    if start is not None:
        trials = [Encoder(reader.recipe).keeping_words(settings) for settings in trials]
    threshold = THRESHOLD if task.unanswerable else None
    train, dev, test = (for_span_extraction(some, threshold) for some in (task.train, task.dev, task.test))
    solver, record = best_on_dev(build, train, dev, trials, seed, name)
    _, predicted = answers(solver, test)
    return solver, record | {"scores": scores(task.test, test.ids, predicted)}
