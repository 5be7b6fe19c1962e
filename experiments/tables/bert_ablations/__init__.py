"""BERT's ablations: what does each part of its objective do for finetuning?

Small BERTs are pretrained on the same text for the same number of steps. Each differs from the first in one thing:

    80/10/10            a quarter of the tokens is predicted: 80% of them hidden, 10% replaced, 10% left as they are
    100/0/0             all of them hidden
    with next-sentence prediction
    contiguous spans    instead of single tokens
    rate 5%, 15%, 50%   instead of 25%

Then each is finetuned on three tasks of GLUE, and to answer questions with spans of a passage. The rates are exact (see
`MaskedLMAtExactRate`) in all of them, because spans are always drawn so. At equal steps a rate of 5% has a tenth of the
targets of 50%, which are shown beside the scores.

All read the zoo's genres but games (`NOT_READ`), and have a schedule of their own, because the zoo's 20,000 steps for
each are beyond the budget. The zoo's BERT shows how far the variants are from what this size can learn. Random weights
show where they start.

systems.py     the settings, the variants, the tasks
measures.py    finetuning and what is measured
findings.py    claims and tables
drawings.py    figures

Sources: the lecture, "Some more details about Masked LM for BERT", "next sentence prediction" and "Extensions of BERT";
Devlin et al. 2018, appendix C.2 (80/10/10 against 100/0/0); Liu et al. 2019, "RoBERTa"; Joshi et al. 2020, "SpanBERT".
"""

from itertools import product

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.worlds import Reading
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from experiments.tables.bert_ablations import findings
from experiments.tables.bert_ablations.measures import measure
from experiments.tables.bert_ablations.systems import (
    NOT_READ,
    PRETRAINED,
    READING,
    SYSTEMS,
    TASKS,
    VARIANTS,
    Budget,
    Settings,
    recipe_of,
)

TITLE = "BERT's ablations: masking, next-sentence prediction, spans"
LECTURE = "Details of masked LM; next-sentence prediction; extensions of BERT"

PRESETS = {
    "quick": Settings(
        seeds=1,
        splits=1,
        steps=200,
        reading=Reading(260_000, without=NOT_READ),
        finetuning=dict.fromkeys((*TASKS, READING), Budget(300, 50, (1e-3,))),
        zoo=FULL,
        n_dev=100,
        n_test=300,
    ),
    "full": Settings(
        seeds=3,
        splits=2,
        steps=7_000,
        reading=Reading(9_000_000, without=NOT_READ),
        finetuning={
            "MNLI": Budget(8_000, 1_200, (4e-4,), batch_size=32),
            "SST-2": Budget(200, 200, (4e-4, 1e-3)),
            "CoLA": Budget(1_000, 300, (4e-4, 1e-3)),
            READING: Budget(8_000, 700, (1e-3,)),
        },
        zoo=FULL,
    ),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on one core: 20 ms for a step of pretraining, 0.4 ms for an example of finetuning,
    1 s to score a model, 2 µs to write a token of text. Two cores share the work."""
    text = settings.reading.n_tokens * 2e-6
    pretraining = len(VARIANTS) * settings.steps * 0.020
    trials = sum(len(each.lrs) * (1 + 0.0004 * each.batch_size * each.steps) for each in settings.finetuning.values())
    seconds = settings.seeds * (text + pretraining + settings.splits * len(SYSTEMS) * trials)
    return Estimate(seconds / 2 + 10, 500)


def run(settings: Settings, work: Work) -> Result:
    """Pretrain every variant with every seed, finetune all on every split of the tasks, judge the claims."""
    starts: findings.Starts = {system: [] for system in PRETRAINED}
    cells: findings.Cells = {system: [] for system in SYSTEMS}
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start: Checkpoint | None = None
        if system in PRETRAINED:
            start = zoo.pretrained(work, recipe_of(system, settings), seed, f"pretraining: {system}")
            starts[system].append(start)
        cells[system].append(
            [
                work.cell(
                    f"{system}, split {split}", measure, system, start, settings, split, seed, work.device, seed=seed
                )
                for split in range(settings.splits)
            ]
        )
    return findings.result(settings, cells, starts, work)
