"""Our training step: forward, loss, backward, gradients clipped at norm 1, AdamW."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.benchmarks.cpu.sizes import Size, batch
from minigrad import Tensor, nn, ops, optim
from minigrad.parallel import DataParallel
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.t5 import T5, T5Config

Batch = dict[str, np.ndarray]


def build(model_name: str, size: Size) -> nn.Module:
    """A model with random weights."""
    v, d, n_layers, n_heads = size.vocab_size, size.d_model, size.n_layers, size.n_heads
    generator = np.random.default_rng(0)
    if model_name == "gpt":
        return GPT(GPTConfig(v, size.length, d, n_layers, n_heads), generator)
    if model_name == "bert":
        return BERT(BERTConfig(v, size.length, d, n_layers, n_heads), generator)
    return T5(T5Config(v, d, 4 * d, n_layers, n_heads=n_heads), generator)


def loss(model: nn.Module, arrays: Batch) -> Tensor:
    """The loss of a batch in nats per token; BERT's is the sum of its two tasks'."""
    if isinstance(model, GPT):
        return ops.cross_entropy(model(arrays["ids"]), arrays["labels"])
    if isinstance(model, T5):
        return ops.cross_entropy(model(arrays["ids"], arrays["decoder_ids"]), arrays["labels"])
    assert isinstance(model, BERT)
    hidden = model(arrays["ids"], token_type_ids=arrays["token_type_ids"])
    masked = hidden[np.arange(len(arrays["ids"]))[:, None], arrays["masked_positions"]]
    masked_lm = ops.cross_entropy(model.masked_lm_logits(masked), arrays["labels"])
    return masked_lm + ops.cross_entropy(model.next_sentence_logits(hidden), arrays["next_labels"])


def our_step(model_name: str, size: Size, threads: int = 1) -> Callable[[], float]:
    """A function that trains for one step and returns the loss.

    Args:
        threads: how many Python threads split the batch. With one, BLAS uses all cores.
    """
    model, arrays = build(model_name, size), batch(model_name, size)
    return stepping(model, whole_batch(model, arrays) if threads == 1 else shared_batch(model, arrays, threads))


def stepping(model: nn.Module, backward: Callable[[], float]) -> Callable[[], float]:
    """A training step around `backward`, a forward and backward pass that returns the loss."""
    optimizer = optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> float:
        value = backward()
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return value

    return step


def whole_batch(model: nn.Module, arrays: Batch) -> Callable[[], float]:
    """Forward and backward pass in this thread."""

    def backward() -> float:
        value = loss(model, arrays)
        value.backward()
        return value.item()

    return backward


def shared_batch(model: nn.Module, arrays: Batch, threads: int) -> Callable[[], float]:
    """Forward and backward pass with a part of the batch in each thread. Every row has the same number of labels."""
    parallel = DataParallel(model, threads)

    def loss_of(replica: nn.Module, *part: np.ndarray) -> tuple[Tensor, int]:
        return loss(replica, dict(zip(arrays, part, strict=True))), len(part[0])

    return lambda: parallel.backward(loss_of, *arrays.values())


def prepare(model: str, size: dict[str, Any], threads: int = 1) -> dict[str, Callable[[], object]]:
    """The step as a worker's work."""
    return {"step": our_step(model, Size(**size), threads)}
