"""Frozen rows keep their bits whatever the others do; what breaks that is named in the docstring and shown here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import nn, ops, optim
from models.bert import BERT, BERTConfig
from models.finetuning import zero_grad_except
from models.gpt import GPT, GPTConfig

V, D = 7, 4
OPTIMIZERS = {
    "SGD": lambda params, decay: optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=decay),
    "Adam": lambda params, decay: optim.Adam(params, lr=0.1, weight_decay=decay),
    "AdamW": lambda params, decay: optim.AdamW(params, lr=0.1, weight_decay=decay),
    "Adafactor": lambda params, decay: optim.Adafactor(params, weight_decay=decay, beta1=0.9),
}


def table(seed: int) -> nn.Parameter:
    values = np.random.default_rng(seed).standard_normal((V, D)).astype(np.float32)
    values[0] = [0.0, -0.0, 1e-40, 3e18]  # zeros of both signs, a subnormal number, a large one
    return nn.Parameter(values)


def train(weight: nn.Parameter, optimizer: optim.Optimizer, rows: list[int], steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        weight.grad = rng.standard_normal((V, D)).astype(np.float32)
        zero_grad_except(weight, rows)
        optim.clip_grad_norm([weight], 0.5)
        optimizer.step()


def moved(weight: nn.Parameter, before: np.ndarray) -> list[int]:
    return [row for row in range(V) if weight.data[row].tobytes() != before[row].tobytes()]


@pytest.mark.parametrize("name", OPTIMIZERS)
@given(rows=st.lists(st.integers(1, V - 1), unique=True), steps=st.integers(1, 5), seed=st.integers(0, 1000))
def test_exactly_the_rows_that_are_named_move(name, rows, steps, seed):
    weight = table(seed)
    before = weight.data.copy()
    train(weight, OPTIMIZERS[name]([weight], 0.0), rows, steps, seed)
    assert moved(weight, before) == sorted(rows)


@given(rows=st.lists(st.integers(0, V - 1)), seed=st.integers(0, 1000))
def test_the_gradient_of_the_named_rows_is_left_alone_and_that_of_the_others_is_zero(rows, seed):
    weight = table(seed)
    gradient = np.random.default_rng(seed).standard_normal((V, D)).astype(np.float32)
    weight.grad = gradient.copy()
    zero_grad_except(weight, rows)
    expected = np.where(np.isin(np.arange(V), rows)[:, None], gradient, 0)
    np.testing.assert_array_equal(weight.grad, expected)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_moves_frozen_rows(name):
    weight = table(0)
    weight.data[0] = 1
    before = weight.data.copy()
    train(weight, OPTIMIZERS[name]([weight], 0.1), [3], 2, seed=0)
    assert moved(weight, before) == list(range(V))


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adafactor"])
def test_averages_of_past_gradients_move_frozen_rows(name):
    weight = table(0)
    weight.data[0] = 1
    optimizer = OPTIMIZERS[name]([weight], 0.0)
    train(weight, optimizer, list(range(V)), 1, seed=0)
    before = weight.data.copy()
    train(weight, optimizer, [3], 1, seed=0)
    assert moved(weight, before) == list(range(V))


def test_the_tied_output_layer_of_gpt_is_frozen_with_the_embeddings():
    model = GPT(GPTConfig(V, 8, d_model=D, n_layers=1, n_heads=2), np.random.default_rng(0))
    assert model.head is None
    ids = np.array([[1, 2, 3, 1]])
    ops.cross_entropy(model(ids[:, :-1]), ids[:, 1:]).backward()
    weight = model.token_embedding.weight
    assert np.abs(weight.grad).min(axis=1).all()  # the output layer gives every row a gradient
    zero_grad_except(weight, [5])
    assert np.flatnonzero(np.abs(weight.grad).sum(axis=1)).tolist() == [5]


def test_the_tied_output_layer_of_bert_is_frozen_with_the_embeddings():
    model = BERT(BERTConfig(V, 8, d_model=D, n_layers=1, n_heads=2), np.random.default_rng(0))
    ids = np.array([[1, 2, 3, 1]])
    ops.cross_entropy(model.masked_lm_logits(model.hidden_states(ids)), ids).backward()
    weight = model.token_embedding.weight
    assert np.abs(weight.grad).max(axis=1).all()
    zero_grad_except(weight, [])
    assert not weight.grad.any()


def test_a_table_without_a_gradient_stays_without_one():
    weight = table(0)
    zero_grad_except(weight, [1])
    assert weight.grad is None


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([V], ValueError, rf"rows must lie in \[0, {V}\).*got {V}"),
        ([2, -1], ValueError, "got -1"),
        ([1.0], TypeError, "rows must"),
        ([True], TypeError, "rows must"),
    ],
)
def test_what_are_no_rows_of_the_table_is_refused(rows, error, message):
    with pytest.raises(error, match=message):
        zero_grad_except(table(0), rows)


def test_a_single_row_may_be_a_number():
    weight = table(0)
    weight.grad = np.ones((V, D), np.float32)
    zero_grad_except(weight, 3)
    assert weight.grad.sum(axis=1).tolist() == [0, 0, 0, D, 0, 0, 0]
