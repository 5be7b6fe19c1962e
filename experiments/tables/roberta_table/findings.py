"""From the cells to claims, tables and figures."""

from dataclasses import asdict
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from experiments.evidence import claims, figures
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid, subtract
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
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
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS

Starts = dict[str, list[Checkpoint]]
"""Row → its pretrained checkpoints, one for each seed."""

Losses = dict[str, list[dict[str, float]]]
"""Row → what `text_losses` measured, for each seed."""

Cells = dict[tuple[str, str], list[list[dict[str, Any]]]]
"""Row and task → for each seed, what `finetune_on` found on each split."""

BLANKS = (*CLUE_BEFORE, *(f"{kind}, after" for kind in CLUE_AFTER), *SKILLS)
WORD_RELATIONS = ("category", "synonym", "antonym")
"""The blanks that ask for what inference needs: which word is a kind of, the same as, or the opposite of another."""


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
    texts = {
        "more-data-helps": ("with more text, and as many steps, the same encoder is better", more_data),
        "longer-helps": ("with more steps on the same text, the same encoder is better", longer),
        "roberta-over-bert": ("every row of RoBERTa is better than BERT, with the same encoder", over_bert),
    }
    return [
        claims.every(id, f"{text}, on the average of the tasks", parts, unit="score")
        for id, (text, parts) in texts.items()
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


def mean_of(look: dict[str, Any], kinds: tuple[str, ...]) -> float:
    """The mean of some probes at one look."""
    return float(np.mean([look[kind] for kind in kinds]))


# -- figures ----------------------------------------------------------------------------------------

COLOURS = dict(zip(ROWS, figures.COLOURS, strict=False))


def draw(settings: Settings, starts: Starts, grid: Grid, work: Work) -> None:
    """The table as dots, and what is learnt along pretraining."""
    work.figure(
        "scores",
        draw_scores(settings, grid),
        "The table as a picture. Above ours: a dot for each seed, a line for the mean. Below the lecture's.",
    )
    work.figure(
        "pretraining",
        draw_pretraining(starts),
        "What is learnt along pretraining, a line for each seed: accuracy on dev blanks against targets (tokens that "
        "carry loss). Left all kinds of blanks, right those that ask for a category, a synonym or an antonym. The rows "
        "with additional data are three places of the same training.",
    )


def draw_scores(settings: Settings, grid: Grid) -> Drawing:
    """A column of axes for each task; our scores above, the lecture's below."""
    tasks, places = list(settings.finetuning), np.arange(len(settings.rows))
    figure, axes = figures.subplots(2, len(tasks), size=(2.6 * len(tasks), 5.2), sharex=True, squeeze=False)
    for column, task in enumerate(tasks):
        ours, theirs = axes[:, column]
        for place, row in zip(places, settings.rows, strict=True):
            scores = [100 * value for value in grid.values(row, task, "score")]
            ours.scatter([place] * len(scores), scores, s=16, color=COLOURS[row])
            ours.hlines(np.mean(scores), place - 0.3, place + 0.3, color=COLOURS[row])
            theirs.scatter([place], [ROWS[row].scores[COLUMNS.index(task)]], s=24, color=COLOURS[row])
        ours.set_title(task)
        theirs.set_xticks(places, settings.rows, rotation=60, ha="right", fontsize="x-small")
        ours.margins(x=0.15)
    axes[0, 0].set_ylabel("ours (percent)")
    axes[1, 0].set_ylabel("lecture (percent)")
    return figure


def draw_pretraining(starts: Starts) -> Drawing:
    """Probes against targets: all blanks, and those of word relations."""
    figure, axes = figures.subplots(1, 2, size=(9.6, 3.8), sharey=True)
    for axis, kinds, title in zip(
        axes, (BLANKS, WORD_RELATIONS), ("all blanks", "category, synonym, antonym"), strict=True
    ):
        for row, of_seeds in starts.items():
            curves(axis, row, of_seeds, kinds)
        axis.set(title=title, xlabel="targets (tokens that carry loss)", ylim=(0, 1.03))
        axis.locator_params(axis="x", nbins=5)
    axes[0].set_ylabel("accuracy")
    axes[0].legend(fontsize="small", loc="lower right")
    return figure


def curves(axis: Axes, row: str, of_seeds: list[Checkpoint], kinds: tuple[str, ...]) -> None:
    """A line for each seed of a row."""
    for number, start in enumerate(of_seeds):
        looks = start.record["probes"]
        targets, values = [look["targets"] for look in looks], [mean_of(look, kinds) for look in looks]
        axis.plot(targets, values, linewidth=1, color=COLOURS[row], label=row if number == 0 else None)
