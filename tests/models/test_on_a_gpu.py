"""On a real GPU: every family trains, is saved, and writes as on the CPU. Skipped where there is none (`make gpu`)."""

from pathlib import Path

import numpy as np
import pytest

from minigrad import Tensor, load_checkpoint, no_grad, ops, optim, save_checkpoint, use_kernels
from minigrad.device import cupy
from minigrad.errors import DeviceError
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.sampling import GREEDY
from models.t5 import T5, T5Config


def has_gpu() -> bool:
    """Whether CuPy is installed and finds a GPU."""
    try:
        cupy()
    except DeviceError:
        return False
    return True


pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not has_gpu(), reason="there is no GPU")]

V, IDS = 13, np.random.default_rng(0).integers(0, 13, size=(3, 9))
MODELS = {
    "gpt": lambda generator: GPT(GPTConfig(V, 16, d_model=16, n_layers=2, n_heads=2), generator),
    "bert": lambda generator: BERT(BERTConfig(V, 16, d_model=16, n_layers=2, n_heads=2), generator),
    "t5": lambda generator: T5(T5Config(V, 16, 32, 2, n_heads=2), generator),
    "lstm": lambda generator: LSTMLanguageModel(LSTMConfig(V, d_model=16), generator),
}


def loss(name: str, model) -> Tensor:
    """The loss of one batch."""
    if name == "t5":
        return ops.cross_entropy(model(IDS, IDS[:, :-1]), IDS[:, 1:])
    logits = model.masked_lm_logits(model(IDS)) if name == "bert" else model(IDS)
    return ops.cross_entropy(logits[:, :-1], IDS[:, 1:])


def train(name: str, model, steps: int = 4) -> list[float]:
    """A few steps; the losses."""
    optimizer, losses = optim.AdamW(model.parameters(), lr=1e-2), []
    for _ in range(steps):
        value = loss(name, model)
        value.backward()
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(value.item())
    return losses


def make(name: str):
    """A model with random weights and without dropout, which would be drawn once for each device."""
    return MODELS[name](np.random.default_rng(1)).eval()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kernels", ["fast", "reference"])
def test_a_model_trains_as_on_the_cpu(name, kernels):
    with use_kernels(kernels):
        there = train(name, make(name).to("cuda"))
    np.testing.assert_allclose(there, train(name, make(name)), rtol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_goes_from_the_card_to_the_cpu(name, tmp_path: Path):
    trained = make(name).to("cuda")
    train(name, trained)
    save_checkpoint(tmp_path / "model.safetensors", trained)
    loaded = make(name)
    load_checkpoint(tmp_path / "model.safetensors", loaded)
    with no_grad():
        np.testing.assert_allclose(loss(name, loaded).item(), loss(name, trained).item(), rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt", "t5"])
def test_greedy_text_is_that_of_the_cpu(name):
    here, there = make(name), make(name).to("cuda")
    np.testing.assert_array_equal(there.generate(IDS[:, :4], 6, GREEDY), here.generate(IDS[:, :4], 6, GREEDY))


def test_an_in_place_write_and_an_index_on_the_card():
    x = Tensor(np.arange(12.0, dtype=np.float32).reshape(3, 4), requires_grad=True)
    there = x.to("cuda")
    (there[np.array([2, 0, 2])] * there[1:2]).sum().backward()
    expected = np.zeros((3, 4), np.float32)
    for row in (2, 0, 2):
        expected[row] += x.data[1]
        expected[1] += x.data[row]
    np.testing.assert_allclose(x.grad, expected, rtol=1e-6)
