"""The pretraining loop: any model, any objective; it logs what was learnt from how much, and resumes after a kill.

    record = pretrain(model, CausalLM(windows), settings, folder, bar, probes={"agreement": agreement})

A batch is a pure function of the step number, so the step is the whole data cursor: a run that was killed starts
from its last checkpoint and ends with the same bits as one that was not.

A *target* is a token that carries loss. A causal language model has one at every position, masked language modelling
one at 15% of them; systems are compared at equal steps and at equal targets, so both are logged.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.objectives import Objective, n_targets
from experiments.running.progress import Bar
from minigrad import load_checkpoint, nn, no_grad, optim, save_checkpoint

SECONDS_BETWEEN_CHECKPOINTS = 20.0
MODEL, UNFINISHED = "model.safetensors", "unfinished.safetensors"

Probe = Callable[[Any], float]
"""Takes the model to a number, such as the accuracy with which it fills in a blank."""


@dataclass(frozen=True)
class Pretraining:
    """How a model is pretrained: AdamW, gradients clipped at norm 1, warm-up and cosine to a tenth.

    Attributes:
        weight_decay: of matrices; biases and norms do not decay.
        probe_every: steps between two looks at the probes; 0 looks at the end alone.
        keep_at: numbers of targets; when as many have been seen, the weights are kept (see `kept`).
    """

    steps: int
    lr: float
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    probe_every: int = 0
    keep_at: tuple[int, ...] = ()


def pretrain(
    model: nn.Module,
    objective: Objective,
    settings: Pretraining,
    folder: Path,
    bar: Bar,
    probes: Mapping[str, Probe] | None = None,
    unigram_entropy: float | None = None,
) -> dict[str, Any]:
    """Train on the batches of an objective, and leave the weights in `folder / MODEL`.

    Args:
        probes: looked at without gradients, and with dropout off.
        unigram_entropy: the loss that knowing only how often each token occurs would give; shown beside the loss.

    Returns:
        losses: in nats per target, averaged over each fiftieth of the run.
        targets: how many tokens carried loss.
        probes: a row for each look: steps, targets, and each probe's number.
    """
    optimizer = optim.AdamW(matrices_decay(model, settings.weight_decay), lr=settings.lr, betas=settings.betas)
    step = 0
    log: dict[str, Any] = {"losses": [], "targets": 0, "probes": []}
    if (folder / UNFINISHED).exists():
        saved = load_checkpoint(folder / UNFINISHED, model, optimizer)
        step, log = saved.step, saved.metadata
        bar.resume_at(step)
    saved_at = time.monotonic()
    while step < settings.steps:
        batch = objective.batch(step)
        loss = objective.loss(model, *batch)
        loss.backward()
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.lr = settings.lr * optim.warmup_cosine(
            step + 1, round(settings.warmup * settings.steps), settings.steps, final=0.1
        )
        optimizer.step()
        optimizer.zero_grad()

        step += 1
        before, log["targets"] = log["targets"], log["targets"] + n_targets(batch)
        log["losses"].append(loss.item())
        for threshold in settings.keep_at:
            if before < threshold <= log["targets"]:
                save_checkpoint(kept(folder, threshold), model, step=step, metadata={"targets": log["targets"]})
        if probes and (step == settings.steps or (settings.probe_every and step % settings.probe_every == 0)):
            log["probes"].append({"steps": step, "targets": log["targets"], **look(model, probes)})
        bar.update()
        bar.set_loss(log["losses"][-1], unigram_entropy)
        if time.monotonic() - saved_at > SECONDS_BETWEEN_CHECKPOINTS:
            save_checkpoint(folder / UNFINISHED, model, optimizer, step=step, metadata=log)
            saved_at = time.monotonic()
    save_checkpoint(folder / MODEL, model, step=step, metadata={"targets": log["targets"]})
    (folder / UNFINISHED).unlink(missing_ok=True)
    return log | {"losses": averages(log["losses"])}


def kept(folder: Path, targets: int) -> Path:
    """The file with the weights after so many targets."""
    return folder / f"model-{targets}.safetensors"


@no_grad()
def look(model: nn.Module, probes: Mapping[str, Probe]) -> dict[str, float]:
    """The number of each probe, with dropout off."""
    model.eval()
    try:
        return {name: float(probe(model)) for name, probe in probes.items()}
    finally:
        model.train()


def matrices_decay(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups in which only matrices decay: biases and norms have nothing to gain from it."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def averages(losses: list[float], parts: int = 50) -> list[float]:
    """The mean of each of (at most) `parts` equal stretches."""
    return [float(np.mean(part)) for part in np.array_split(losses, min(parts, len(losses)))]
