"""The pretraining loop: any model, any objective. It logs losses, targets and probes, and resumes after a kill.

    record = pretrain(model, CausalLM(windows), settings, folder, bar, probes={"agreement": agreement})

A batch is a pure function of the step number, so the step is the whole data cursor: a run that was killed resumes at
its last checkpoint and ends with the same bits as an uninterrupted run.

A *target* is a token that carries loss. A causal language model has one at every position, masked language modelling
one at 15% of them; systems are compared at equal steps and at equal targets, so both are logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.lab.objectives import Objective, n_targets
from experiments.lab.probes import Probe, look
from experiments.lab.training import Training, averages, matrices_decay
from experiments.running.progress import Bar
from minigrad import nn, optim, save_checkpoint
from minigrad.checkpoint import Checkpoint
from minigrad.checks import number, whole_number


@dataclass(frozen=True)
class Pretraining:
    """How a model is pretrained: AdamW, gradients clipped at norm 1, warm-up and cosine to a tenth.

    Attributes:
        weight_decay: of matrices; biases and norms do not decay.
        probe_every: steps between two evaluations of the probes; 0 evaluates them only at the end.
        keep_at: numbers of targets after which the weights are saved (see `kept`).
    """

    steps: int
    lr: float
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    probe_every: int = 0
    keep_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        whole_number("steps", self.steps, at_least=1)
        number("lr", self.lr, at_least=0)
        number("warmup", self.warmup, at_least=0, at_most=1)
        number("weight_decay", self.weight_decay, at_least=0)
        whole_number("probe_every", self.probe_every, at_least=0)
        for threshold in self.keep_at:
            whole_number("keep_at", threshold, at_least=1)

    @property
    def last_step(self) -> int:
        """After which it ends."""
        return self.steps


@dataclass(frozen=True)
class CutShort(Pretraining):
    """The beginning of a longer training, with the learning rates of that one.

    Attributes:
        stop: after so many of the `steps`.
    """

    stop: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("stop", self.stop, at_least=1, at_most=self.steps)

    @property
    def last_step(self) -> int:
        """After which it ends."""
        return self.stop


def pretrain(
    model: nn.Module,
    objective: Objective,
    settings: Pretraining,
    folder: Path,
    bar: Bar,
    probes: Mapping[str, Probe] | None = None,
    unigram_entropy: float | None = None,
) -> dict[str, Any]:
    """Train on the batches of an objective, and leave the weights in the folder's `model.safetensors`.

    Args:
        probes: evaluated without gradients, and with dropout off.
        unigram_entropy: the loss of a model that knows only token frequencies; shown beside the loss.

    Returns:
        losses: in nats per target, averaged over each fiftieth of the run.
        targets: how many tokens carried loss.
        probes: a row for each evaluation: steps, targets, and the value of each probe.
    """
    optimizer = optim.AdamW(matrices_decay(model, settings.weight_decay), lr=settings.lr, betas=settings.betas)
    training = Training(folder, model, optimizer)
    step = 0
    log: dict[str, Any] = {"losses": [], "targets": 0, "probes": []}
    if (saved := training.resume(lambda saved: _is_a_place(saved, settings.last_step))) is not None:
        step, log = saved.step, saved.metadata
        bar.resume_at(step)
    while step < settings.last_step:
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
        if probes and (step == settings.last_step or (settings.probe_every and step % settings.probe_every == 0)):
            log["probes"].append({"steps": step, "targets": log["targets"], **look(model, probes)})
        bar.update()
        bar.set_loss(log["losses"][-1], unigram_entropy)
        if training.is_due():
            training.save(step, log)
    training.finish(step, {"targets": log["targets"]})
    return log | {"losses": averages(log["losses"])}


def _is_a_place(saved: Checkpoint, steps: int) -> bool:
    """Whether a checkpoint's metadata are those of such a training."""
    targets, probes = saved.metadata.get("targets"), saved.metadata.get("probes")
    return saved.step <= steps and type(targets) is int and targets >= 0 and isinstance(probes, list)


def kept(folder: Path, targets: int) -> Path:
    """The file with the weights after so many targets."""
    return folder / f"model-{targets}.safetensors"
