"""RoBERTa: what do more text and longer pretraining add, if the encoder does not change?

The lecture's five rows as data × batch × steps, at toy scale. The zoo's large encoder is pretrained in each of these
ways and finetuned on four tasks, with the same settings for all rows.

    RoBERTa with BOOKS + WIKI       a small text, read more than a hundred times, until 1 million targets
    + additional data               the zoo's text, 320 times as much, until 1 million targets
    + pretrain longer               2 million
    + pretrain even longer          3.8 million: the zoo's large encoder
    BERT with BOOKS + WIKI          13/16 of the small text, small batches, next-sentence prediction

Targets are the tokens that carry loss. All of RoBERTa's rows have the learning rates of one training, and the last has
its end. The lecture's steps grow as 1 : 3 : 5, ours as 1 : 2 : 3.8, because the zoo keeps the weights of these places,
so only the rows with the small text are trained for this table. That text is chosen for its passes: RoBERTa reads the
lecture's 16GB about 130 times, BERT its 13GB about 40 times.

systems.py    the settings, the five rows, finetuning
findings.py   claims and tables
drawings.py   figures

Sources: the lecture, "Extensions of BERT"; Liu et al. 2019, "RoBERTa: A Robustly Optimized BERT Pretraining Approach",
table 4.
"""

from itertools import product
from typing import Any

from experiments.evidence.results import Result
from experiments.lab.solving import Budget
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.roberta_table import findings
from experiments.tables.roberta_table.systems import (
    BERT,
    EVEN_LONGER,
    MNLI,
    ROWS,
    SQUAD_1,
    SQUAD_2,
    SST_2,
    SWEPT_WITH,
    Settings,
    finetune_on,
    pretrained,
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
        rows=(EVEN_LONGER, BERT),
        steps_of_first=160,
        finetuning={
            SQUAD_1: Budget(2_000, 250, (1e-3,)),
            SQUAD_2: Budget(2_000, 200, (1e-3,)),
            MNLI: Budget(8_000, 200, (5e-4,), batch_size=32),
            SST_2: Budget(1_000, 100, (1e-3,)),
        },
    ),
    "full": Settings(
        seeds=3,
        splits=2,
        zoo=FULL,
        rows=tuple(ROWS),
        finetuning={
            SQUAD_1: Budget(8_000, 1_000, (5e-4, 1e-3)),
            SQUAD_2: Budget(8_000, 1_000, (5e-4, 1e-3)),
            MNLI: Budget(16_000, 700, (2.5e-4, 5e-4), batch_size=32),
            SST_2: Budget(1_000, 200, (5e-4, 1e-3)),
        },
    ),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on one core, without the zoo's training: 6 ms for a step of pretraining and 37 µs for each of
    its tokens; for a step of finetuning 0.85 ms for each pair of texts, and 1.5 ms for each question with its passage;
    1 s to draw a task and to score it. Two cores share the work."""
    pretraining = 0.0
    for row in settings.rows:
        recipe = recipe_of(row, settings)
        if recipe != settings.zoo.bert_large:
            pretraining += recipe.training.last_step * (0.006 + 37e-6 * recipe.reading.batch_tokens)
    finetuning, swept = 0.0, set()
    for column, budget in settings.finetuning.items():
        per_example = 0.0015 if column in (SQUAD_1, SQUAD_2) else 0.00085
        sweep = SWEPT_WITH.get(column, column)
        trials = settings.splits + (0 if sweep in swept else len(budget.lrs) - 1)
        swept.add(sweep)
        finetuning += settings.splits + trials * budget.steps * budget.batch_size * per_example
    total = settings.seeds * (pretraining + len(settings.rows) * finetuning)
    return Estimate(total / 2 + 10, 500)


def run(settings: Settings, work: Work) -> Result:
    """Pretrain each row with every seed, finetune it on every task and split of its labels, judge the claims."""
    starts: findings.Starts = {row: [] for row in settings.rows}
    losses: findings.Losses = {row: [] for row in settings.rows}
    cells: findings.Cells = {place: [] for place in product(settings.rows, settings.finetuning)}
    for seed, row in product(range(settings.seeds), settings.rows):
        start = pretrained(row, settings, work, seed)
        starts[row].append(start)
        losses[row].append(work.cell(f"loss: {row}", text_losses, row, start, settings, seed, seed=seed))
        first: dict[str, Any] = {}  # task → what was found on its first split, with the learning rate that dev chose
        for column in settings.finetuning:
            of_splits: list[dict[str, Any]] = []
            for split in range(settings.splits):
                key, sweep = f"{column}, split {split}: {row}", SWEPT_WITH.get(column, column)
                of_sweep, device = first.get(sweep), work.device
                found = work.cell(
                    key, finetune_on, column, row, start, settings, split, seed, device, of_sweep, seed=seed
                )
                first.setdefault(sweep, found)
                of_splits.append(found)
            cells[row, column].append(of_splits)
    return findings.result(settings, starts, losses, cells, work)
