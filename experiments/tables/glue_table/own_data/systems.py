"""The settings, the data sets of a folder, and the three systems on the user's files."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.evidence.errors import ExperimentError
from experiments.lab.examples import Encoding
from experiments.lab.finetuning import Finetuning
from experiments.lab.objectives import MaskedLM
from experiments.lab.own_data import pretraining
from experiments.lab.own_data.corpus import SPECIAL_TOKENS, ids_of, tokenizer_of
from experiments.lab.own_data.data import Data
from experiments.lab.own_data.finetuning import finetune_and_score, for_decoder, for_encoder
from experiments.lab.own_data.pretraining import Reading
from experiments.lab.own_data.tasks import TASKS, Task, task_named
from experiments.lab.pretraining import Pretraining
from experiments.lab.recipes import Architecture
from experiments.lab.sweep import positive_choices
from experiments.lab.training import MODEL
from experiments.lab.windows import Windows
from experiments.running.contract import OwnFiles
from experiments.running.work import Checkpoint, Work
from experiments.tables.glue_table.systems import BERT, GPT, RANDOM
from experiments.text.toy_world.vocabulary import CLS, EOS, MASK, SEP, START
from minigrad import load_checkpoint, nn
from minigrad.checks import number, whole_number
from models import bert, gpt
from models.finetuning import CLSClassifier, CLSRegressor, LastTokenClassifier

SYSTEMS = (RANDOM, GPT, BERT)
PRETRAINED = (GPT, BERT)
RATE = 0.25
"""The share of tokens that masked language modelling hides, as in the toy world's zoo."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides, and what identifies the user's files.

    Attributes:
        size: the width, the number of layers, and the number of heads of both Transformers.
        reading: what pretraining reads. Its context is also the longest input of finetuning.
        finetuning_steps, finetuning_epochs: the most of both, for each data set.
        corpus: the facts of the text (`Corpus.facts`); data: those of each data set (`Data.facts`), by its name. Both
            are empty until they are known.
    """

    seeds: int
    vocab_size: int
    size: tuple[int, int, int]
    reading: Reading
    lr: float
    finetuning_steps: int
    finetuning_lrs: tuple[float, ...]
    finetuning_epochs: int = 10
    finetuning_batch: int = 32
    n_threads: int = 1
    corpus: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("seeds", "vocab_size", "finetuning_steps", "finetuning_epochs", "finetuning_batch", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        number("lr", self.lr, above=0)
        positive_choices("finetuning_lrs", self.finetuning_lrs)

    @property
    def tasks(self) -> list[Task]:
        """Those of the data sets."""
        return [TASKS[name] for name in self.data]

    def finetunings(self, n_examples: int) -> list[Finetuning]:
        """How every start is finetuned on so many examples, with each learning rate."""
        steps = min(self.finetuning_steps, math.ceil(self.finetuning_epochs * n_examples / self.finetuning_batch))
        size, look_every = self.finetuning_batch, max(steps // 5, 1)
        return [Finetuning(lr, steps, batch_size=size, look_every=look_every) for lr in self.finetuning_lrs]

    def flops(self, n_tokens: int) -> float:
        """Roughly, those of pretraining and finetuning all systems with one seed."""
        width, n_layers, _ = self.size
        weights = 12 * n_layers * width**2
        steps = self.reading.steps_of(max(n_tokens // self.reading.batch_tokens, 1))
        read = steps * self.reading.batch_tokens * len(PRETRAINED) * (weights + width * self.vocab_size)
        n_inputs = self.finetuning_batch * sum(
            trial.n_steps(facts["examples"]["train"])
            for facts in self.data.values()
            for trial in self.finetunings(facts["examples"]["train"])
        )
        return 6 * (read + n_inputs * self.reading.context / 2 * len(SYSTEMS) * weights)


def data_sets(files: OwnFiles) -> dict[str, Data]:
    """The data sets of `--data` by name: the folder is that of one, or has folders of several, such as GLUE's.

    Raises:
        ExperimentError: if there is no such folder, or if neither its name nor those in it tell which task they are.
    """
    if files.task is not None:
        return {task_named(files.task, files.data).name: Data(files.data, files.task)}
    if (name := _name_of(Path(files.data))) is not None:
        return {name: Data(files.data, name)}
    folders = sorted(path for path in Path(files.data).glob("*") if path.is_dir())
    found = {name: Data(str(folder), name) for folder in folders if (name := _name_of(folder)) is not None}
    if not found:
        task_named(None, files.data)  # raises: neither it nor those below tell
    return {name: found[name] for name in TASKS if name in found}


def _name_of(folder: Path) -> str | None:
    """The name of the task that a folder's name tells."""
    try:
        return task_named(None, str(folder)).name
    except ExperimentError:
        return None


