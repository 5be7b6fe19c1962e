"""The causal objective: which token each position must predict, and which positions carry no loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.causal_lm import causal_lm


def test_each_token_is_the_label_of_the_position_before_it():
    inputs, labels = causal_lm(np.array([[5, 6, 7, 8], [1, 2, 3, 4]]))
    np.testing.assert_array_equal(inputs, [[5, 6, 7], [1, 2, 3]])
    np.testing.assert_array_equal(labels, [[6, 7, 8], [2, 3, 4]])


@pytest.mark.parametrize("dtype", [np.int64, np.bool_])
def test_padding_on_the_right_carries_no_loss(dtype):
    ids = np.array([[5, 6, 7, 0, 0], [1, 2, 3, 4, 5]])
    inputs, labels = causal_lm(ids, np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype))
    np.testing.assert_array_equal(inputs, ids[:, :-1])
    np.testing.assert_array_equal(labels, [[6, 7, IGNORE, IGNORE], [2, 3, 4, 5]])


def test_padding_on_the_left_carries_no_loss_and_predicts_nothing():
    # Row 0: the padding before 5 has read nothing, so it is not asked for 5, as nobody is for row 1's 1.
    _, labels = causal_lm(np.array([[0, 0, 5, 6, 7], [1, 2, 3, 4, 5]]), np.array([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]))
    np.testing.assert_array_equal(labels, [[IGNORE, IGNORE, 6, 7], [2, 3, 4, 5]])


@given(st.lists(st.integers(0, 6), min_size=1, max_size=4), st.sampled_from(["left", "right"]))
def test_a_sequence_of_n_tokens_carries_n_minus_1_labels(lengths, side):
    attention_mask = np.arange(7) < np.array(lengths)[:, None]
    attention_mask = attention_mask if side == "right" else attention_mask[:, ::-1]
    ids = np.arange(7 * len(lengths)).reshape(len(lengths), 7)
    _, labels = causal_lm(ids, attention_mask)
    np.testing.assert_array_equal((labels != IGNORE).sum(axis=1), [max(n - 1, 0) for n in lengths])
    assert np.all((labels == ids[:, 1:]) | (labels == IGNORE))


def test_the_ids_are_not_changed():
    ids = np.array([[5, 6, 7, 0]])
    causal_lm(ids, np.array([[1, 1, 1, 0]]))
    np.testing.assert_array_equal(ids, [[5, 6, 7, 0]])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T \+ 1\) with T at least 1, got \(3, 1\)"):
        causal_lm(np.zeros((3, 1), np.int64))
    with pytest.raises(ValueError, match=r"got \(4,\)"):
        causal_lm(np.arange(4))
    with pytest.raises(ValueError, match=r"the shape of ids, \(2, 4\), got \(2, 3\)"):
        causal_lm(np.zeros((2, 4), np.int64), np.ones((2, 3), np.int64))


def test_labels_are_signed_where_the_ids_are_not():
    _, labels = causal_lm(np.array([[5, 6, 7, 0]], np.uint16), np.array([[1, 1, 1, 0]]))
    np.testing.assert_array_equal(labels, [[6, 7, IGNORE]])
