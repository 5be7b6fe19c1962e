"""Pretraining and finetuning: what is a good start worth, and why?

Five starts for the same task, deciding whether a reviewer liked it, from 16 to 1,024 labelled sentences:

    LSTM, random start              Transformer, random start
    LSTM on word vectors            (skip-gram: circa 2017, only the first layer has seen text)
    LSTM, pretrained whole          Transformer, pretrained whole     (as language models: Dai and Le 2015)

All that is pretrained reads the same tokens of the same unlabelled text. Learning rates are chosen on dev
examples; a world's test examples are looked at once, by the models that were chosen.

starts.py     the settings, the text, the five starts
measures.py   finetuning one of them, and what is measured about it
findings.py   claims, tables and figures

Source: the lecture, "Pretraining through language modeling", "The pretraining/finetuning paradigm" and
"Stochastic gradient descent and pretrain/finetune".
"""

from typing import Any

import numpy as np

from experiments.experiment import MOST_SEEDS, Estimate
from experiments.pretrain_finetune import findings
from experiments.pretrain_finetune.measures import finetune_and_measure, sample
from experiments.pretrain_finetune.starts import (
    LSTM,
    SYSTEMS,
    TRANSFORMER,
    VECTORS,
    Settings,
    data_of,
    pretrain,
    start,
)
from experiments.results import Result
from experiments.runner import Run

NAME = "pretrain_finetune"
TITLE = "Pretrain, then finetune: what is a good start worth?"
LECTURE = "The pretraining/finetuning paradigm; stochastic gradient descent and pretrain/finetune"

PRESETS = {
    "quick": Settings(
        seeds=1,
        pretraining_steps=900,
        finetuning_steps=100,
        label_counts=(16, 256),
        pretraining_lrs={VECTORS: (1e-2,), LSTM: (1.2e-2,), TRANSFORMER: (3e-3,)},
        finetuning_lrs=(5e-4, 2.5e-3),
    ),
    "full": Settings(
        seeds=4,
        pretraining_steps=3000,
        finetuning_steps=200,
        label_counts=(16, 64, 256, 1024),
        pretraining_lrs={VECTORS: (3e-3, 1e-2, 3e-2), LSTM: (6e-3, 1.2e-2, 2.4e-2), TRANSFORMER: (1.5e-3, 3e-3, 6e-3)},
        finetuning_lrs=(1e-4, 5e-4, 2.5e-3),
    ),
}
SWEEP_SEED = MOST_SEEDS  # a world of its own, in which the learning rates of pretraining are chosen


def estimate(settings: Settings) -> Estimate:
    """From the rates of two cores: 34 ms a step of a language model, a third of it for the word vectors' share of
    the text, and 7 ms a step of finetuning."""
    runs = {name: settings.seeds + (len(lrs) if len(lrs) > 1 else 0) for name, lrs in settings.pretraining_lrs.items()}
    seconds = sum(n * settings.pretraining_steps * (0.011 if name == VECTORS else 0.034) for name, n in runs.items())
    n_finetunings = len(SYSTEMS) * settings.seeds * len(settings.label_counts)
    n_finetunings += (sum(runs.values()) - len(runs) * settings.seeds) * len(swept_counts(settings))
    a_finetuning = (settings.finetuning_steps * 0.007 + 0.2) * len(settings.finetuning_lrs)
    return Estimate(seconds + 4 * settings.seeds + n_finetunings * a_finetuning, 400)


def run(settings: Settings, run: Run) -> Result:
    """Choose pretraining's learning rates, pretrain and finetune with every seed, judge the claims."""
    sweep, lrs = choose_learning_rates(settings, run)
    cells: findings.Cells = {}
    records: dict[str, list[dict[str, Any]]] = {}
    samples: dict[str, str] = {}
    for seed in range(settings.seeds):
        for system in SYSTEMS:
            folder = None
            if system in lrs:
                folder, record = pretrain(system, settings, lrs[system], seed, run)
                records.setdefault(system, []).append(record)
            for n_labels in settings.label_counts:
                key = f"{system}, {n_labels} labels"
                cell = run.cell(key, lambda: finetuning(key, system, folder, n_labels, settings, seed, run), seed)  # noqa: B023  # called at once
                cells.setdefault((system, n_labels), []).append(cell)
            if seed == 0 and system in (LSTM, TRANSFORMER):
                write = lambda: sample(system, folder, settings, seed, run.device)  # noqa: B023, E731
                written = run.cell(f"{system}: text it writes", write, seed)
                share = f"{written['grammatical']} of {written['sentences']} sentences are grammatical"
                samples[f"{system}: text it writes ({share})"] = written["text"]
    findings.draw(settings, cells, records, run)
    return findings.result(settings, cells, records, lrs, sweep, samples)


def finetuning(
    key: str, system: str, folder: Any, n_labels: int, settings: Settings, seed: int, run: Run
) -> dict[str, Any]:
    """The numbers of one system, one number of labels and one seed."""
    world = data_of(settings, seed)
    with run.progress(len(settings.finetuning_lrs), f"finetuning {key}, seed {seed}", "trial") as bar:
        make_start = lambda: start(system, world, seed, folder, run.device)  # noqa: E731
        return finetune_and_measure(make_start, world, n_labels, settings, seed, bar)


def choose_learning_rates(settings: Settings, run: Run) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """For each pretrained system, the learning rate of pretraining that serves the task best on dev examples.

    It is judged in a world that no result comes from, by the mean dev accuracy with few and with more labels,
    and between equals by the mean dev loss. Returns every trial, and system -> learning rate.
    """
    rows: list[dict[str, Any]] = []
    chosen: dict[str, float] = {}
    for system, lrs in settings.pretraining_lrs.items():
        trials = []
        for lr in lrs if len(lrs) > 1 else ():
            folder, record = pretrain(system, settings, lr, SWEEP_SEED, run)
            cells = []
            for n_labels in swept_counts(settings):
                key = f"sweep: {system}, {lr:g}, {n_labels} labels"
                compute = lambda: finetuning(key, system, folder, n_labels, settings, SWEEP_SEED, run)  # noqa: B023, E731
                cells.append(run.cell(key, compute, SWEEP_SEED))
            accuracy = float(np.mean([cell["dev_accuracy"] for cell in cells]))
            loss = float(np.mean([cell["dev_loss"] for cell in cells]))
            trials.append((accuracy, -loss, lr))
            row = {"system": system, "learning rate": lr, "dev accuracy": accuracy, "dev loss": loss}
            rows.append(row | {"pretraining loss at the end": record["losses"][-1]})
        chosen[system] = max(trials)[2] if trials else lrs[0]
    return rows, chosen


def swept_counts(settings: Settings) -> tuple[int, int]:
    """The numbers of labels at which learning rates of pretraining are judged."""
    return settings.label_counts[0], findings.middle(settings)
