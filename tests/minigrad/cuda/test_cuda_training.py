"""A training step through all the CUDA kernels, run on the CPU."""

import importlib
from pathlib import Path

import numpy as np
import pytest

import minigrad.kernels
from minigrad import Tensor, nn, ops, optim, use_kernels
from tests.minigrad.test_kernels import model_of_all_kernels

FOLDERS = sorted(path.parent.name for path in Path(minigrad.kernels.__file__).parent.glob("*/__init__.py"))


def training_step() -> tuple[np.ndarray, ...]:
    """The loss, the gradients, and the parameters after the step, of a small model."""
    rng, ids = np.random.default_rng(0), np.array([[0, 1, 4, 2, 2, 3]])
    parts = [nn.Embedding(5, 8), nn.LayerNorm(8), nn.MultiHeadAttention(8, 2), nn.RMSNorm(8), nn.LSTM(8, 8)]
    embedding, layer_norm, attention, rms_norm, lstm = parts
    parameters = [parameter for part in parts for parameter in part.parameters()]
    for parameter in parameters:
        parameter.data[...] = 0.3 * rng.standard_normal(parameter.shape)
    optimizer = optim.AdamW(parameters, lr=0.01, eps=1e-3)

    x = embedding(ids)
    x = x + attention(layer_norm(x), causal=True)
    x, _ = lstm(ops.gelu_tanh(ops.gelu(rms_norm(x))))
    loss: Tensor = ops.cross_entropy(ops.linear(x, embedding.weight), np.roll(ids, -1))
    loss.backward()
    gradients = [parameter.grad.copy() for parameter in parameters]
    optimizer.step()
    return loss.data, *gradients, *[parameter.data for parameter in parameters]


def test_a_training_step_agrees_with_that_of_the_reference(on_host):
    with use_kernels("reference"):
        exact = training_step()
    fast = on_host(training_step)
    assert len(fast) == len(exact) > 20
    for one, other in zip(fast, exact, strict=True):
        assert (one.shape, one.dtype) == (other.shape, np.float32)
        size = max(np.abs(other).max(), 1e-3)  # a shift of all keys alike changes nothing: their bias's gradient is 0
        assert np.abs(one - other).max() <= 1e-5 * size


def test_no_kernel_for_the_cpu_is_called(on_host, monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments) -> None:
        raise AssertionError("this kernel is Numba's")

    for folder in FOLDERS:
        cpu = importlib.import_module(f"minigrad.kernels.{folder}.cpu")
        for name, function in list(vars(cpu).items()):
            if not name.startswith("_") and getattr(function, "__module__", "") == cpu.__name__:
                monkeypatch.setattr(cpu, name, refuse)
    with use_kernels("cuda_on_host"):
        model_of_all_kernels(np.array([[0, 1, 4]])).backward()
        training_step()
    with use_kernels("fast"), pytest.raises(AssertionError, match="Numba's"):
        training_step()
