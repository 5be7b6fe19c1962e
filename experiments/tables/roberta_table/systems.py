"""What is compared: the settings, how each row is pretrained, and how it is finetuned."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from experiments.lab import zoo
from experiments.lab.document_objectives import DocumentMLM
from experiments.lab.documents import Documents
from experiments.lab.extractive_qa import Reader, answer, version_1, version_2
from experiments.lab.objectives import n_targets
from experiments.lab.pretraining import CutShort
from experiments.lab.probes import evaluating
from experiments.lab.recipes import MaskedLM, MaskedLMWithNextSentence, Recipe
from experiments.lab.solving import Budget, solve
from experiments.lab.systems import Encoder
from experiments.lab.zoo import Zoo
from experiments.running.work import Checkpoint, Work
from experiments.text.toy_world.tasks.inference import mnli
from experiments.text.toy_world.tasks.judgements import sst2
from minigrad.checks import whole_number
from models import bert

BOOKS_AND_WIKI, MORE_DATA = "RoBERTa with BOOKS + WIKI", "+ additional data"
LONGER, EVEN_LONGER = "+ pretrain longer", "+ pretrain even longer"
BERT = "BERT with BOOKS + WIKI"
SQUAD_1, SQUAD_2, MNLI, SST_2 = "SQuAD v1.1", "SQuAD v2.0", "MNLI-m", "SST-2"


@dataclass(frozen=True)
class Lecture:
    """The lecture's figures for a row; `scores` are those of the four tasks in their order."""

    data: str
    batch: str
    steps: str
    scores: tuple[float, float, float, float]


ROWS = {
    BOOKS_AND_WIKI: Lecture("16GB", "8K", "100K", (93.6, 87.3, 89.0, 95.3)),
    MORE_DATA: Lecture("160GB", "8K", "100K", (94.0, 87.7, 89.3, 95.6)),
    LONGER: Lecture("160GB", "8K", "300K", (94.4, 88.7, 90.0, 96.1)),
    EVEN_LONGER: Lecture("160GB", "8K", "500K", (94.6, 89.4, 90.2, 96.4)),
    BERT: Lecture("13GB", "256", "1M", (90.9, 81.8, 86.6, 93.7)),
}
ROBERTA = (BOOKS_AND_WIKI, MORE_DATA, LONGER, EVEN_LONGER)
COLUMNS = (SQUAD_1, SQUAD_2, MNLI, SST_2)

AT_TARGETS = {BOOKS_AND_WIKI: 1_000_000, MORE_DATA: 1_000_000, LONGER: 2_000_000}
"""Where in its training a row is measured: when it had seen so many targets. The others are measured at their ends."""
STEPS_OF_A_MILLION = 5_400
"""About how many steps have a million targets, and a few more."""

SWEPT_WITH = {SQUAD_2: SQUAD_1}
"""SQuAD 2.0 takes over the learning rate of 1.1: the same questions, some of them without an answer."""

N_LOOKS = 8
"""How often finetuning looks at dev."""

SMALLER_BATCH = 4
"""BERT's batches are smaller by this factor; in the lecture by 32. Fewer tokens a step cost more time a token."""
SEQUENCES_OF_BERT = 256 * 1_000_000 / (8_192 * 100_000)
"""How many sequences BERT reads for each one of RoBERTa's first row: 0.31."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides.

    Attributes:
        splits: of the labels for each seed; a split has words, training, dev and test examples of its own.
        zoo: its large encoder is the row "+ pretrain even longer"; the others differ from it in data, batch and steps.
        rows: which of the lecture's rows are measured.
        small_text: how many tokens the first row's text has. BERT's has 13/16 of them.
        finetuning: task → its budget. Dev chooses the learning rate for each row and seed on the first split, of SQuAD
            on that of 1.1 (see `SWEPT_WITH`).
        steps_of_first: of the first row, which decide those of BERT; by then it has seen the targets of `AT_TARGETS`.
    """

    seeds: int
    splits: int
    zoo: Zoo
    rows: tuple[str, ...]
    finetuning: Mapping[str, Budget]
    small_text: int = 50_000
    steps_of_first: int = STEPS_OF_A_MILLION
    n_dev: int = 300
    n_test: int = 900
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "splits", "small_text", "steps_of_first", "n_dev", "n_test", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        for name, given, known in (("rows", self.rows, ROWS), ("finetuning", self.finetuning, COLUMNS)):
            if not given:
                raise ValueError(f"{name} must name at least one of {', '.join(known)}, got none")
            if unknown := [each for each in given if each not in known]:
                raise ValueError(f"{name} must name some of {', '.join(known)}, got {unknown[0]!r}")


