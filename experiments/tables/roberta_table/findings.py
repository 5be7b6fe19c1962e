"""From the cells to claims, tables and figures."""

from dataclasses import asdict
from typing import Any

import numpy as np

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid, subtract
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
from experiments.tables.roberta_table.drawings import BLANKS, WORD_RELATIONS, draw, mean_of
from experiments.tables.roberta_table.systems import (
    BERT,
    BOOKS_AND_WIKI,
    COLUMNS,
    EVEN_LONGER,
    LONGER,
    MORE_DATA,
    ROBERTA,
    ROWS,
    Settings,
    recipe_of,
)

Starts = dict[str, list[Checkpoint]]
"""Row → its pretrained checkpoints, one for each seed."""

Losses = dict[str, list[dict[str, float]]]
"""Row → what `text_losses` measured, for each seed."""

Cells = dict[tuple[str, str], list[list[dict[str, Any]]]]
"""Row and task → for each seed, what `finetune_on` found on each split."""

LEARNT_BY_HEART = (
    "In the preset full all seeds gain, but by 21, 5 and 5 points. The losses are clearer: after the small text masked "
    "LM has 2.4 nats on other documents and 1.0 on its own, which it knows by heart; after the zoo's text 1.7 on both."
)
FINETUNING_DECIDES = (
    "In the preset full pretraining itself improves with every seed: the loss on other documents falls from 1.7 to "
    "1.5 and 1.3 nats, the accuracy on blanks rises from 71 to 87 and 91%. MNLI gains 11 points from the first place "
    "to the second. The rest depends on finetuning. SQuAD's scores are about 60 where a reader finds people alone (so "
    "it was on another world), and 90 or more where it finds things too; in 1,000 steps, the rows with additional "
    "data reach that with some seeds and splits, and not with others. With the weights of the end, MNLI has 53 after "
    "700 steps of finetuning; in `glue_table`, after 3,000, it has 70."
)


def result(settings: Settings, starts: Starts, losses: Losses, cells: Cells, work: Work) -> Result:
    """The table's whole result."""
    grid = by_seed(cells)
    recipes = {row: recipe_of(row, settings) for row in settings.rows}
    draw(settings, starts, grid, work)
    return Result(
        lecture_says=(
            "RoBERTa is BERT's encoder without next-sentence prediction, trained on more text and for longer: each row "
            "is better than the one before on all of the tasks. More compute and more data improve pretraining even "
            "if the encoder underneath does not change."
        ),
        tables=[score_table(settings, starts, grid), pretraining_table(settings, starts, losses)],
        claims=judge(settings, grid),
        configs={
            **{row: zoo.described(recipe) for row, recipe in recipes.items()},
            "finetuning": {task: asdict(budget) for task, budget in settings.finetuning.items()},
        },
        sweep=[
            {"row": row, "task": task, "seed": seed, "split": split, **trial}
            for (row, task), seeds in cells.items()
            for seed, splits in enumerate(seeds)
            for split, cell in enumerate(splits)
            for trial in cell["trials"]
        ],
        parameters={row: recipe.untrained(0).num_parameters() for row, recipe in recipes.items()},
        tokens={row: zoo.tokens_read(of_seeds) for row, of_seeds in starts.items()},
    )


def by_seed(cells: Cells) -> Grid:
    """The score of each row on each task: the mean over splits, one number for each seed."""
    grid = Grid()
    for (row, task), seeds in cells.items():
        for splits in seeds:
            grid[row, task].append({"score": float(np.mean([cell["score"] for cell in splits]))})
    return grid


# -- claims -----------------------------------------------------------------------------------------


