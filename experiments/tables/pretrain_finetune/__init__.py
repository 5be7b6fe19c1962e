"""Pretraining and finetuning: what is a good start worth, and why?

Five starts for one task, deciding whether a reviewer liked what they saw, with 16 to 1,024 labelled sentences:

    LSTM, random start              Transformer, random start
    LSTM on word vectors            (skip-gram: circa 2017, only the first layer has seen text)
    LSTM, pretrained whole          Transformer, pretrained whole     (as language models: Dai and Le 2015)

All pretrained systems read the same tokens of the same unlabelled text. Learning rates are chosen on dev examples; the
test examples are used once, with the chosen models.

systems.py    the settings, the text, the five starts
measures.py   finetuning from one of them, and the measurements
findings.py   claims, tables and figures

Source: the lecture, "Pretraining through language modeling", "The pretraining/finetuning paradigm" and
"Stochastic gradient descent and pretrain/finetune".
"""

from itertools import product
from typing import Any

from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.sweep import SEED, sweep
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from experiments.tables.pretrain_finetune import findings
from experiments.tables.pretrain_finetune.measures import measure, sample
from experiments.tables.pretrain_finetune.systems import LSTM, SYSTEMS, TRANSFORMER, VECTORS, Settings, recipe_of

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


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores: 34 ms for a step of a language model, a third of that for word vectors on the
    same text, and 7 ms for a step of finetuning."""
    runs = {name: settings.seeds + (len(lrs) if len(lrs) > 1 else 0) for name, lrs in settings.pretraining_lrs.items()}
    seconds = sum(n * settings.pretraining_steps * (0.011 if name == VECTORS else 0.034) for name, n in runs.items())
    n_finetunings = len(SYSTEMS) * settings.seeds * len(settings.label_counts)
    n_finetunings += (sum(runs.values()) - len(runs) * settings.seeds) * len(swept_counts(settings))
    a_finetuning = (settings.finetuning_steps * 0.007 + 0.2) * len(settings.finetuning_lrs)
    return Estimate(seconds + 4 * settings.seeds + n_finetunings * a_finetuning, 400)


def run(settings: Settings, work: Work) -> Result:
    """Choose pretraining's learning rates, pretrain and finetune with every seed, judge the claims."""
    lrs, trials = choose_learning_rates(settings, work)
    grid = Grid()
    records: findings.Records = {system: [] for system in lrs}
    samples = []
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start = None
        if system in lrs:
            start = pretrained(system, settings, lrs[system], seed, work)
        for n in settings.label_counts:
            measured = work.cell(
                f"{system}, {n} labels", measure, system, start, n, settings, seed, work.device, seed=seed
            )
            grid[system, n].append(measured)
        if seed == 0 and system in (LSTM, TRANSFORMER):
            key = f"{system}: text it writes"
            samples.append((key, work.cell(key, sample, system, start, settings, seed, work.device, seed=seed)))
        if start is not None:
            records[system].append(start)
    return findings.result(settings, grid, records, lrs, trials, samples, work)


def pretrained(system: str, settings: Settings, lr: float, seed: int, work: Work) -> Checkpoint:
    """A pretrained system."""
    key = f"pretraining: {system.removesuffix(', pretrained')}, learning rate {lr:g}"
    return zoo.pretrained(work, recipe_of(system, settings, lr), seed, key)


def choose_learning_rates(settings: Settings, work: Work) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """For each pretrained system, the pretraining learning rate with the best dev accuracy after finetuning, averaged
    over two numbers of labels; and every trial."""

    def finetuned(system: str, lr: float) -> list[dict[str, Any]]:
        start = pretrained(system, settings, lr, SEED, work)
        return [
            work.cell(
                f"sweep: {system}, {lr:g}, {n} labels",
                measure,
                system,
                start,
                n,
                settings,
                SEED,
                work.device,
                seed=SEED,
            )
            for n in swept_counts(settings)
        ]

    return sweep(settings.pretraining_lrs, finetuned)


def swept_counts(settings: Settings) -> tuple[int, int]:
    """The numbers of labels at which pretraining's learning rates are compared."""
    return settings.label_counts[0], findings.middle(settings)
