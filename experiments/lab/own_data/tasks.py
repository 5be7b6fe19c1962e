"""The data sets that can be finetuned on: the tasks of GLUE and SNLI, each with its own metrics."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.evidence.errors import ExperimentError
from experiments.lab.metrics import accuracy, f1, matthews, pearson, spearman
from experiments.lab.ways import Metric
from experiments.running.contract import did_you_mean
from experiments.text.readers import cola, mnli, mrpc, qnli, qqp, rte, snli, sst2, stsb
from experiments.text.readers.examples import Examples, LabelledText


@dataclass(frozen=True)
class Task:
    """A data set's format.

    Attributes:
        labels: their names, or () if the labels are scores.
        metrics: by name; the first is the main one, by which learning rates are chosen.
        dev: the splits that are scored.
    """

    name: str
    read: Callable[[str, str], Examples[LabelledText]]
    labels: tuple[str, ...]
    metrics: Mapping[str, Metric]
    dev: tuple[str, ...] = ("dev",)

    @property
    def metric(self) -> Metric:
        """The main one."""
        return next(iter(self.metrics.values()))


ACCURACY: Mapping[str, Metric] = {"accuracy": accuracy}
PARAPHRASES: Mapping[str, Metric] = {"F1": f1, "accuracy": accuracy}

TASKS = {
    task.name: task
    for task in (
        Task("CoLA", cola.read, cola.LABELS, {"Matthews": matthews}),
        Task("SST-2", sst2.read, sst2.LABELS, ACCURACY),
        Task("MRPC", mrpc.read, mrpc.LABELS, PARAPHRASES),
        Task("QQP", qqp.read, qqp.LABELS, PARAPHRASES),
        Task("STS-B", stsb.read, (), {"Spearman": spearman, "Pearson": pearson}),
        Task("MNLI", mnli.read, mnli.LABELS, ACCURACY, ("dev_matched", "dev_mismatched")),
        Task("QNLI", qnli.read, qnli.LABELS, ACCURACY),
        Task("RTE", rte.read, rte.LABELS, ACCURACY),
        Task("SNLI", snli.read, snli.LABELS, ACCURACY),
    )
}


def task_named(name: str | None, folder: str) -> Task:
    """The task of this name; None means the one whose name the folder's begins with, as in `QNLIv2` or `snli_1.0`.

    Capitals and punctuation do not matter.

    Raises:
        ExperimentError: if there is no such task or folder, or the folder's name does not tell.
    """
    if not Path(folder).is_dir():
        raise ExperimentError(f"--data: expected a folder with the files of a data set, but there is none: {folder}")
    by_letters = {_letters(task.name): task for task in TASKS.values()}
    known = ", ".join(TASKS)
    if name is not None:
        if (task := by_letters.get(_letters(name))) is None:
            raise ExperimentError(f"--task: no task is named {name!r}{did_you_mean(name, TASKS)}; there are: {known}")
        return task
    own = _letters(Path(folder).name)
    for letters, task in by_letters.items():
        if own.startswith(letters):
            return task
    raise ExperimentError(
        f"--data: the name of the folder {folder} does not tell which task it is; add --task with one of: {known}"
    )


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