def judge(settings: Settings, grid: Grid) -> list[Claim]:
    """The lecture's claims, on the average of the four tasks; those for which the preset measures the rows."""

    def gains(pairs: dict[str, tuple[str, str]]) -> dict[str, list[float]]:
        """The differences of averages for each pair of rows that are measured."""
        return {
            name: subtract(average(settings, grid, above), average(settings, grid, below))
            for name, (above, below) in pairs.items()
            if above in settings.rows and below in settings.rows
        }

    more_data = gains({"additional data": (MORE_DATA, BOOKS_AND_WIKI)})
    longer = gains({LONGER: (LONGER, MORE_DATA), EVEN_LONGER: (EVEN_LONGER, LONGER)})
    over_bert = gains({row: (row, BERT) for row in ROBERTA})
    found = {
        "more-data-helps": (
            "with more text, and as many steps, the same encoder is better",
            more_data,
            LEARNT_BY_HEART,
        ),
        "longer-helps": ("with more steps on the same text, the same encoder is better", longer, FINETUNING_DECIDES),
        "roberta-over-bert": ("every row of RoBERTa is better than BERT, with the same encoder", over_bert, ""),
    }
    return [
        claims.every(id, f"{text}, on the average of the tasks", parts, unit="score", explanation=explanation)
        for id, (text, parts, explanation) in found.items()
        if parts
    ]


def average(settings: Settings, grid: Grid, row: str) -> list[float]:
    """The mean of a row's scores, a number for each seed."""
    return grid.average(row, list(settings.finetuning), "score")


# -- tables -----------------------------------------------------------------------------------------


def score_table(settings: Settings, starts: Starts, grid: Grid) -> Table:
    """The lecture's table: data, batch, steps and scores of each row."""
    tasks = list(settings.finetuning)
    rows: list[list[Entry]] = []
    lecture: list[list[Entry]] = []
    for row in settings.rows:
        recipe, theirs = recipe_of(row, settings), ROWS[row]
        reading = recipe.reading
        steps = steps_of(row, settings, starts[row][0])
        how = [f"{reading.n_tokens:,} tokens", f"{reading.batch_tokens:,} tokens", f"{steps:,}"]
        scores = [[100 * value for value in grid.values(row, task, "score")] for task in tasks]
        rows.append([row, *how, *scores, [100 * value for value in average(settings, grid, row)]])
        published = dict(zip(COLUMNS, theirs.scores, strict=True))
        lecture.append([row, theirs.data, theirs.batch, theirs.steps, *(published[task] for task in tasks), None])
    caption = (
        "Test scores in percent: F1 for SQuAD, accuracy for the others. Guessing gets 33 on MNLI and 50 on SST-2; "
        "answering no question gets 40 on SQuAD v2.0. All rows have the zoo's large encoder; the lecture's have "
        "BERT-large's, and its batches count sequences of up to 512 tokens. Steps are those of seed 0"
    )
    return Table(caption, ["pretraining", "text", "batch", "steps", *tasks, "average"], rows, lecture, digits=1)


def steps_of(row: str, settings: Settings, start: Checkpoint) -> int:
    """How many steps of pretraining a row's weights have had."""
    return int(start.record.get("steps", recipe_of(row, settings).training.last_step))


def pretraining_table(settings: Settings, starts: Starts, losses: Losses) -> Table:
    """How much each row reads, and what it has learnt at the end."""
    rows: list[list[Entry]] = []
    for row, of_seeds in starts.items():
        n_tokens, records = recipe_of(row, settings).reading.n_tokens, [start.record for start in of_seeds]
        rows.append(
            [
                row,
                [record["tokens_read"] / 1e6 for record in records],
                [record["tokens_read"] / n_tokens for record in records],
                [record["targets"] / 1e6 for record in records],
                [found["read"] for found in losses[row]],
                [found["held_out"] for found in losses[row]],
                [100 * mean_of(record["probes"][-1], BLANKS) for record in records],
                [100 * mean_of(record["probes"][-1], WORD_RELATIONS) for record in records],
            ]
        )
    columns = [
        "pretraining", "millions of tokens read", "passes", "millions of targets", "loss on the text",
        "loss on other documents", "blanks", "of word relations",
    ]  # fmt: skip
    caption = (
        "Pretraining. Passes count how often the text is read; targets are tokens that carry loss. Losses of masked LM "
        "in nats, on the first documents of the text and on documents that it does not have. Blanks: the accuracy in "
        "percent over all kinds of dev blanks, and over those that ask for a category, a synonym or an antonym"
    )
    return Table(caption, columns, rows, digits=2)
