"""Our models writing text, greedily and with a key/value cache."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.benchmarks.cpu import models
from experiments.benchmarks.cpu.generation_list import Task, task_from
from models.gpt import GPT
from models.t5 import T5

Work = Callable[[], list[list[int]]]
NO_END = -1  # no token has this number, so that no text ends before its time
EMBEDDING_SCALE = 0.05


def prepare(tasks: list[dict[str, Any]], folder: str) -> dict[str, Work]:
    """A work for each task, which returns the new tokens. Random weights; each model is left in the folder."""
    return {task.name: writing(task, model_of(task, folder)) for task in map(task_from, tasks)}


def model_of(task: Task, folder: str) -> GPT | T5:
    """The model, the same for every task that names it, written in Hugging Face's layout."""
    model = models.build(task.model, task.size)
    assert isinstance(model, GPT | T5)
    # Small embeddings, so that the text follows from all that the blocks compute, and not from the last token alone.
    model.token_embedding.weight.data *= np.float32(EMBEDDING_SCALE)
    if isinstance(model, T5):
        model.config = replace(model.config, eos_id=NO_END)
    model.eval()
    if not task.folder(folder).exists():
        model.save_pretrained(task.folder(folder))
    return model


def writing(task: Task, model: GPT | T5) -> Work:
    """Write, and return what was added to each prompt."""
    ids = task.ids()
    return lambda: model.generate(ids, task.new_tokens, temperature=0)[:, -task.new_tokens :].tolist()
