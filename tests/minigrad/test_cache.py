"""The key/value cache, and attention that uses one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor, nn, no_grad


def draw(*shape: int, seed: int = 0) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_a_cache_holds_what_was_appended_in_order(lengths):
    cache, rng = nn.KeyValueCache(), np.random.default_rng(0)
    keys, values = [], []
    for length in lengths:
        keys.append(rng.standard_normal((2, 3, length, 4)))
        values.append(rng.standard_normal((2, 3, length, 4)))
        cache.append(keys[-1], values[-1])
        np.testing.assert_array_equal(cache.keys, np.concatenate(keys, axis=2))
        np.testing.assert_array_equal(cache.values, np.concatenate(values, axis=2))
    assert cache.length == sum(lengths)


def test_appending_one_position_at_a_time_rarely_copies():
    cache, new = nn.KeyValueCache(), np.ones((1, 1, 1, 2))
    buffers = set()
    for _ in range(1000):
        cache.append(new, new)
        base = cache.keys if cache.keys.base is None else cache.keys.base
        buffers.add(base.__array_interface__["data"][0])
    assert len(buffers) <= 12


def test_rows_can_be_selected_again_and_left_out():
    cache = nn.KeyValueCache()
    cache.select(np.array([0, 0]))  # nothing there yet: nothing to do
    keys = np.arange(3.0).reshape(3, 1, 1, 1)
    cache.append(keys, -keys)
    cache.select(np.array([2, 0, 2]))
    np.testing.assert_array_equal(cache.keys.ravel(), [2, 0, 2])
    np.testing.assert_array_equal(cache.values.ravel(), [-2, 0, -2])
    cache.append(keys, keys)
    np.testing.assert_array_equal(cache.keys[:, 0, :, 0], [[2, 0], [0, 1], [2, 2]])


@pytest.mark.parametrize("parts", [[7], [1] * 7, [3, 1, 3], [1, 6]])
def test_self_attention_over_a_cache_is_causal_attention_over_everything(parts):
    attention, x = nn.MultiHeadAttention(8, 2), draw(2, 7, 8)
    mask = np.array([[0, 0, 1, 1, 1, 1, 1], [1] * 7])
    whole = attention(x, causal=True, mask=mask).data
    cache, found, start = nn.KeyValueCache(), [], 0
    with no_grad():
        for length in parts:
            end = start + length
            found.append(attention.forward_cached(x[:, start:end], cache, causal=True, mask=mask[:, :end]).data)
            start = end
    np.testing.assert_allclose(np.concatenate(found, axis=1), whole, rtol=1e-4, atol=1e-6)


def test_attention_to_a_context_computes_its_keys_and_values_once(monkeypatch):
    attention, x, context = nn.MultiHeadAttention(8, 2), draw(2, 3, 8), draw(2, 5, 8, seed=1)
    expected = attention(x, context).data
    calls = []
    linear = nn.Linear.forward
    monkeypatch.setattr(nn.Linear, "forward", lambda self, x: calls.append(self) or linear(self, x))
    cache = nn.KeyValueCache()
    with no_grad():
        found = [attention.forward_cached(x[:, t : t + 1], cache, context).data for t in range(3)]
    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, rtol=1e-4, atol=1e-6)
    assert [calls.count(layer) for layer in (attention.q, attention.k, attention.v)] == [3, 1, 1]
    assert cache.length == 5


def test_a_cache_is_refused_while_gradients_are_recorded():
    with pytest.raises(ValueError, match=r"use it inside `with no_grad\(\):`"):
        nn.MultiHeadAttention(8, 2).forward_cached(draw(1, 2, 8), nn.KeyValueCache())


def test_heads_may_have_a_size_of_their_own():
    attention = nn.MultiHeadAttention(6, 4, head_size=5)
    assert attention.q.weight.shape == (20, 6)
    assert attention.out.weight.shape == (6, 20)
    assert attention(draw(2, 3, 6)).shape == (2, 3, 6)
    with pytest.raises(ValueError, match="n_heads must divide d_model, got 4 heads for 6"):
        nn.MultiHeadAttention(6, 4)
