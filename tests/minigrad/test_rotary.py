"""Rotary positions: rotations as complex numbers have them, which leave nothing but distances in a product."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, nn, no_grad, ops, use_kernels
from minigrad.gradcheck import gradcheck


@st.composite
def heads(draw: st.DrawFn) -> np.ndarray:
    """x (B, H, T, K), K even."""
    shape = *(draw(st.integers(1, 3)) for _ in range(3)), 2 * draw(st.integers(1, 5))
    return np.random.default_rng(draw(st.integers(0, 2**16))).standard_normal(shape)


def turned(x: np.ndarray, positions: np.ndarray, theta: float) -> np.ndarray:
    """The same with complex numbers: a pair is a + bi, and turning it is the product with e^(i · angle)."""
    half = x.shape[-1] // 2
    angles = positions[:, None, :, None] / theta ** (np.arange(half) / half)
    pairs = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angles)
    return np.concatenate([pairs.real, pairs.imag], axis=-1)


@given(x=heads(), first=st.integers(-5, 100_000), theta=st.sampled_from([10.0, 10_000.0, 500_000.0]))
def test_pairs_are_turned_by_position_and_frequency(x, first: int, theta: float):
    batch, _, length, _ = x.shape
    positions = first + np.arange(batch)[:, None] + 2 * np.arange(length)
    np.testing.assert_allclose(ops.rotary(x, positions, theta).data, turned(x, positions, theta), atol=1e-9)
    found = ops.rotary(x.astype(np.float32), positions, theta).data
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, turned(x, positions, theta), atol=2e-6)  # at large positions too


def test_the_numbers_of_a_small_case():
    # K = 4, theta = 100: angles 1 and 0.1 at position 1, and twice as much at position 2.
    x = np.array([[[[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]]])
    found = ops.rotary(x, np.array([1, 2]), theta=100.0).data[0, 0]
    first = [np.cos(1), -np.sin(0.1), np.sin(1), np.cos(0.1)]
    second = [np.cos(2) - np.sin(2), np.cos(0.2) - np.sin(0.2), np.sin(2) + np.cos(2), np.sin(0.2) + np.cos(0.2)]
    np.testing.assert_allclose(found, [first, second])


def test_position_0_changes_nothing_and_the_positions_of_a_batch_may_be_one_row():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 6))
    np.testing.assert_array_equal(ops.rotary(x, np.zeros((1, 4), np.int64)).data, x)
    rows = ops.rotary(x, np.tile(np.arange(4), (2, 1))).data
    np.testing.assert_array_equal(ops.rotary(x, np.arange(4)[None]).data, rows)
    np.testing.assert_array_equal(ops.rotary(x, np.arange(4)).data, rows)


@given(x=heads(), shift=st.integers(0, 1000))
def test_products_depend_on_distances_alone(x, shift: int):
    positions = np.arange(x.shape[2])[None]
    here, there = (ops.rotary(x, positions + offset).data for offset in (0, shift))
    np.testing.assert_allclose(here @ here.swapaxes(-1, -2), there @ there.swapaxes(-1, -2), atol=1e-9)
    np.testing.assert_allclose((here**2).sum(axis=-1), (x**2).sum(axis=-1))


@settings(max_examples=20)
@given(x=heads(), first=st.integers(0, 50))
def test_the_backward_rule_is_the_inverse_rotation(x, first: int):
    positions = first + np.arange(x.shape[2])[None]
    gradcheck(lambda x: ops.rotary(x, positions, theta=30.0), [x])
    leaf, grad = Tensor(x, requires_grad=True), np.random.default_rng(1).standard_normal(x.shape)
    ops.rotary(leaf, positions, theta=30.0).backward(grad)
    np.testing.assert_allclose(leaf.grad, ops.rotary(grad, -positions, theta=30.0).data)


def test_positions_that_change_afterwards_do_not_change_the_gradient():
    x, positions = Tensor(np.ones((1, 1, 3, 2)), requires_grad=True), np.array([[0, 1, 2]])
    out = ops.rotary(x, positions)
    positions[:] = 7
    out.backward(np.ones(out.shape))
    expected = Tensor(np.ones((1, 1, 3, 2)), requires_grad=True)
    ops.rotary(expected, np.array([[0, 1, 2]])).backward(np.ones(out.shape))
    np.testing.assert_array_equal(x.grad, expected.grad)


# -- in an attention layer --------------------------------------------------------------------------


@pytest.mark.parametrize("kernels", ["reference", "fast"])
def test_attention_with_positions_reads_in_parts_what_it_reads_at_once(kernels: str):
    rng = np.random.default_rng(2)
    layer, x = nn.MultiHeadAttention(12, 3), Tensor(rng.standard_normal((2, 7, 12)).astype(np.float32))
    positions = np.array([[0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 2, 3, 4]])
    with use_kernels(kernels), no_grad():
        expected = layer(x, causal=True, positions=positions).data
        cache, found = nn.KeyValueCache(), []
        for start, end in ((0, 3), (3, 4), (4, 7)):
            part = layer.forward_cached(x[:, start:end], cache, causal=True, positions=positions[:, start:end])
            found.append(part.data)
    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, rtol=1e-4, atol=1e-6)
    with use_kernels(kernels), no_grad():
        assert np.abs(layer(x, causal=True).data - expected).max() > 1e-3


def test_positions_do_not_go_with_a_context():
    layer, x = nn.MultiHeadAttention(12, 3), Tensor(np.ones((1, 2, 12), np.float32))
    with pytest.raises(ValueError, match="they do not go with a context"):
        layer(x, x, positions=np.array([[0, 1]]))
