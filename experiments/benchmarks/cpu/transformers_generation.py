"""transformers' models on the same generation tasks, with the same weights."""

from collections.abc import Callable
from typing import Any

import torch
import transformers

from experiments.benchmarks.cpu.generation_list import Task, task_from
from experiments.benchmarks.cpu.torch_twins import about

Work = Callable[[], list[list[int]]]


def prepare(tasks: list[dict[str, Any]], folder: str, threads: int) -> dict[str, Callable[[], Any]]:
    """A work for each task, which returns the new tokens."""
    torch.set_num_threads(threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    works = {task.name: writing(task, folder) for task in map(task_from, tasks)}
    return {**works, "about": lambda: about(threads)}


def writing(task: Task, folder: str) -> Work:
    """Write exactly `new_tokens` tokens greedily, with the default cache of `generate`."""
    is_gpt = task.model == "gpt"
    architecture: Any = transformers.GPT2LMHeadModel if is_gpt else transformers.T5ForConditionalGeneration
    model = architecture.from_pretrained(task.folder(folder)).eval()
    model.generation_config.eos_token_id = None  # no token ends a text
    ids = torch.from_numpy(task.ids())
    mask = torch.ones_like(ids)

    def work() -> list[list[int]]:
        with torch.inference_mode():
            text = model.generate(
                ids, attention_mask=mask, do_sample=False, max_new_tokens=task.new_tokens, pad_token_id=0
            )
        return text[:, -task.new_tokens :].tolist()

    return work
