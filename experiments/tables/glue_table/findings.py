"""From the scores to claims, tables, figures and costs."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
from experiments.tables.glue_table import drawings
from experiments.tables.glue_table.scores import AVERAGE, Records, averaged_over_splits, constant_answer, over_splits
from experiments.tables.glue_table.systems import (
    AVERAGED,
    BERT,
    COLUMNS,
    EARLY_GPT,
    ELMO,
    GPT,
    LARGE,
    MNLI,
    NO_CONTEXT,
    OTHER_TASKS,
    ROWS,
    WITHOUT_CONTEXT,
    Column,
    Settings,
    system_of,
    trials_of,
)
from experiments.text.toy_world.tasks.example import SAME_WORDS

Starts = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed."""

TASKS = (MNLI, *OTHER_TASKS)
LECTURE: dict[str, list[Entry]] = {
    NO_CONTEXT: [80.6, 80.1, 66.1, None, 82.3, 93.2, 35.0, 81.0, 86.0, 61.7, 74.0],
    ELMO: [76.4, 76.1, 64.8, None, 79.8, 90.4, 36.0, 73.3, 84.9, 56.8, 71.0],
    GPT: [82.1, 81.4, 70.3, None, 87.4, 91.3, 45.4, 80.0, 82.3, 56.0, 75.1],
    BERT: [84.6, 83.4, 71.2, None, 90.5, 93.5, 52.1, 85.8, 88.9, 66.4, 79.6],
    LARGE: [86.7, 85.9, 72.1, None, 92.7, 94.9, 60.5, 86.5, 89.3, 70.1, 82.1],
}
"""The lecture's figures, in the order of `COLUMNS`, then the average. Of QQP it has only one, which is F1."""
SWEPT = ("lr", "dev_score", "dev_loss", "steps")
"""What a result's sweep shows of each trial."""

SEEDS_DIFFER = (
    "In the preset full GPT beats ELMo with every seed, by 8.6 points on average. Its neighbours are too close for "
    "three seeds. BERT-base is better than GPT on QQP, SST-2 and CoLA, and worse on MNLI, above all in the mismatched "
    "genres (46 against 56). BERT-large is ahead of BERT-base by 15, 6 and 0 points: whether finetuning finds out how "
    "to compare two texts is a matter of the seed (MNLI 81, 64 and 64; QNLI 92, 61 and 73)."
)
FEW_TARGETS = (
    "After as many steps the averages are equal: what BERT-base gains on QQP, SST-2 and CoLA it loses on MNLI. After "
    "as many targets BERT-base is ahead by 12, 0 and 10 points: after so few, GPT has learnt SST-2 with two seeds of "
    "three (49, 84 and 88), and CoLA best with the second (35, 78 and 55)."
)
TOO_FEW_LABELS = (
    "STS-B and MRPC have 233 and 143 training examples, in GLUE's proportions. With so few, no row is above one "
    "constant answer on MRPC (67), and the best on STS-B is the BiLSTM on ELMo (31). BERT-large has the highest mean "
    "on MNLI-m, QNLI, SST-2, CoLA and RTE, but its seeds differ too much to separate it from the next best."
)


def result(settings: Settings, records: Records, starts: Starts, work: Work) -> Result:
    """The table's whole result."""
    grid = averaged_over_splits(settings, records)
    drawings.draw(grid, LECTURE, work)
    tables = [main_table(settings, grid), without_context_table(grid), same_words_table(settings, records)]
    if settings.equal_targets:
        tables.insert(1, equal_targets_table(grid, starts))
    return Result(
        lecture_says=(
            "Finetuned BERT is better on every task of GLUE than the best earlier system, than a BiLSTM on ELMo, and "
            "than GPT, which reads from the left only; and the larger BERT is better than the smaller one."
        ),
        tables=tables,
        claims=judge(settings, grid),
        configs={
            **{system: zoo.described(system_of(system, settings).recipe) for system in starts},
            "finetuning": {
                task: asdict(trials_of(GPT, task, settings)[0]) | {"lr": "chosen on MNLI's dev examples"}
                for task in TASKS
            },
        },
        sweep=[
            {"system": system, "task": task, "seed": seed, "split": split, **{name: trial[name] for name in SWEPT}}
            for (system, task, seed, split), record in records.items()
            for trial in record["trials"]
        ],
        parameters={
            system: system_of(system, settings).recipe.untrained(0).num_parameters() for system in settings.systems
        },
        tokens={system: zoo.tokens_read(of_seeds) for system, of_seeds in starts.items() if system != EARLY_GPT},
    )


# -- claims -----------------------------------------------------------------------------------------


