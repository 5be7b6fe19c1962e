"""What is compared: the settings, the five tasks with their six test sets, and the rows of the table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from experiments.lab.finetuning import Finetuning
from experiments.lab.sweep import positive_choices
from experiments.lab.systems import Decoder, OnElmo, OnVectors, System
from experiments.lab.zoo import Zoo
from experiments.text.toy_world.tasks.answers import qnli, scitail
from experiments.text.toy_world.tasks.example import SAME_WORDS, Task
from experiments.text.toy_world.tasks.inference import mnli, rte, snli
from minigrad.checks import whole_number

ONE = "BiLSTM + ELMo + attention"
FIVE = "BiLSTM + ELMo + attention, 5 averaged"
MULTI_TASK = "multi-task BiLSTM + attention"
LM = "finetuned Transformer LM"
NO_GAMES = "finetuned Transformer LM, pretrained without games"
ROWS = (FIVE, ONE, MULTI_TASK, LM)
"""The lecture's rows. NO_GAMES is ours."""

TASKS: dict[str, Callable[[int, int, int, int], Task]] = {
    "MNLI": mnli,
    "SNLI": snli,
    "SciTail": scitail,
    "QNLI": qnli,
    "RTE": rte,
}
THOUSANDS = {"MNLI": 393, "SNLI": 550, "SciTail": 23.1, "QNLI": 108, "RTE": 2.5}
"""The sizes of the real training sets, in thousands."""
STEPS = {"MNLI": 1.0, "SNLI": 1.0, "SciTail": 0.25, "QNLI": 0.5, "RTE": 0.125}
"""How long each task is trained for, relative to MNLI: fewer examples are learnt, and memorised, in fewer steps."""
LOOKS = 10
"""How often finetuning looks at dev. The weights of the best look are kept."""


@dataclass(frozen=True)
class Column:
    """A column of the table: a task, one of its test sets, and the number of its labels."""

    task: str
    test_set: str
    n_labels: int


COLUMNS = {
    "MNLI-m": Column("MNLI", "test", 3),
    "MNLI-mm": Column("MNLI", "mismatched", 3),
    "SNLI": Column("SNLI", "test", 3),
    "SciTail": Column("SciTail", "test", 2),
    "QNLI": Column("QNLI", "test", 2),
    "RTE": Column("RTE", "test", 2),
}
AVERAGED = "SNLI"
"""The task for which five models are averaged, in the lecture too."""
TASKS_OF = {FIVE: (AVERAGED,), NO_GAMES: ("MNLI",)}
"""The rows that are not measured on all tasks."""
SEEN_WORDS = {name: replace(column, test_set=SAME_WORDS) for name, column in COLUMNS.items() if name != "MNLI-mm"}
"""The same columns with test sets in the words of the training examples. The mismatched set has none."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides.

    Attributes:
        seeds: of pretraining. A system's value for a seed is its mean over `splits` draws of words and examples.
        seeds_without_games: for how many of the seeds a language model is also pretrained without games.
        mnli: MNLI's number of training examples. The other tasks have theirs in the proportion of `THOUSANDS`.
        lm_steps, elmo_steps: of finetuning on MNLI; `STEPS` says how many fewer the other tasks take.
        multi_task_steps: on all tasks together.
        lm_lrs, elmo_lrs, multi_task_lrs: of several, dev chooses one in the first split of each seed.
        n_models: of the average, which is taken in the first split of each seed: five models take five times as long.
        hidden_size: of the BiLSTMs, in each direction.
    """

    seeds: int
    splits: int
    seeds_without_games: int
    mnli: int
    lm_steps: int
    elmo_steps: int
    multi_task_steps: int
    lm_lrs: tuple[float, ...]
    elmo_lrs: tuple[float, ...]
    multi_task_lrs: tuple[float, ...]
    zoo: Zoo
    n_models: int = 5
    hidden_size: int = 64
    batch_size: int = 32
    n_dev: int = 300
    n_test: int = 900
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in (
            "seeds", "splits", "mnli", "lm_steps", "elmo_steps", "multi_task_steps", "n_models", "hidden_size",
            "batch_size", "n_dev", "n_test", "n_threads",
        ):  # fmt: skip
            whole_number(name, getattr(self, name), at_least=1)
        whole_number("seeds_without_games", self.seeds_without_games, at_least=0)
        for name in ("lm_lrs", "elmo_lrs", "multi_task_lrs"):
            positive_choices(name, getattr(self, name))

    @property
    def n_seeds_without_games(self) -> int:
        """No more than there are seeds."""
        return min(self.seeds, self.seeds_without_games)


def train_sizes(settings: Settings) -> dict[str, int]:
    """The number of training examples of each task."""
    return {task: round(settings.mnli * size / THOUSANDS["MNLI"]) for task, size in THOUSANDS.items()}


def task_of(name: str, settings: Settings, seed: int, split: int) -> Task:
    """A task with the words and the examples of a split."""
    return _draw(name, split * 1000 + seed, train_sizes(settings)[name], settings.n_dev, settings.n_test)


@cache  # several systems are measured with it, one after the other
def _draw(name: str, seed: int, n_train: int, n_dev: int, n_test: int) -> Task:
    return TASKS[name](seed, n_train, n_dev, n_test)


def system_of(row: str, settings: Settings) -> System:
    """The system of a row: what is pretrained, and what a task adds to it."""
    zoo = settings.zoo
    if row == NO_GAMES:
        return Decoder(replace(zoo.gpt, reading=replace(zoo.gpt.reading, without=("games",))))
    if row == LM:
        return Decoder(zoo.gpt)
    if row == MULTI_TASK:
        return OnVectors(zoo.vectors, settings.hidden_size)
    return OnElmo(zoo.elmo, settings.hidden_size)


def lrs_of(row: str, settings: Settings) -> tuple[float, ...]:
    """The learning rates from which dev chooses."""
    lrs = {MULTI_TASK: settings.multi_task_lrs, LM: settings.lm_lrs, NO_GAMES: settings.lm_lrs}
    return lrs.get(row, settings.elmo_lrs)


def finetuning_of(row: str, task: str | None, settings: Settings, lr: float) -> Finetuning:
    """How a system is finetuned on a task; None: on all of them together."""
    if task is None:
        n = settings.multi_task_steps
    else:
        n = round(STEPS[task] * (settings.lm_steps if row in (LM, NO_GAMES) else settings.elmo_steps)) or 1
    return Finetuning(lr, n, batch_size=settings.batch_size, look_every=max(n // LOOKS, 1))
