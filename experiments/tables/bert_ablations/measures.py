"""Finetuning one variant on every task, and what is measured."""

from typing import Any

from experiments.lab.extractive_qa import Reader, answer
from experiments.lab.solving import solve
from experiments.lab.systems import Encoder
from experiments.running.work import Checkpoint
from experiments.tables.bert_ablations.systems import (
    READING,
    TASKS,
    Settings,
    finetunings,
    questions_of,
    recipe_of,
    task_of,
)

Measured = dict[str, dict[str, Any]]
"""Task → `score`, of which averages are made; further scores; the learning rate that dev chose; all trials."""


def measure(system: str, start: Checkpoint | None, settings: Settings, split: int, seed: int, device: str) -> Measured:
    """Finetune a variant on each task. A split is another draw of the tasks' words and examples.

    Without a start the weights are random, and all of them learn, those of the words too.
    """
    draw = 1000 * split + seed
    measured = {task: classify(system, start, task, settings, draw, seed, device) for task in TASKS}
    return measured | {READING: read(system, start, settings, draw, seed, device)}


def classify(
    system: str, start: Checkpoint | None, task: str, settings: Settings, draw: int, seed: int, device: str
) -> dict[str, Any]:
    """One of GLUE's tasks, scored with the first of its metrics."""
    encoder, drawn = Encoder(recipe_of(system, settings)), task_of(task, settings, draw)
    name = f"{system} on {task}, seed {seed}"
    _, record = solve(encoder, start, drawn, finetunings(task, settings), seed, device=device, name=name)
    score = record["scores"]["test"][drawn.metrics[0]]
    return {"score": score, **record}


def read(
    system: str, start: Checkpoint | None, settings: Settings, draw: int, seed: int, device: str
) -> dict[str, Any]:
    """Questions about a passage, whose answers are spans of it. The score is SQuAD's F1."""
    reader, questions = Reader(recipe_of(system, settings)), questions_of(settings, draw)
    name = f"{system} on {READING}, seed {seed}"
    _, record = answer(reader, start, questions, finetunings(READING, settings), seed, device=device, name=name)
    return {"score": record["scores"]["f1"], **record}
