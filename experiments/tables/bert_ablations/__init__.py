"""BERT's ablations: what does each part of its objective do for finetuning?

Encoders are pretrained on the same text for the same number of steps. Each differs from the first in one thing:

    80/10/10            a quarter of the tokens is predicted: 80% of them hidden, 10% replaced, 10% left as they are
    100/0/0             all of them hidden
    with next-sentence prediction
    contiguous spans    instead of single tokens
    rate 5%, 50%        instead of 25%

Then each is finetuned on CoLA, one of GLUE's tasks, and to answer questions with spans of a passage. The rates are
exact (see `MaskedLMAtExactRate`) in all of them, because spans are always drawn so. At equal steps a rate of 5% has a
tenth of the targets of 50%, which are shown beside the scores.

The encoder is the zoo's large one. The zoo's 20,000 steps for each variant are beyond the budget, so they stop early,
while the learning rate is still high, and their text has only the genres that teach what is measured (`NOT_READ`).
Random weights show where they start.

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
from experiments.lab.solving import Budget
from experiments.lab.worlds import Reading
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from experiments.tables.bert_ablations import findings
from experiments.tables.bert_ablations.measures import Measured, measure
from experiments.tables.bert_ablations.systems import (
    COLA,
    NOT_READ,
    RANDOM,
    READING,
    SCORES,
    SYSTEMS,
    VARIANTS,
    Settings,
    recipe_of,
)

TITLE = "BERT's ablations: masking, next-sentence prediction, spans"
LECTURE = "Details of masked LM; next-sentence prediction; extensions of BERT"

PRESETS = {
    "quick": Settings(
        seeds=1,
        splits=1,
        steps=60,
        reading=Reading(200_000, without=NOT_READ),
        finetuning=dict.fromkeys(SCORES, Budget(300, 40, (1e-3,))),
        zoo=FULL,
        n_dev=100,
        n_test=300,
    ),
    "full": Settings(
        seeds=3,
        splits=2,
        steps=3_000,
        reading=Reading(5_000_000, without=NOT_READ),
        finetuning={
            COLA: Budget(1_000, 200, (5e-4, 1e-3)),
            READING: Budget(8_000, 1_000, (5e-4, 1e-3)),
        },
        zoo=FULL,
    ),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on one core: 53 ms for a step of pretraining; for an example of finetuning 1 ms, and 1.5 ms for
    a question with its passage; 1 s to score a model, 2 µs to write a token of text. Two cores share the work."""
    text = settings.reading.n_tokens * 2e-6
    pretraining = len(VARIANTS) * settings.steps * 0.053
    finetuning = 0.0
    for task, budget in settings.finetuning.items():
        trials = len(budget.lrs) + settings.splits - 1
        finetuning += trials * (1 + budget.steps * budget.batch_size * (0.0015 if task == READING else 0.001))
    seconds = settings.seeds * (text + pretraining + len(SYSTEMS) * finetuning)
    return Estimate(seconds / 2 + 10, 500)


def run(settings: Settings, work: Work) -> Result:
    """Pretrain every variant with every seed, finetune all on every split of the tasks, judge the claims."""
    starts: findings.Starts = {system: [] for system in VARIANTS}
    cells: findings.Cells = {system: [] for system in SYSTEMS}
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start: Checkpoint | None = None
        if system != RANDOM:
            start = zoo.pretrained(work, recipe_of(system, settings), seed, f"pretraining: {system}")
            starts[system].append(start)
        of_splits: list[Measured] = []
        for split in range(settings.splits):
            first, key = (of_splits[0] if of_splits else None), f"{system}, split {split}"
            of_splits.append(
                work.cell(key, measure, system, start, settings, split, seed, work.device, first, seed=seed)
            )
        cells[system].append(of_splits)
    return findings.result(settings, cells, starts, work)
