"""What is compared: the settings, the tasks with the columns of the table, and its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from experiments.lab.finetuning import Finetuning
from experiments.lab.sweep import positive_choices
from experiments.lab.systems import Decoder, Encoder, OnElmo, OnVectors, System
from experiments.lab.zoo import Zoo
from experiments.text.toy_world.tasks import glue
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Task
from minigrad.checks import number, whole_number

NO_CONTEXT = "best system without pretrained context"
VECTORS = "BiLSTM + word vectors + attention"
RANDOM = "Transformer, random start"
ELMO = "BiLSTM + ELMo + attention"
GPT = "GPT"
BERT = "BERT-base"
LARGE = "BERT-large"
EARLY_GPT = "GPT, at BERT-base's number of targets"

BILSTMS = (VECTORS, ELMO)
WITHOUT_CONTEXT = (VECTORS, RANDOM)
"""NO_CONTEXT is, for each task, the one of these that is better on dev."""
ROWS = (NO_CONTEXT, ELMO, GPT, BERT, LARGE)
"""The rows of the lecture's table, in its order."""

MNLI = "MNLI"
OTHER_TASKS = tuple(name for name in glue.TASKS if name != MNLI)
AFTER_MNLI = ("STS-B", "MRPC", "RTE")
"""These have so few labels that every system continues from what it learnt on MNLI."""
LOOKS = 10
"""How often finetuning looks at dev. The weights of the best look are kept."""


@dataclass(frozen=True)
class Column:
    """A column of the table: a task, one of its test sets, and a metric."""

    task: str
    test_set: str = "test"
    metric: str = "accuracy"


COLUMNS = {
    "MNLI-m": Column(MNLI),
    "MNLI-mm": Column(MNLI, "mismatched"),
    "QQP": Column("QQP", metric="f1"),
    "QQP accuracy": Column("QQP"),
    "QNLI": Column("QNLI"),
    "SST-2": Column("SST-2"),
    "CoLA": Column("CoLA", metric="matthews"),
    "STS-B": Column("STS-B", metric="spearman"),
    "MRPC": Column("MRPC", metric="f1"),
    "RTE": Column("RTE"),
}
AVERAGED = tuple(name for name in COLUMNS if name != "QQP accuracy")
"""The lecture's averages are the means of these nine columns: MNLI counts twice."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides.

    Attributes:
        seeds: of pretraining. A system's value for a seed is its mean over `splits` draws of words and examples.
        mnli: MNLI's number of training examples. The other tasks have theirs in GLUE's proportions.
        steps: of finetuning, by task; the same for every Transformer.
        bilstm_steps: the BiLSTMs' share of them. Their steps take four times as long, and dev prefers their weights of
            the first few hundred.
        lrs: by system. In the first split of each seed, MNLI's dev examples choose one, which all tasks then use.
        equal_targets: whether GPT is also measured where it had seen as many targets as BERT-base. The models that come
            with the package are only those of the end.
        hidden_size: of the BiLSTMs, in each direction.
    """

    seeds: int
    splits: int
    mnli: int
    steps: Mapping[str, int]
    lrs: Mapping[str, tuple[float, ...]]
    zoo: Zoo
    bilstm_steps: float = 1.0
    equal_targets: bool = True
    hidden_size: int = 64
    batch_size: int = 32
    n_dev: int = N_DEV
    n_test: int = N_TEST
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "splits", "mnli", "hidden_size", "batch_size", "n_dev", "n_test", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        for task in glue.TASKS:
            whole_number(f"steps[{task!r}]", self.steps[task], at_least=1)
        number("bilstm_steps", self.bilstm_steps, above=0, at_most=1)
        for system in self.systems:
            positive_choices(f"lrs[{system!r}]", self.lrs[system])

    @property
    def systems(self) -> tuple[str, ...]:
        """All that are measured."""
        measured = (*WITHOUT_CONTEXT, ELMO, GPT, BERT, LARGE)
        return (*measured, EARLY_GPT) if self.equal_targets else measured

    @property
    def train_sizes(self) -> dict[str, int]:
        """The number of training examples of each task."""
        return glue.train_sizes(self.mnli)


@dataclass(frozen=True)
class Draw:
    """The examples of a task: its sizes, and the seed that draws the words and the examples."""

    task: str
    sizes: tuple[int, int, int]
    seed: int


def draw_of(name: str, settings: Settings, seed: int, split: int) -> Draw:
    """Which examples a system with a seed of pretraining gets in a split."""
    sizes = settings.train_sizes[name], settings.n_dev, settings.n_test
    return Draw(name, sizes, split * 1000 + seed)


@lru_cache(maxsize=len(glue.TASKS))  # the systems of a seed and split are measured one after the other
def drawn(draw: Draw) -> Task:
    """Its task."""
    return glue.TASKS[draw.task](draw.seed, *draw.sizes)


def system_of(name: str, settings: Settings) -> System:
    """What is pretrained, and what a task adds to it."""
    zoo = settings.zoo
    systems: dict[str, System] = {
        VECTORS: OnVectors(zoo.vectors, settings.hidden_size),
        RANDOM: Decoder(zoo.gpt),
        ELMO: OnElmo(zoo.elmo, settings.hidden_size),
        GPT: Decoder(zoo.gpt),
        EARLY_GPT: Decoder(zoo.gpt),
        BERT: Encoder(zoo.bert),
        LARGE: Encoder(zoo.bert_large),
    }
    return systems[name]


def n_steps(system: str, task: str, settings: Settings) -> int:
    """For how many steps a system is finetuned on a task."""
    return round(settings.steps[task] * (settings.bilstm_steps if system in BILSTMS else 1)) or 1


def trials_of(system: str, task: str, settings: Settings) -> tuple[Finetuning, ...]:
    """How a system is finetuned on a task, with each of its learning rates."""
    n = n_steps(system, task, settings)
    return tuple(
        Finetuning(lr, n, batch_size=settings.batch_size, look_every=max(n // LOOKS, 1)) for lr in settings.lrs[system]
    )
