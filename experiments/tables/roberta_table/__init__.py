"""RoBERTa: what do more text and longer pretraining add, if the encoder does not change?

The lecture's five rows as data × batch × steps, at toy scale. One small encoder is pretrained in each of these ways and
finetuned on four tasks, with the same settings for all rows.

    RoBERTa with BOOKS + WIKI       a small text, read 105 times
    + additional data               the zoo's text, 200 times as much; a half of it is read
    + pretrain longer               3 times the steps: the zoo's own small encoder
    + pretrain even longer          5 times the steps
    BERT with BOOKS + WIKI          13/16 of the small text, small batches, next-sentence prediction

The small text is chosen for its passes: RoBERTa reads the lecture's 16GB about 130 times, BERT its 13GB about 40 times.
A larger one may not be small at all: in a trial on another world, 26 passes over 160,000 tokens led to the same loss on
other documents as the zoo's text did (2.18 and 2.20 nats, half-way through the 6,667 steps). In trials with the zoo's
encoder MNLI took about 1,500 steps to learn, and SQuAD was out of reach: the encoder finds what kind of word is asked
for, but not in which sentence it is.

systems.py    the settings, the five rows, finetuning
findings.py   claims, tables and figures

Sources: the lecture, "Extensions of BERT"; Liu et al. 2019, "RoBERTa: A Robustly Optimized BERT Pretraining Approach",
table 4.
"""

from itertools import product

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.roberta_table import findings
from experiments.tables.roberta_table.systems import (
    BERT,
    LONGER,
    MNLI,
    ROWS,
    SQUAD_1,
    SQUAD_2,
    SST_2,
    Budget,
    Settings,
    finetune_on,
    recipe_of,
    text_losses,
)

TITLE = "RoBERTa: more text, and longer"
LECTURE = "Extensions of BERT: more compute, more data"

PRESETS = {
    "quick": Settings(
        seeds=1,
        splits=1,
        zoo=FULL,
        rows=(LONGER, BERT),
        share_of_steps=0.6,
        finetuning={
            SQUAD_1: Budget(3_600, 200, (1e-3,)),
            SQUAD_2: Budget(5_300, 200, (1e-3,)),
            MNLI: Budget(16_000, 900, (4e-4,), batch_size=32),
            SST_2: Budget(2_700, 200, (1e-3,)),
        },
    ),
    "full": Settings(
        seeds=3,
        splits=2,
        zoo=FULL,
        rows=tuple(ROWS),
        finetuning={
            SQUAD_1: Budget(3_600, 300, (5e-4, 2e-3)),
            SQUAD_2: Budget(5_300, 300, (5e-4, 2e-3)),
            MNLI: Budget(16_000, 1_700, (4e-4, 8e-4), batch_size=32),
            SST_2: Budget(2_700, 200, (5e-4, 1e-3)),
        },
    ),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on one core, without the zoo's training: 4.6 ms for a step of pretraining and 11.5 µs for each
    of its tokens; for a step of finetuning 0.35 ms for each pair of texts, and 0.75 ms for each question with its
    passage; 1 s to draw a task and to score it. Two cores share the work."""
    pretraining = 0.0
    for row in settings.rows:
        recipe = recipe_of(row, settings)
        if recipe != settings.zoo.bert:
            pretraining += recipe.training.steps * (0.0046 + 11.5e-6 * recipe.reading.batch_tokens)
    finetuning = 0.0
    for column, budget in settings.finetuning.items():
        per_example = 0.00075 if column in (SQUAD_1, SQUAD_2) else 0.00035
        finetuning += 1 + len(budget.lrs) * budget.steps * budget.batch_size * per_example
    total = settings.seeds * (pretraining + settings.splits * len(settings.rows) * finetuning)
    return Estimate(total / 2 + 10, 500)


def run(settings: Settings, work: Work) -> Result:
    """Pretrain each row with every seed, finetune it on every task and split of its labels, judge the claims."""
    starts: findings.Starts = {row: [] for row in settings.rows}
    losses: findings.Losses = {row: [] for row in settings.rows}
    cells: findings.Cells = {place: [] for place in product(settings.rows, settings.finetuning)}
    for seed, row in product(range(settings.seeds), settings.rows):
        start = zoo.pretrained(work, recipe_of(row, settings), seed, f"pretraining: {row}")
        starts[row].append(start)
        losses[row].append(work.cell(f"loss: {row}", text_losses, row, start, settings, seed, seed=seed))
        for column in settings.finetuning:
            cells[row, column].append(
                [
                    work.cell(
                        f"{column}, split {split}: {row}",
                        finetune_on,
                        column,
                        row,
                        start,
                        settings,
                        split,
                        seed,
                        work.device,
                        seed=seed,
                    )
                    for split in range(settings.splits)
                ]
            )
    return findings.result(settings, starts, losses, cells, work)
