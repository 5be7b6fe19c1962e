"""Finetuning from one start, and what is measured on the way: how well, how far, along which line."""

from typing import Any

import numpy as np

from experiments.lab.finetuning import Encoded, FinetuneSettings, evaluate, finetune
from experiments.lab.training import MODEL
from experiments.lab.windows import END_OF_TEXT
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.tables.pretrain_finetune.systems import Settings, data_of, start, text_of, untrained
from experiments.text.toy_world.recogniser import is_grammatical, sentences
from minigrad import load_checkpoint
from models.finetuning import LastTokenClassifier
from models.generation import Rereading, generate

LINE = [step / 8 for step in range(-1, 12)]
"""Where on the straight line from start (0) to end (1), and a little beyond, the loss is looked at."""


def measure(
    system: str, pretrained: Checkpoint | None, n_labels: int, settings: Settings, seed: int, device: str
) -> dict[str, Any]:
    """Finetune with each learning rate, and look at the test examples with the one that dev examples prefer.

    Distance and gap are measured with every learning rate: starts are to be compared under the same descent,
    not each under its own. The gap is between dev and training loss, as test examples are for the chosen alone.
    """
    data = data_of(settings, seed)
    train = data.train[slice(0, n_labels)]
    begin = start(system, data, seed, pretrained, device)
    trials, ends = [], []
    bar = Bar(len(settings.finetuning_lrs), f"finetuning {system}, {n_labels} labels, seed {seed}", "trial")
    for lr in settings.finetuning_lrs:
        end = start(system, data, seed, pretrained, device)
        finetune(end, train, FinetuneSettings(settings.finetuning_steps), lr, seed)
        train_loss, train_accuracy = evaluate(end, train)
        dev_loss, dev_accuracy = evaluate(end, data.dev)
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
    test_loss, test_accuracy = evaluate(ends[best], data.test)
    return {
        **trials[best],
        "trials": trials,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        "accuracy_by_new_words": [evaluate(ends[best], data.test[data.n_new == n])[1] for n in range(3)],
        "line": straight_line(begin, ends[best], train[slice(0, 256)]),
    }


def distance(begin: LastTokenClassifier, end: LastTokenClassifier) -> tuple[float, float]:
    """How far the parameters moved, and how far from zero they began; without the last layer, which is new."""
    body = [name for name in begin.state_dict() if not name.startswith("head.")]
    first, last = begin.state_dict(), end.state_dict()
    moved = sum(float(np.sum((last[name] - first[name]) ** 2)) for name in body)
    norm = sum(float(np.sum(first[name] ** 2)) for name in body)
    return moved**0.5, norm**0.5


def straight_line(begin: LastTokenClassifier, end: LastTokenClassifier, train: Encoded) -> list[float]:
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
    """Three texts that a pretrained language model writes, and how many of their sentences are grammatical."""
    tokenizer, _ = text_of(settings.pretraining_steps, seed)
    model = untrained(system, tokenizer.vocab_size, seed).to(device)
    load_checkpoint(pretrained.folder / MODEL, model)
    beginning = np.array([tokenizer.encode(END_OF_TEXT)] * 3)
    ids = generate(Rereading(model), beginning, 60, temperature=0.8, seed=seed)
    texts = [tokenizer.decode(row[1:].tolist()).split(END_OF_TEXT)[0].strip() for row in ids]
    whole = [sentence for text in texts for sentence in sentences(text) if sentence.endswith(".")]
    grammatical = sum(map(is_grammatical, whole))
    return {"text": "\n\n".join(texts), "sentences": len(whole), "grammatical": grammatical}
