"""GLUE's eight tasks, with training sets in GLUE's proportions."""

from collections.abc import Callable, Mapping

from experiments.text.toy_world.tasks.answers import qnli
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Task
from experiments.text.toy_world.tasks.inference import mnli, rte
from experiments.text.toy_world.tasks.judgements import cola, sst2
from experiments.text.toy_world.tasks.paraphrases import mrpc, qqp, stsb
from minigrad.checks import whole_number

TASKS: dict[str, Callable[[int, int, int, int], Task]] = {
    "MNLI": mnli,
    "QQP": qqp,
    "QNLI": qnli,
    "SST-2": sst2,
    "CoLA": cola,
    "STS-B": stsb,
    "MRPC": mrpc,
    "RTE": rte,
}
THOUSANDS = {
    "MNLI": 392, "QQP": 363, "QNLI": 108, "SST-2": 67, "CoLA": 8.5, "STS-B": 5.7, "MRPC": 3.5, "RTE": 2.5
}  # fmt: skip
"""The sizes of GLUE's training sets, in thousands. Source: the lecture's BERT table."""


def train_sizes(mnli: int = 8000, at_least: int = 50, thousands: Mapping[str, float] = THOUSANDS) -> dict[str, int]:
    """The sizes of training sets in the proportions of `thousands`, if MNLI's has `mnli` examples.

    Raises:
        TypeError or ValueError: if a number of examples is not a whole number of at least 0.
    """
    whole_number("mnli", mnli, at_least=0)
    whole_number("at_least", at_least, at_least=0)
    return {name: max(at_least, round(mnli * size / THOUSANDS["MNLI"])) for name, size in thousands.items()}


def glue(seed: int, mnli: int = 8000, n_dev: int = N_DEV, n_test: int = N_TEST) -> dict[str, Task]:
    """The eight tasks by name.

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """
    return {name: TASKS[name](seed, n, n_dev, n_test) for name, n in train_sizes(mnli).items()}
