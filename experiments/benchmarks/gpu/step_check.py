"""A training step of each family of models: its loss and every gradient, against the reference kernels in float64."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from experiments.benchmarks.cpu import models
from experiments.benchmarks.cpu.sizes import DISPLAY, Size, batch
from experiments.benchmarks.gpu.checking import Case, check
from experiments.benchmarks.gpu.result import Check
from minigrad import nn, use_kernels
from minigrad.array_type import Array

SIZE = Size(vocab_size=211, length=33, d_model=48, n_layers=2, n_heads=3, batch_size=5)
NAMES = tuple(f"{display} step" for display in DISPLAY.values())

TOLERANCE = 1e-5
SMALL = 0.01
"""A gradient's error is relative to its largest value, but at least to this share of the largest value of all
gradients: the gradient of the keys' bias, for example, is zero up to rounding."""


def run(device: str, size: Size = SIZE) -> Iterator[Check]:
    """A check for each family, with its model on `device`, "cpu" or "cuda"."""
    for model, display in DISPLAY.items():
        yield check(f"{display} step", partial(cases, model, device, size))


def cases(model_name: str, device: str, size: Size) -> Iterator[Case]:
    """One case: the loss, and the gradients in the order of the parameters."""
    with use_kernels("reference"):
        exact = [np.asarray(array) for array in loss_and_gradients(wide_model(model_name, size), model_name, size)]
    largest = [np.max(np.abs(array)) for array in exact]
    natural = [largest[0], *(max(value, SMALL * max(largest[1:])) for value in largest[1:])]
    model = models.build(model_name, size).to(device)
    yield Case(
        f"width {size.d_model}, float32", partial(loss_and_gradients, model, model_name, size), exact,
        [np.asarray(value) for value in natural], TOLERANCE,
    )  # fmt: skip


def wide_model(model_name: str, size: Size) -> nn.Module:
    """The same model in float64."""
    model = models.build(model_name, size)
    for parameter in model.parameters():
        parameter.data = parameter.data.astype(np.float64)
    return model


def loss_and_gradients(model: nn.Module, model_name: str, size: Size) -> list[Array]:
    """The loss of a batch, and each parameter's gradient."""
    model.zero_grad()
    loss = models.loss(model, batch(model_name, size))
    loss.backward()
    return [loss.data, *(parameter.grad for parameter in model.parameters())]
