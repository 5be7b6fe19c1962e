"""From the cells to the claim, the tables and the costs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Condition, Grid
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab.own_data.data import HELD_OUT, MOST_HELD_OUT
from experiments.lab.own_data.finetuning import columns
from experiments.running.contract import OwnFiles
from experiments.running.work import Checkpoint
from experiments.tables.pretrain_finetune.own_data.systems import Settings, architecture_of
from experiments.tables.pretrain_finetune.systems import FROM_TO, LSTM, PRETRAINED, SYSTEMS, TRANSFORMER

Cells = Mapping[tuple[str, int], Mapping[str, Any]]
"""System and seed → what was measured."""
Records = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed."""


def result(settings: Settings, files: OwnFiles, text: Checkpoint, records: Records, cells: Cells) -> Result:
    """The whole result."""
    grid = Grid()
    for (system, _), cell in cells.items():
        for name in columns(settings.task):
            grid[system, name].append({"score": cell["scores"][name]})
    steps = settings.reading.steps(text.record["tokens"])
    n_tokens = steps * settings.reading.batch_tokens * settings.seeds
    return Result(
        lecture_says="Pretraining on text without labels gives finetuning a better place to start from.",
        tables=[score_table(settings, grid), pretraining_table(settings, text, records)],
        claims=[judge(settings, grid)],
        configs={
            "files": asdict(files),
            "corpus": dict(text.record),
            **{system: asdict(architecture_of(system, text, settings).config) for system in (LSTM, TRANSFORMER)},
            "pretraining": {"steps": steps, "context": settings.reading.context, "lr": dict(settings.lrs)},
        },
        sweep=[
            {"system": system, "seed": seed, **trial}
            for (system, seed), cell in cells.items()
            for trial in cell["trials"]
        ],
        parameters={each: architecture_of(each, text, settings).untrained(0).num_parameters() for each in SYSTEMS},
        tokens=dict.fromkeys(PRETRAINED, n_tokens),
    )


def judge(settings: Settings, grid: Grid) -> Claim:
    """The lecture's claim, on the main score."""
    main = columns(settings.task)[0]
    gains = {
        architecture: grid.differences(pretrained, random, main, "score")
        for architecture, (random, pretrained) in FROM_TO.items()
    }
    return claims.every("pretrained-beats-random", "a pretrained start beats a random one", gains, unit=main)


def score_table(settings: Settings, grid: Grid) -> Table:
    """Systems × the task's own scores."""
    caption = (
        f"{settings.task.name}: scores on the dev examples, in percent. Finetuning's learning rate and number of "
        f"steps are chosen on {HELD_OUT:.0%} of the training examples, at most {MOST_HELD_OUT:,}, which are held out"
    )
    names: dict[Condition, str] = {name: name for name in columns(settings.task)}
    return grid.table(caption, "score", first="start", names=names, scale=100, digits=1)


def pretraining_table(settings: Settings, text: Checkpoint, records: Records) -> Table:
    """How far pretraining came."""
    rows: list[list[Entry]] = [
        [system, records[system][0].record["targets"], [start.record["losses"][-1] for start in records[system]]]
        for system in records
    ]
    caption = (
        f"Pretraining on {text.record['tokens']:,} tokens of the corpus: the loss at the end, in nats per token. A "
        f"model that knows only the frequencies of the {text.record['vocab_size']:,} pieces has "
        f"{text.record['unigram_entropy']:.2f}"
    )
    return Table(caption, ["system", "tokens read", "loss"], rows)
