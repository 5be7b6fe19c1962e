"""From scores to claims and tables."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
from experiments.tables.bert_ablations import drawings
from experiments.tables.bert_ablations.measures import Measured
from experiments.tables.bert_ablations.systems import (
    BASE,
    COLA,
    NEXT_SENTENCE,
    ONLY_MASKS,
    RATES,
    READING,
    SCORES,
    SPANS,
    SYSTEMS,
    VARIANTS,
    Settings,
    recipe_of,
)
from experiments.text.toy_world.tasks.blanks import CLUE_BEFORE, SKILLS

Starts = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed."""

Cells = dict[str, list[list[Measured]]]
"""System → for each seed, for each split of the tasks what was measured."""

MARGIN = 0.01
"""Not needed: without it, a score is at most this much lower."""

BERT_BASE = 52.1
"""The lecture's figure on CoLA of BERT-base, which was pretrained with next-sentence prediction and a rate of 15%."""

TOO_SHORT = 2_500
"""Below so many steps of pretraining most skills are at chance, at every rate; see `fill_in_the_blank`."""


def result(settings: Settings, cells: Cells, starts: Starts, work: Work) -> Result:
    """The table's whole result."""
    grid = means(cells)
    drawings.draw(grid, starts, work)
    return Result(
        lecture_says=(
            "BERT predicts 15% of the tokens. It hides 80% of them, replaces 10% and leaves 10% as they are, so that "
            "the model also represents well what is not hidden. It also predicts whether one text follows the other. "
            "Later work found this not necessary (RoBERTa), and contiguous spans harder to predict and more useful "
            "(SpanBERT)."
        ),
        tables=[score_table(cells, grid), pretraining_table(starts)],
        claims=judge(settings, grid),
        configs={
            **{system: zoo.described(recipe_of(system, settings)) for system in VARIANTS},
            "finetuning": {task: asdict(budget) for task, budget in settings.finetuning.items()},
        },
        sweep=[
            {"system": system, "seed": seed, "split": split, "task": task, **trial}
            for system, of_seeds in cells.items()
            for seed, of_splits in enumerate(of_seeds)
            for split, measured in enumerate(of_splits)
            for task, record in measured.items()
            for trial in record["trials"]
        ],
        parameters={s: recipe_of(s, settings).untrained(0).num_parameters() for s in SYSTEMS},
        tokens={system: zoo.tokens_read(of_seeds) for system, of_seeds in starts.items()},
    )


def means(cells: Cells) -> Grid:
    """The score of each task; of each seed the mean over its splits."""
    grid = Grid()
    for system, of_seeds in cells.items():
        for of_splits in of_seeds:
            for task in SCORES:
                grid[system, task].append({"score": float(np.mean([split[task]["score"] for split in of_splits]))})
    return grid


# -- claims -----------------------------------------------------------------------------------------


def judge(settings: Settings, grid: Grid) -> list[Claim]:
    """The lecture's claims."""
    explanation = too_short(settings)

    def gain(above: str, below: str, task: str) -> list[float]:
        return grid.differences(above, below, task, "score")

    return [
        claims.every(
            "next-sentence-not-needed",
            f"without next-sentence prediction the scores are at most {MARGIN:g} lower than with it",
            {name: [each + MARGIN for each in gain(BASE, NEXT_SENTENCE, task)] for task, name in SCORES.items()},
            unit="score",
            explanation=explanation,
        ),
        claims.holds(
            "spans-help-extraction",
            "hiding contiguous spans helps to find answers in a passage (F1), at the same masking rate",
            gain(SPANS, BASE, READING),
            unit="F1",
            explanation=explanation,
        ),
        claims.every(
            "rate-optimum-inside",
            "the best masking rate lies inside the range: a rate of 25% beats 5% and 50%",
            {
                f"{name}, over {end:.0%}": gain(BASE, RATES[end], task)
                for task, name in SCORES.items()
                for end in (min(RATES), max(RATES))
            },
            unit="score",
            explanation=explanation,
        ),
        claims.every(
            "replacing-helps",
            "80/10/10 finetunes better than hiding all the tokens that are predicted",
            {name: gain(BASE, ONLY_MASKS, task) for task, name in SCORES.items()},
            unit="score",
            explanation=explanation,
        ),
    ]


def too_short(settings: Settings) -> str:
    """What a preset with few steps has to say of its numbers."""
    if settings.steps >= TOO_SHORT:
        return ""
    return (
        f"The variants were pretrained for {settings.steps:,} steps. That is far below the transitions at which skills "
        f"are learnt, which need about {TOO_SHORT:,} or more, so all of them are hardly better than random weights "
        "and the differences say nothing. The preset full compares them."
    )


# -- tables -----------------------------------------------------------------------------------------


def score_table(cells: Cells, grid: Grid) -> Table:
    """Systems × tasks."""

    def exact_match(splits: Sequence[Measured]) -> float:
        return float(np.mean([100 * measured[READING]["scores"]["exact_match"] for measured in splits]))

    rows: list[list[Entry]] = []
    for system in SYSTEMS:
        matthews, f1 = ([100 * value for value in grid.values(system, task, "score")] for task in (COLA, READING))
        rows.append([system, matthews, [exact_match(splits) for splits in cells[system]], f1])
    beside: list[list[Entry]] = [
        [system, BERT_BASE if system == NEXT_SENTENCE else None, None, None] for system in SYSTEMS
    ]
    caption = (
        "Test scores in percent: Matthews' correlation for CoLA; exact match (EM) and F1 of answers to questions about "
        "a passage. The lecture's figure is that of BERT-base"
    )
    return Table(caption, ["pretraining", COLA, "EM", "F1"], rows, beside, digits=1)


def pretraining_table(starts: Starts) -> Table:
    """What each variant had: steps and targets; and what it had learnt."""
    skills = ["syntax", "coreference", "tracking", "category", "verb", "synonym"]
    assert set(skills) <= {*CLUE_BEFORE, *SKILLS}
    rows: list[list[Entry]] = []
    for system, of_seeds in starts.items():
        last = [start.record["probes"][-1] for start in of_seeds]
        row: list[Entry] = [system, last[0]["steps"], [look["targets"] / 1e6 for look in last]]
        rows.append([*row, *([100 * look[skill] for look in last] for skill in skills)])
    caption = "Pretraining: steps, millions of targets, and the accuracy in percent on blanks from dev texts at its end"
    return Table(caption, ["pretraining", "steps", "targets", *skills], rows, digits=2)
