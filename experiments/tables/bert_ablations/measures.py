"""Finetuning one variant on every task, and what is measured."""

from typing import Any

from experiments.lab import answering
from experiments.lab.finetuning import answers, best_look, finetune
from experiments.lab.solving import solve
from experiments.lab.systems import Encoder, of_new_layers, pretrained_model
from experiments.running.progress import Bar
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
from models.finetuning import SpanExtractor

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
    """One of GLUE's tasks. MNLI's score is the mean of matched and mismatched genres."""
    encoder, drawn = Encoder(recipe_of(system, settings)), task_of(task, settings, draw)
    name = f"{system} on {task}, seed {seed}"
    _, record = solve(encoder, start, drawn, finetunings(task, settings), seed, device=device, name=name)
    main = {name: scores[drawn.metrics[0]] for name, scores in record["scores"].items()}
    score = (main["test"] + main["mismatched"]) / 2 if "mismatched" in main else main["test"]
    return {"score": score, "dev_score": _best(record["trials"])["dev_score"], "main": main, **record}


def read(
    system: str, start: Checkpoint | None, settings: Settings, draw: int, seed: int, device: str
) -> dict[str, Any]:
    """Questions about a passage, whose answers are spans of it. The score is SQuAD's F1."""
    encoder, questions = Encoder(recipe_of(system, settings)), questions_of(settings, draw)
    ways = {part: answering.for_span_extraction(some) for part, some in questions.items()}
    extractors, trials = [], []
    options = finetunings(READING, settings)
    with Bar(len(options), f"finetuning {system} on {READING}, seed {seed}", "trial") as bar:
        for each in options:
            model = pretrained_model(encoder.recipe, start, seed)
            extractor = SpanExtractor(model, model.config.d_model, of_new_layers(seed)).to(device)
            each = each if start is None else encoder.keeping_words(each)
            record = finetune(extractor, ways["train"], each, seed, ways["dev"])
            look = best_look(record["dev"])
            trials.append({"lr": each.lr, "dev_score": look["score"], "dev_loss": look["loss"], "steps": look["steps"]})
            extractors.append(extractor)
            bar.update()
    best = trials.index(_best(trials))
    _, places = answers(extractors[best], ways["test"])
    found = answering.scores(questions["test"], ways["test"].ids, places)
    return {
        "score": found["f1"],
        "exact_match": found["exact_match"],
        "dev_score": trials[best]["dev_score"],
        "lr": trials[best]["lr"],
        "trials": trials,
    }


def _best(trials: list[dict[str, Any]]) -> dict[str, Any]:
    """The trial with the highest score on dev; between equals the one with the lowest loss."""
    return max(trials, key=lambda trial: (trial["dev_score"], -trial["dev_loss"]))
