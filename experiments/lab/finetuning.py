"""The finetuning loop: any way to use a pretrained model (`ways/`), with early stopping on dev examples if asked for.

    examples = LastToken(ids, attention_mask, labels)
    record = finetune(LastTokenClassifier(model, d_model, n_labels), examples, Finetuning(lr=1e-3, steps=200), seed)
    loss, score = evaluate(classifier, test)

Without early stopping every model is trained for the same number of steps, and the final weights are compared: how far
finetuning moved them, and how well they do, are then measured on the same model.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab import trainable
from experiments.lab.objectives import n_targets
from experiments.lab.probes import evaluating
from experiments.lab.training import Training, averages
from experiments.lab.ways import Way
from experiments.running.progress import Bar
from minigrad import load_checkpoint, nn, optim, random, save_checkpoint
from minigrad.checkpoint import Checkpoint
from minigrad.checks import number, whole_number
from models.finetuning import zero_grad_except

BEST = "best.safetensors"
"""The file with the best weights on dev so far, in the folder of an unfinished training."""


@dataclass(frozen=True)
class Finetuning:
    """How a model is finetuned: AdamW without decay, gradients clipped at norm 1, warm-up over a tenth of the steps and
    a line to 0.

    Attributes:
        steps, epochs: how long; one of the two is given.
        look_every: steps between two evaluations on dev; 0 evaluates only at the end. The best weights are kept.
        patience: stop after so many evaluations without a better one; 0 never stops early.
        frozen: parameters that do not move, by their names or by those of modules: "model.token_embedding".
        trainable_rows: for the name of a parameter, the only rows of it that move, as in
            {"model.token_embedding.weight": [start_id, delimiter_id, extract_id]} (see `zero_grad_except`, also for
            output layers that are tied to the embeddings).
        lr_factors: for the name of a parameter or module, the factor of lr that it learns with, as in
            {"model": 0.1}; the longest matching name decides. This is called discriminative finetuning.
    """

    lr: float
    steps: int | None = None
    epochs: float | None = None
    batch_size: int = 16
    look_every: int = 0
    patience: int = 0
    frozen: tuple[str, ...] = ()
    trainable_rows: Mapping[str, Sequence[int]] = field(default_factory=dict)
    lr_factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number("lr", self.lr, at_least=0)
        if (self.steps is None) == (self.epochs is None):
            raise ValueError(f"steps or epochs must be given, not both, got {self.steps} and {self.epochs}")
        if self.steps is not None:
            whole_number("steps", self.steps, at_least=1)
        if self.epochs is not None:
            number("epochs", self.epochs, above=0)
        whole_number("batch_size", self.batch_size, at_least=1)
        whole_number("look_every", self.look_every, at_least=0)
        whole_number("patience", self.patience, at_least=0)
        for name, factor in self.lr_factors.items():
            number(f"lr_factors[{name!r}]", factor, at_least=0)

    def n_steps(self, n_examples: int) -> int:
        """The number of steps on so many examples; at least 1."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return max(round(self.epochs * n_examples / self.batch_size), 1)


