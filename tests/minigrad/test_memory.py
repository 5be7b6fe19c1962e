"""Memory while a model trains: nothing is left behind, and nothing waits for the garbage collector."""

import gc
import tracemalloc
from collections import Counter

import numpy as np

from minigrad import Tensor, manual_seed, nn, ops, optim
from minigrad.tape import Node


class Model(nn.Module):
    """A small Transformer block and an LSTM: fused ops, views, residual connections, dropout, a tied table."""

    def __init__(self) -> None:
        self.table = nn.Embedding(11, 16)
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiHeadAttention(16, 2)
        self.lstm = nn.LSTM(16, 16)
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids: np.ndarray) -> Tensor:
        x = self.table(ids)
        x = x + self.dropout(self.attention(self.norm(x), causal=True))
        x = x + self.lstm(x)[0]
        return ops.linear(ops.gelu(x), self.table.weight)


def live_objects() -> Counter[str]:
    """How many tensors and nodes there are."""
    return Counter(type(thing).__name__ for thing in gc.get_objects() if issubclass(type(thing), Tensor | Node))


def test_1000_steps_leave_neither_tensors_nor_nodes_nor_arrays_behind_without_the_garbage_collector():
    manual_seed(0)
    model = Model()
    optimizer = optim.AdamW(model.parameters())
    ids = np.random.default_rng(0).integers(11, size=(8, 12))

    def train(steps: int) -> None:
        for _ in range(steps):
            loss = ops.cross_entropy(model(ids[:, :-1]), ids[:, 1:])
            loss.backward()
            optim.clip_grad_norm(optimizer.params, 1.0)
            optimizer.step()
            optimizer.zero_grad()

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        train(100)  # also fills NumPy's and Python's own small caches
        objects, (bytes_before, _) = live_objects(), tracemalloc.get_traced_memory()
        train(1000)
        assert live_objects() == objects
        bytes_after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert bytes_after - bytes_before < 8 * 11 * 16 * 4  # less than one activation in a thousand steps


def test_a_forward_pass_that_nobody_keeps_is_freed_at_once():
    model, ids = Model(), np.zeros((2, 3), int)
    model(ids)
    gc.collect()
    gc.disable()
    try:
        before = live_objects()
        out = model(ids)
        assert live_objects()["Node"] > before["Node"]
        del out
        assert live_objects() == before
    finally:
        gc.enable()


def test_a_loss_that_is_kept_after_backward_holds_no_graph():
    model, ids = Model(), np.zeros((2, 3), int)
    before = live_objects()["Node"]
    losses = []
    for _ in range(3):
        losses.append(model(ids).sum())
        losses[-1].backward()
    assert live_objects()["Node"] - before == len(losses)  # each its own, freed and empty