def architecture_of(system: str, text: Checkpoint, settings: Settings) -> Architecture:
    """The model that a system finetunes, pretrained or not."""
    vocab_size, (width, n_layers, n_heads), context = text.record["vocab_size"], settings.size, settings.reading.context
    if system == BERT:
        return Architecture(bert.BERT, bert.BERTConfig(vocab_size, context + 1, width, n_layers, n_heads))
    start_id, eos_id = Encoding(tokenizer_of(text)).special(START, EOS)
    config = gpt.GPTConfig(vocab_size, context, width, n_layers, n_heads, bos_id=start_id, eos_id=eos_id)
    return Architecture(gpt.GPT, config)


def pretrained(work: Work, system: str, text: Checkpoint, settings: Settings, seed: int) -> Checkpoint:
    """The pretraining of a system. Both read the same rows.

    Raises:
        ExperimentError: if the corpus is too small for a batch.
    """
    train = masked_language_model if system == BERT else pretraining.language_model
    training = Pretraining(settings.reading.steps(text.record["tokens"]), settings.lr, warmup=0.05)
    architecture = architecture_of(system, text, settings)
    return work.checkpoint(
        f"pretraining: {system}", train, text, architecture, settings.reading, training, seed, work.device, seed=seed
    )


class BetweenSpecialTokens:
    """Rows of text as BERT reads them: the first token is [CLS], and the last one [SEP]."""

    def __init__(self, rows: Windows, cls_id: int, sep_id: int) -> None:
        self.rows, self.cls_id, self.sep_id = rows, cls_id, sep_id

    def batch(self, step: int) -> np.ndarray:
        """The rows of a step: (B, T)."""
        rows = self.rows.batch(step).astype(np.int64)  # a copy
        rows[:, 0], rows[:, -1] = self.cls_id, self.sep_id
        return rows


def masked_language_model(
    folder: Path,
    text: Checkpoint,
    architecture: Architecture,
    reading: Reading,
    training: Pretraining,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Pretrain a BERT on a corpus, and leave it in the folder. Returns the record of `pretrain`."""
    encoding = Encoding(tokenizer_of(text))
    cls_id, sep_id, mask_id = encoding.special(CLS, SEP, MASK)
    rows = BetweenSpecialTokens(Windows(ids_of(text), reading.context, reading.batch_size, seed), cls_id, sep_id)
    objective = MaskedLM(
        rows, seed, mask_id, text.record["vocab_size"], special_ids=encoding.special(*SPECIAL_TOKENS), rate=RATE
    )
    return pretraining.pretrain_on(text, architecture, objective, training, folder, seed, device)


def start(
    system: str, task: Task, pretrained: Checkpoint | None, text: Checkpoint, settings: Settings, seed: int, device: str
) -> nn.Module:
    """A solver before finetuning: the body pretrained or random, the last layer random."""
    model = architecture_of(system, text, settings).untrained(seed)
    if pretrained is not None:
        load_checkpoint(pretrained.folder / MODEL, model)
    width, generator = settings.size[0], np.random.default_rng([seed, 4])
    if system != BERT:
        return LastTokenClassifier(model, width, len(task.labels) or 1, generator).to(device)
    if task.labels:
        return CLSClassifier(model, width, len(task.labels), generator).to(device)
    return CLSRegressor(model, width, generator).to(device)


def measure(
    system: str,
    task_name: str,
    pretrained: Checkpoint | None,
    text: Checkpoint,
    settings: Settings,
    files: OwnFiles,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Finetune a system on a data set, and score it on dev: see `finetune_and_score`."""
    task = TASKS[task_name]
    parts = data_sets(files)[task_name].parts(seed, settings.finetuning_steps * settings.finetuning_batch)
    encoding = Encoding(tokenizer_of(text), longest=settings.reading.context)
    encode = for_encoder if system == BERT else for_decoder
    return finetune_and_score(
        partial(start, system, task, pretrained, text, settings, seed, device),
        task,
        parts,
        encode(task, parts.train, encoding),
        settings.finetunings(len(parts.train)),
        seed,
        f"{system}, {task.name}, seed {seed}",
    )
