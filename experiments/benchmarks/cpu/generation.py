"""Our models writing text, greedily and with a key/value cache."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.benchmarks.cpu import models
from experiments.benchmarks.cpu.generation_list import Task, task_from
from minigrad import no_grad
from models import generation
from models.gpt import GPT
from models.sampling import GREEDY
from models.t5 import T5, Output

Work = Callable[[], list[list[int]]]
EMBEDDING_SCALE = 0.05


def prepare(tasks: list[dict[str, Any]], folder: str) -> dict[str, Work]:
    """A work for each task, which returns the new tokens. The random models are saved in the folder."""
    return {task.name: writing(task, model_of(task, folder)) for task in map(task_from, tasks)}


def model_of(task: Task, folder: str) -> GPT | T5:
    """A task's model, saved in Hugging Face's layout. Tasks with the same model and size share it."""
    model = models.build(task.model, task.size)
    assert isinstance(model, GPT | T5)
    # Small embeddings, so that the text depends on what the blocks compute and not only on the last token.
    model.token_embedding.weight.data *= np.float32(EMBEDDING_SCALE)
    model.eval()
    if not task.folder(folder).exists():
        model.save_pretrained(task.folder(folder))
    return model


def writing(task: Task, model: GPT | T5) -> Work:
    """Write, and return the new tokens of each prompt. No token ends a text early."""
    ids, n_new = task.ids(), task.new_tokens
    if isinstance(model, GPT):
        return lambda: model.generate(ids, n_new, GREEDY)[:, -n_new:].tolist()

    def write() -> list[list[int]]:
        with no_grad():
            output = Output(model, ids)
        written = generation.generate(generation.WithCache(output), output.start(), n_new, GREEDY)
        return written[:, -n_new:].tolist()

    return write