def judge(settings: Settings, grid: Grid) -> list[Claim]:
    """The lecture's claims."""

    def gain(above: str, below: str, column: str = AVERAGE) -> list[float]:
        return grid.differences(above, below, column, "score")

    both_sides = {"after as many steps": gain(BERT, GPT)}
    if settings.equal_targets:
        both_sides["after as many targets"] = gain(BERT, EARLY_GPT)
    return [
        claims.every(
            "order-of-averages",
            "the averages rise from row to row: no pretrained context < ELMo < GPT < BERT-base < BERT-large",
            {f"{above} over {below}": gain(above, below) for below, above in pairwise(ROWS)},
            unit="points",
            explanation=SEEDS_DIFFER,
        ),
        claims.every(
            "both-sides",
            "BERT-base has a higher average than GPT, which has the same size, after as many steps and after as many "
            "targets",
            both_sides,
            unit="points",
            explanation=FEW_TARGETS,
        ),
        claims.every(
            "best-everywhere",
            "BERT-large beats the best of the other rows in every column that the average counts",
            {
                f"{column}, over {other}": gain(LARGE, other, column)
                for column in AVERAGED
                for other in [best_of(grid, column, ROWS[:-1])]
            },
            unit="points",
            explanation=TOO_FEW_LABELS,
        ),
    ]


def best_of(grid: Grid, column: str, rows: Sequence[str]) -> str:
    """The row with the highest mean over seeds."""
    return max(rows, key=lambda row: statistics.fmean(grid.values(row, column, "score")))


# -- tables -----------------------------------------------------------------------------------------


def main_table(settings: Settings, grid: Grid) -> Table:
    """The lecture's rows and columns, with its figures beside ours, and what the best constant answer has."""
    columns = [*COLUMNS, AVERAGE]
    names = [heading(name, settings) for name in COLUMNS]
    rows: list[list[Entry]] = [[row, *(grid.values(row, column, "score") for column in columns)] for row in ROWS]
    constant = {name: constant_answer(column) for name, column in COLUMNS.items()}
    rows.append(["the same answer always", *constant.values(), statistics.fmean(constant[name] for name in AVERAGED)])
    beside: list[list[Entry]] = [[row, *LECTURE[row]] for row in ROWS]
    beside.append(["the same answer always", *[None] * len(columns)])
    caption = (
        "Test scores in percent, in words that no training example has; the headings give the number of training "
        "examples, in GLUE's proportions. MNLI, QNLI, SST-2, RTE: accuracy; QQP, MRPC: F1; CoLA: Matthews correlation; "
        "STS-B: Spearman correlation. As in the lecture, the average is over all columns but QQP's accuracy. The "
        "lecture's first row, which it calls Pre-OpenAI SOTA, holds each task's best earlier system, some of them "
        "pretrained; ours holds the better on dev of a BiLSTM on word vectors and a Transformer with a random start"
    )
    return Table(caption, ["system", *names, AVERAGE], rows, beside, digits=1)


def heading(name: str, settings: Settings) -> str:
    """`MNLI-m (16,000)`."""
    return f"{name} ({settings.train_sizes[COLUMNS[name].task]:,})"


def equal_targets_table(grid: Grid, starts: Starts) -> Table:
    """GPT after as many steps as BERT-base, and after as many targets."""
    columns = (*COLUMNS, AVERAGE)
    rows: list[list[Entry]] = []
    for system in (GPT, EARLY_GPT, BERT):
        targets: Entry = [start.record["targets"] / 1e6 for start in starts[system]]
        rows.append([system, targets, *(grid.values(system, column, "score") for column in columns)])
    caption = (
        "At equal numbers of targets, the tokens that carry loss. BERT-base reads as much text as GPT, but predicts "
        "only the hidden tokens; the second row is GPT where it had seen about as many targets as BERT-base in its "
        "whole training. Test scores in percent"
    )
    return Table(caption, ["system", "million targets", *columns], rows, digits=1)


def without_context_table(grid: Grid) -> Table:
    """The two systems of which the row without pretrained context takes the better on dev."""
    names = {name: name for name in (*COLUMNS, AVERAGE)}
    rows: list[list[Entry]] = [
        [system, *(grid.values(system, name, "score") for name in names)] for system in WITHOUT_CONTEXT
    ]
    return Table("The systems without pretrained context. Test scores in percent", ["system", *names], rows, digits=1)


def same_words_table(settings: Settings, records: Records) -> Table:
    """The same columns with test examples in the words of the training examples."""
    columns = {name: Column(each.task, SAME_WORDS, each.metric) for name, each in COLUMNS.items() if name != "MNLI-mm"}

    systems = (*WITHOUT_CONTEXT, ELMO, GPT, BERT, LARGE)
    rows: list[list[Entry]] = [
        [system, *(over_splits(settings, records, system, column) for column in columns.values())] for system in systems
    ]
    caption = (
        "New examples in the words of the training examples. What is right here and wrong above was learnt about these "
        "words alone, and not from the text of pretraining. Test scores in percent"
    )
    return Table(caption, ["system", *columns], rows, digits=1)
