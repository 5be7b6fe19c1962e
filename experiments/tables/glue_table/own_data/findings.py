"""From the cells to the claim, the tables and the costs."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab.own_data.data import HELD_OUT, MOST_HELD_OUT
from experiments.lab.own_data.finetuning import columns
from experiments.lab.own_data.tasks import TASKS, Task
from experiments.running.contract import OwnFiles
from experiments.running.work import Checkpoint
from experiments.tables.glue_table.own_data.systems import PRETRAINED, SYSTEMS, Settings, architecture_of

Cells = Mapping[tuple[str, str, int], Mapping[str, Any]]
"""System, task and seed → what was measured."""
Records = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed."""
AVERAGE = "average"


def result(settings: Settings, files: OwnFiles, text: Checkpoint, records: Records, cells: Cells) -> Result:
    """The whole result."""
    grid = scores(settings, cells)
    steps = settings.reading.steps(text.record["tokens"])
    return Result(
        lecture_says="Finetuned BERT is better on every task of GLUE than GPT, which reads from the left only.",
        tables=[score_table(settings, grid), pretraining_table(text, records)],
        claims=[judge(grid)],
        configs={
            "files": asdict(files),
            "corpus": dict(text.record),
            **{system: asdict(architecture_of(system, text, settings).config) for system in PRETRAINED},
            "pretraining": {"steps": steps, "context": settings.reading.context, "lr": settings.lr},
        },
        sweep=[
            {"system": system, "task": task, "seed": seed, **trial}
            for (system, task, seed), cell in cells.items()
            for trial in cell["trials"]
        ],
        parameters={each: architecture_of(each, text, settings).untrained(0).num_parameters() for each in SYSTEMS},
        tokens=dict.fromkeys(PRETRAINED, steps * settings.reading.batch_tokens * settings.seeds),
    )


def scores(settings: Settings, cells: Cells) -> Grid:
    """For each system and column, and for the average of the main ones, `score`: a number for each seed."""
    grid = Grid()
    for (system, task, _), cell in cells.items():
        for name in columns(TASKS[task]):
            grid[system, f"{task} {name}"].append({"score": cell["scores"][name]})
    for system in SYSTEMS:
        of_columns = [grid.values(system, name, "score") for task in settings.tasks for name in main_columns(task)]
        for values in zip(*of_columns, strict=True):
            grid[system, AVERAGE].append({"score": statistics.fmean(values)})
    return grid


def main_columns(task: Task) -> list[str]:
    """The main metric on each dev set, as in the lecture's average."""
    main = next(iter(task.metrics))
    return [f"{task.name} {name}" for name in columns(task) if name.split(",")[0] == main]


def judge(grid: Grid) -> Claim:
    """The lecture's claim, on the average."""
    gains = {
        f"{above} over {below}": grid.differences(above, below, AVERAGE, "score") for below, above in pairwise(SYSTEMS)
    }
    return claims.every("order-of-averages", "the averages rise: random start < GPT < BERT", gains, unit="score")


def score_table(settings: Settings, grid: Grid) -> Table:
    """Systems × the data sets' own scores."""
    names = [f"{task.name} {name}" for task in settings.tasks for name in columns(task)]
    caption = (
        f"Scores on the dev examples, in percent. Finetuning's learning rate and number of steps are chosen on "
        f"{HELD_OUT:.0%} of the training examples, at most {MOST_HELD_OUT:,}, which are held out. The average is over "
        "each dev set's main score"
    )
    return grid.table(
        caption, "score", first="system", names={name: name for name in (*names, AVERAGE)}, scale=100, digits=1
    )


def pretraining_table(text: Checkpoint, records: Records) -> Table:
    """How far pretraining came."""
    rows: list[list[Entry]] = [
        [system, of_seeds[0].record["targets"], [start.record["losses"][-1] for start in of_seeds]]
        for system, of_seeds in records.items()
    ]
    caption = (
        f"Pretraining on {text.record['tokens']:,} tokens of the corpus: the tokens that carried loss, and the loss at "
        f"the end in nats. A model that knows only the frequencies of the {text.record['vocab_size']:,} pieces has "
        f"{text.record['unigram_entropy']:.2f}"
    )
    return Table(caption, ["system", "targets", "loss"], rows)
