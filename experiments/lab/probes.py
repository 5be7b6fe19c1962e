"""Probes: numbers that are measured along pretraining, such as the accuracy with which a model fills in a blank."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from minigrad import nn, no_grad

Probe = Callable[[Any], float]
"""Takes the model to a number."""


def look(model: nn.Module, probes: Mapping[str, Probe]) -> dict[str, float]:
    """The number of each probe, without gradients and with dropout off."""
    with evaluating(model):
        return {name: float(probe(model)) for name, probe in probes.items()}


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Inside `with evaluating(model):` no gradients are recorded and dropout is off."""
    training = model.training
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        model.train(training)