# -- pretraining ------------------------------------------------------------------------------------


def recipe_of(row: str, settings: Settings) -> Recipe:
    """How a row is pretrained: three of them are places in the training of the zoo's large encoder."""
    base, small = settings.zoo.bert_large, settings.small_text
    if row in (MORE_DATA, LONGER, EVEN_LONGER):
        return base
    reading = replace(base.reading, n_tokens=small)
    if row == BOOKS_AND_WIKI:
        short = CutShort(**vars(base.training), stop=settings.steps_of_first)
        return replace(base, reading=reading, training=short)
    objective = base.objective
    assert isinstance(objective, MaskedLM)
    reading = replace(reading, n_tokens=small * 13 // 16, batch_tokens=max(reading.batch_tokens // SMALLER_BATCH, 1))
    # The noise of a gradient grows as the root of 1 / batch, so the learning rate falls as much.
    lr = base.training.lr / SMALLER_BATCH**0.5
    steps = round(settings.steps_of_first * SEQUENCES_OF_BERT * SMALLER_BATCH)
    training = replace(base.training, lr=lr, steps=steps, probe_every=max(steps // 20, 1), keep_at=())
    with_next_sentence = MaskedLMWithNextSentence(**vars(objective))
    return replace(base, objective=with_next_sentence, reading=reading, training=training)


def pretrained(row: str, settings: Settings, work: Work, seed: int) -> Checkpoint:
    """A row's weights, with the record of its training until it had them."""
    recipe, targets = recipe_of(row, settings), AT_TARGETS.get(row)
    if targets is None:
        return zoo.pretrained(work, recipe, seed, f"pretraining: {row}")
    # The installed model has no weights from along its training.
    whole = zoo.trained(work, recipe, seed, f"pretraining for {targets:,} targets or more: {row}")
    return work.checkpoint(f"pretraining: {row}", zoo.at_targets, recipe, whole, targets, seed, seed=seed)


N_HELD_OUT = 20_000
"""Tokens of the world's other documents on which the loss is measured."""


def text_losses(row: str, start: Checkpoint, settings: Settings, seed: int) -> dict[str, float]:
    """Masked LM's loss in nats, on documents that pretraining read, and on others. The same ones for all rows, if their
    texts begin alike, and without next-sentence prediction."""
    base = settings.zoo.bert_large
    read = replace(recipe_of(row, settings).reading, batch_tokens=base.reading.batch_tokens)
    model = zoo.load(recipe_of(row, settings), start, seed)
    objective = base.objective(replace(read, n_tokens=min(read.n_tokens, N_HELD_OUT)), seed)
    assert isinstance(objective, DocumentMLM)
    return {
        "read": loss_on(model, objective, objective.documents),
        "held_out": loss_on(model, objective, read.held_out(seed, N_HELD_OUT)),
    }


def loss_on(model: bert.BERT, objective: DocumentMLM, documents: Documents) -> float:
    """The mean over all targets of one pass over the documents."""
    objective, total, targets = replace(objective, documents=documents), 0.0, 0
    with evaluating(model):
        for step in range(documents.steps_per_pass):
            batch = objective.batch(step)
            total += objective.loss(model, *batch).item() * n_targets(batch)
            targets += n_targets(batch)
    return total / targets


# -- finetuning -------------------------------------------------------------------------------------


def finetune_on(
    column: str,
    row: str,
    start: Checkpoint,
    settings: Settings,
    split: int,
    seed: int,
    device: str,
    first: dict[str, Any] | None,
) -> dict[str, Any]:
    """Finetune a row on a split of a task's labels.

    Args:
        first: what was found with this seed where the learning rates were tried, whose choice is used; None there.

    Returns:
        the learning rate that dev chose, the trials, test scores, and `score`, the table's: accuracy, and F1 for SQuAD.
    """
    recipe, budget = recipe_of(row, settings), settings.finetuning[column]
    sizes, trials = (budget.n_train, settings.n_dev, settings.n_test), budget.trials(first, N_LOOKS)
    of_split, name = split * 1000 + seed, f"{column}, {row}"
    if column in (SQUAD_1, SQUAD_2):
        version = version_1 if column == SQUAD_1 else version_2
        _, record = answer(Reader(recipe), start, version(of_split, *sizes), trials, seed, device=device, name=name)
        return record | {"score": record["scores"]["f1"]}
    task = (mnli if column == MNLI else sst2)(of_split, *sizes)
    _, record = solve(Encoder(recipe), start, task, trials, seed, device=device, name=name)
    return record | {"score": record["scores"]["test"]["accuracy"]}