def finetune(
    model: nn.Module,
    examples: Way,
    settings: Finetuning,
    seed: int,
    dev: Way | None = None,
    folder: Path | None = None,
    bar: Bar | None = None,
) -> dict[str, Any]:
    """Train a model on examples. It ends with the weights of the last step, or with those that dev prefers.

    Args:
        seed: of the order of the examples, and of dropout.
        dev: the weights that score best on these are kept, between equals those with the lower loss.
        folder: where to leave the weights, in `model.safetensors`; a training that was killed then resumes.

    Returns:
        steps, examples: how many were taken and seen.
        losses: in nats per target, averaged over each fiftieth of the run.
        dev: a row for each evaluation: steps, loss and score.
        best_step: the step whose weights were kept.

    Raises:
        ValueError: if settings ask for early stopping, but dev is None; or if a name in them matches no parameter.
    """
    if dev is None and (settings.look_every or settings.patience):
        raise ValueError("look_every and patience need dev examples to look at, got none")
    n_steps = settings.n_steps(len(examples))
    generator = np.random.default_rng([seed, 7])  # of dropout
    best = None if dev is None else copy.deepcopy(model)
    step = 0
    log: dict[str, Any] = {"losses": [], "examples": 0, "dev": []}

    def fits(saved: Checkpoint) -> bool:
        if not _is_a_place(saved, n_steps):
            return False
        if folder is not None and best is not None and saved.metadata["dev"]:
            load_checkpoint(folder / BEST, best)  # raises CheckpointError: the training then starts again
        return True

    with trainable.freezing(model, settings.frozen), random.drawing_from(generator):
        groups = trainable.groups(model, settings.lr, settings.lr_factors)
        optimizer = optim.AdamW(groups, lr=settings.lr, weight_decay=0.0)  # decay would move frozen rows
        tables = trainable.tables(model, settings.trainable_rows)
        training = None if folder is None else Training(folder, model, optimizer, generator)
        if training is not None and (saved := training.resume(fits)) is not None:
            step, log = saved.step, saved.metadata
            if bar is not None:
                bar.resume_at(step)
        batches = orders(len(examples), settings.batch_size, seed)
        for rows in islice(batches, step, n_steps):  # the order is drawn again from its start: that takes no time
            if is_over(log["dev"], settings.patience):
                break
            batch = examples.batch(rows)
            loss = examples.loss(model, *batch)
            loss.backward()
            for table, learning in tables:
                zero_grad_except(table, learning)
            optim.clip_grad_norm(optimizer.params, 1.0)
            optimizer.lr = settings.lr * optim.warmup_linear(step + 1, max(n_steps // 10, 1), n_steps + 1)
            optimizer.step()
            optimizer.zero_grad()

            step += 1
            log["examples"] += len(rows)
            log["losses"].append(loss.item())
            is_look = step == n_steps or (settings.look_every and step % settings.look_every == 0)
            if dev is not None and best is not None and is_look:
                dev_loss, score = evaluate(model, dev)
                log["dev"].append({"steps": step, "loss": dev_loss, "score": score})
                if best_look(log["dev"])["steps"] == step:
                    best.load_state_dict(model.state_dict())
                    if folder is not None:
                        save_checkpoint(folder / BEST, best, step=step)
            if bar is not None:
                bar.update()
                bar.set_loss(log["losses"][-1])
            if training is not None and training.is_due():
                training.save(step, log)
    best_step = step
    if best is not None:
        model.load_state_dict(best.state_dict())
        best_step = best_look(log["dev"])["steps"]
    if training is not None and folder is not None:
        training.finish(best_step)
        (folder / BEST).unlink(missing_ok=True)
    return {
        "steps": step,
        "examples": log["examples"],
        "losses": averages(log["losses"]),
        "dev": log["dev"],
        "best_step": best_step,
    }


def evaluate(model: nn.Module, examples: Way, batch_size: int = 128) -> tuple[float, float]:
    """The mean loss in nats per target, and the score: without gradients, and with dropout off."""
    loss, predicted = answers(model, examples, batch_size)
    return loss, examples.score(predicted)


def answers(model: nn.Module, examples: Way, batch_size: int = 128) -> tuple[float, list[Any]]:
    """The mean loss in nats per target, and what the model predicts for each example, in their order."""
    loss, total = 0.0, 0
    predicted: list[Any] = []
    with evaluating(model):
        for start in range(0, len(examples), batch_size):
            batch = examples.batch(slice(start, start + batch_size))
            batch_loss, some = examples.answer(model, *batch)
            loss += batch_loss.item() * n_targets(batch)
            total += n_targets(batch)
            predicted.extend(some)
    return loss / total, predicted


def orders(n_examples: int, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """The numbers of each batch's examples, (batch_size,), without end.

    One random order of all examples follows the other, and batches reach across, so that none is left out. If there are
    fewer examples than a batch holds, each batch has all of them once.
    """
    generator = np.random.default_rng([seed, 2])
    order = np.empty(0, np.int64)
    while True:
        if len(order) < batch_size:
            order = np.concatenate([order, generator.permutation(n_examples)])
        yield order[:batch_size]
        order = order[batch_size:]


def best_look(looks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The evaluation with the highest score; between equals the one with the lowest loss, then the first."""
    return max(looks, key=lambda look: (look["score"], -look["loss"]))


def is_over(looks: Sequence[dict[str, Any]], patience: int) -> bool:
    """Whether none of the last `patience` evaluations was better than the best one before them."""
    return bool(patience and looks) and len(looks) - 1 - looks.index(best_look(looks)) >= patience


def _is_a_place(saved: Checkpoint, n_steps: int) -> bool:
    """Whether a checkpoint's metadata are those of such a training."""
    seen, looks = saved.metadata.get("examples"), saved.metadata.get("dev")
    return saved.step <= n_steps and type(seen) is int and isinstance(looks, list)
