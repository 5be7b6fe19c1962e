"""GLUE: the lecture's BERT table, in the toy world.

    best system without pretrained context     for each task the better on dev of two: a BiLSTM on word vectors, and a
                                               Transformer with a random start
    BiLSTM + ELMo + attention                  a BiLSTM on the frozen vectors of a pretrained bidirectional LSTM
    GPT, BERT-base, BERT-large                 pretrained Transformers, finetuned

GLUE's eight tasks have training sets in GLUE's proportions, and dev and test examples in words that no training example
has. Every system is finetuned on MNLI first, with several learning rates, of which dev chooses one. On STS-B, MRPC and
RTE, which have few labels, it continues from there; on the others it starts from pretraining.

The systems read the same text for the same number of steps. An encoder then has a sixth of a decoder's targets, so
GPT is also compared as it was after as many targets as BERT-base has seen.

systems.py    the settings, the tasks and columns, the rows
measures.py   finetuning on MNLI, and then on the other tasks
scores.py     their scores, averaged over splits
findings.py   claims and tables
drawings.py   figures

Source: the lecture, "BERT: Bidirectional Encoder Representations from Transformers", the table on GLUE.
"""

from itertools import product
from typing import Any

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from experiments.tables.glue_table import findings
from experiments.tables.glue_table.measures import at_equal_targets, on_another, on_mnli
from experiments.tables.glue_table.systems import (
    AFTER_MNLI,
    BERT,
    EARLY_GPT,
    ELMO,
    GPT,
    LARGE,
    MNLI,
    OTHER_TASKS,
    RANDOM,
    VECTORS,
    Settings,
    draw_of,
    n_steps,
    system_of,
    trials_of,
)

TITLE = "GLUE: pretrained context, finetuning, both sides, and size"
LECTURE = "BERT: Bidirectional Encoder Representations from Transformers"

STEP_SECONDS = {VECTORS: 0.04, RANDOM: 0.01, ELMO: 0.04, GPT: 0.01, BERT: 0.01, LARGE: 0.027, EARLY_GPT: 0.01}
"""Of a step of finetuning, on one core."""

PRESETS = {
    "quick": Settings(
        seeds=1,
        splits=1,
        mnli=8000,
        steps={
            "MNLI": 400, "QQP": 150, "QNLI": 100, "SST-2": 80, "CoLA": 60, "STS-B": 60, "MRPC": 40, "RTE": 40,
        },
        lrs={VECTORS: (3e-3,), RANDOM: (1e-3,), ELMO: (3e-3,), GPT: (1e-3,), BERT: (1e-3,), LARGE: (4e-4,)},
        zoo=FULL,
        equal_targets=False,
    ),
    "full": Settings(
        seeds=3,
        splits=2,
        mnli=16_000,
        steps={
            "MNLI": 3000, "QQP": 1500, "QNLI": 1500, "SST-2": 300, "CoLA": 200, "STS-B": 150, "MRPC": 100, "RTE": 100,
        },
        bilstm_steps=0.3,
        lrs={
            VECTORS: (1e-3, 3e-3),
            RANDOM: (4e-4, 1e-3),
            ELMO: (1e-3, 3e-3),
            GPT: (4e-4, 1e-3),
            BERT: (4e-4, 1e-3),
            LARGE: (2e-4, 5e-4),
            EARLY_GPT: (4e-4, 1e-3),
        },
        zoo=FULL,
    ),
}  # fmt: skip


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores, without the zoo's training: steps of finetuning, and drawing the examples."""
    seconds = 0.0
    for system in settings.systems:
        steps = {task: n_steps(system, task, settings) for task in settings.steps}
        of_a_seed = settings.splits * sum(steps.values()) + (len(settings.lrs[system]) - 1) * steps[MNLI]
        seconds += STEP_SECONDS[system] * of_a_seed
    return Estimate(settings.seeds * (seconds / 2 + 5 * settings.splits), 600)


def run(settings: Settings, work: Work) -> Result:
    """Finetune every system with every seed and split on every task, judge the claims."""
    cells: dict[tuple[str, str, int, int], Any] = {}
    starts: findings.Starts = {system: [] for system in settings.systems if system != RANDOM}
    for seed in range(settings.seeds):
        of_seed = pretrained(settings, work, seed)
        for system, start in of_seed.items():
            if start is not None:
                starts[system].append(start)
        first: dict[str, Checkpoint] = {}
        for split, (system, start) in product(range(settings.splits), of_seed.items()):
            place, name = (system_of(system, settings), start), f"{system}, split {split}"
            mnli_draw = draw_of(MNLI, settings, seed, split)
            trials = trials_of(system, MNLI, settings)
            mnli = work.checkpoint(
                f"{name}: {MNLI}", on_mnli, system, *place, mnli_draw, trials, first.get(system), seed, work.device,
                seed=seed,
            )  # fmt: skip
            first.setdefault(system, mnli)
            cells[system, MNLI, seed, split] = mnli
            for task in OTHER_TASKS:
                draw, trials = draw_of(task, settings, seed, split), trials_of(system, task, settings)
                before = mnli_draw if task in AFTER_MNLI else None
                cells[system, task, seed, split] = work.cell(
                    f"{name}: {task}", on_another, system, *place, draw, trials, mnli, before, seed, work.device,
                    seed=seed,
                )  # fmt: skip
    records = {place: cell if MNLI not in place else cell.record for place, cell in cells.items()}
    return findings.result(settings, records, starts, work)


def pretrained(settings: Settings, work: Work, seed: int) -> dict[str, Checkpoint | None]:
    """Every system's start; a random one has none."""
    members = settings.zoo
    recipes: dict[str, zoo.Pretrained] = {
        VECTORS: members.vectors,
        ELMO: members.elmo,
        BERT: members.bert,
        LARGE: members.bert_large,
    }
    starts: dict[str, Checkpoint | None] = {
        system: zoo.pretrained(work, recipe, seed, f"pretraining: {system}") for system, recipe in recipes.items()
    }
    if settings.equal_targets:  # the installed model has no weights from along its training
        gpt = zoo.trained(work, members.gpt, seed, f"pretraining: {GPT}")
        starts[EARLY_GPT] = work.checkpoint(
            EARLY_GPT, at_equal_targets, members.gpt, gpt, starts[BERT], seed, seed=seed
        )
    else:
        gpt = zoo.pretrained(work, members.gpt, seed, f"pretraining: {GPT}")
    starts |= {GPT: gpt, RANDOM: None}
    return {system: starts[system] for system in settings.systems}
