"""Pretraining and finetuning: what is a good start worth, and why?

Five starts for one task, deciding whether a sentence is grammatical, with 64 to 4,096 labelled sentences. The words do
not decide, only how they stand together: the number of a verb or of "these", the gender of "himself", the order.

    LSTM, random start              Transformer, random start
    LSTM on word vectors            (skip-gram: circa 2017, only the first layer has seen text)
    LSTM, pretrained whole          Transformer, pretrained whole     (as language models: Dai and Le 2015)

All pretrained systems are the zoo's, and have read the same text: word vectors once, as is usual, the language models
1.6 times. Finetuning's learning rates are chosen on dev
examples; the test examples are used once, with the chosen models.

systems.py    the settings, the task, the five starts
measures.py   finetuning from one of them, and the measurements
findings.py   claims, tables and figures

Source: the lecture, "Pretraining through language modeling", "The pretraining/finetuning paradigm" and
"Stochastic gradient descent and pretrain/finetune".
"""

from itertools import product

from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.pretrain_finetune import findings
from experiments.tables.pretrain_finetune.measures import measure, sample
from experiments.tables.pretrain_finetune.systems import (
    LSTM,
    PRETRAINED,
    SYSTEMS,
    TRANSFORMER,
    Settings,
    recipe_of,
)

TITLE = "Pretrain, then finetune: what is a good start worth?"
LECTURE = "The pretraining/finetuning paradigm; stochastic gradient descent and pretrain/finetune"

PRESETS = {
    "quick": Settings(
        seeds=1,
        finetuning_steps=200,
        label_counts=(64, 1024),
        finetuning_lrs=(5e-4, 2e-3),
        zoo=FULL,
    ),
    "full": Settings(
        seeds=3,
        finetuning_steps=400,
        label_counts=(64, 256, 1024, 4096),
        finetuning_lrs=(2.5e-4, 1e-3, 4e-3),
        zoo=FULL,
    ),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores, without the zoo's training: 9 ms for a step of finetuning."""
    n_finetunings = len(SYSTEMS) * settings.seeds * len(settings.label_counts) * len(settings.finetuning_lrs)
    return Estimate(n_finetunings * (settings.finetuning_steps * 0.009 + 0.5) + 5 * settings.seeds, 400)


def run(settings: Settings, work: Work) -> Result:
    """Finetune from every start with every seed, judge the claims."""
    grid = Grid()
    records: findings.Records = {system: [] for system in PRETRAINED}
    samples = []
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start = None
        if system in PRETRAINED:
            key = f"pretraining: {system.removesuffix(', pretrained')}"
            start = zoo.pretrained(work, recipe_of(system, settings), seed, key)
            records[system].append(start)
        for n in settings.label_counts:
            measured = work.cell(
                f"{system}, {n} labels", measure, system, start, n, settings, seed, work.device, seed=seed
            )
            grid[system, n].append(measured)
        if seed == 0 and system in (LSTM, TRANSFORMER):
            key = f"{system}: text it writes"
            samples.append((key, work.cell(key, sample, system, start, settings, seed, work.device, seed=seed)))
    return findings.result(settings, grid, records, samples, work)
