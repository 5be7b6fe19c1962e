"""Finetuning from one start, and the measurements: accuracy, distance, and the loss along a straight line."""

from typing import Any

import numpy as np

from experiments.lab import zoo
from experiments.lab.finetuning import evaluate, finetune
from experiments.lab.ways import LastToken
from experiments.lab.worlds import EOS_ID, START_ID
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.tables.pretrain_finetune.systems import Settings, finetuning_of, recipe_of, start, task_of
from experiments.text.toy_world.recogniser import is_grammatical, sentences
from experiments.text.toy_world.vocabulary import tokenizer
from models.finetuning import LastTokenClassifier, before_eos
from models.generation import WithoutCache, generate
from models.sampling import Sampling
from models.text.spacing import spaced

LINE = [step / 8 for step in range(-1, 12)]
"""The points on the straight line from start (0) to end (1), and a little beyond, at which the loss is measured."""


def measure(
    system: str, pretrained: Checkpoint | None, n_labels: int, settings: Settings, seed: int, device: str
) -> dict[str, Any]:
    """Finetune with each learning rate, and evaluate the one that is best on dev on the test examples.

    Distance and gap are measured with every learning rate, so that starts are compared under the same ones. The gap is
    between dev and training loss, because only the chosen model may see test examples.
    """
    task = task_of(settings, seed)
    train = task.train[slice(0, n_labels)]
    begin = start(system, settings, seed, pretrained, device)
    trials, ends = [], []
    bar = Bar(len(settings.finetuning_lrs), f"finetuning {system}, {n_labels} labels, seed {seed}", "trial")
    for lr in settings.finetuning_lrs:
        end = start(system, settings, seed, pretrained, device)
        finetune(end, train, finetuning_of(settings, lr), seed)
        train_loss, train_accuracy = evaluate(end, train)
        dev_loss, dev_accuracy = evaluate(end, task.dev)
        moved, norm = distance(begin, end)
        trials.append(
            {
                "lr": lr,
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "dev_loss": dev_loss,
                "dev_accuracy": dev_accuracy,
                "gap": dev_loss - train_loss,
                "distance": moved,
                "relative_distance": moved / norm,
            }
        )
        ends.append(end)
        bar.update()
    bar.close()
    best = max(range(len(trials)), key=lambda i: (trials[i]["dev_accuracy"], -trials[i]["dev_loss"]))
    test_loss, test_accuracy = evaluate(ends[best], task.test)
    return {
        **trials[best],
        "trials": trials,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        "line": straight_line(begin, ends[best], train[slice(0, 256)]),
    }


def distance(begin: LastTokenClassifier, end: LastTokenClassifier) -> tuple[float, float]:
    """How far the parameters moved, and the norm of their start; both without the last layer, which is new."""
    body = [name for name in begin.state_dict() if not name.startswith("head.")]
    first, last = begin.state_dict(), end.state_dict()
    moved = sum(float(np.sum((last[name] - first[name]) ** 2)) for name in body)
    norm = sum(float(np.sum(first[name] ** 2)) for name in body)
    return moved**0.5, norm**0.5


def straight_line(begin: LastTokenClassifier, end: LastTokenClassifier, train: LastToken) -> list[float]:
    """The training loss at θ_begin + α (θ_end - θ_begin), for each α of `LINE`. Source: Goodfellow et al. 2015,
    "Qualitatively characterizing neural network optimization problems". `begin` is left at the last α."""
    first = {name: array.copy() for name, array in begin.state_dict().items()}
    last = end.state_dict()
    losses = []
    for alpha in LINE:
        begin.load_state_dict({name: first[name] + np.float32(alpha) * (last[name] - first[name]) for name in first})
        losses.append(evaluate(begin, train)[0])
    return losses


def sample(system: str, pretrained: Checkpoint, settings: Settings, seed: int, device: str) -> dict[str, Any]:
    """Eight documents written by a pretrained language model, and how many of their sentences are grammatical."""
    model = zoo.load(recipe_of(system, settings), pretrained, seed).to(device)
    beginning = np.full((8, 1), START_ID)
    ids = generate(WithoutCache(model), beginning, 48, Sampling(temperature=0.8), seed=seed)
    words = tokenizer().vocab
    texts = [spaced(words[id] for id in before_eos(row[1:].tolist(), EOS_ID)) for row in ids]
    whole = [sentence for text in texts for sentence in sentences(text) if sentence.endswith((".", "?"))]
    return {"text": "\n\n".join(texts), "sentences": len(whole), "grammatical": sum(map(is_grammatical, whole))}
