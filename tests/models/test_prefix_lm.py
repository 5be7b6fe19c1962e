"""Prefix LM: where the split is, what carries loss, and what may be seen in both directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.causal_lm import causal_lm
from models.objectives.prefix_lm import prefix_lm, prefix_lm_encoder_decoder


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def padded_batch(lengths, side):
    """Ids that count up, and their mask: eight columns."""
    attention_mask = np.arange(8) < np.array(lengths)[:, None]
    attention_mask = attention_mask if side == "right" else attention_mask[:, ::-1]
    ids = np.arange(1, 1 + attention_mask.size).reshape(attention_mask.shape) * attention_mask
    return ids, attention_mask.astype(np.int64)


BATCHES = given(
    st.lists(st.integers(2, 8), min_size=1, max_size=4), st.sampled_from(["left", "right"]), st.integers(0, 2**32)
)


def test_the_prefix_carries_no_loss_and_its_last_token_predicts_the_first_of_the_rest():
    # The example at the top of the module: three of six tokens are given.
    seed = next(seed for seed in range(99) if generator(seed).integers(1, [6]) == 3)
    inputs, labels, prefix_mask = prefix_lm(np.array([[1, 2, 3, 4, 5, 6]]), generator(seed))
    np.testing.assert_array_equal(inputs, [[1, 2, 3, 4, 5]])
    np.testing.assert_array_equal(prefix_mask, [[1, 1, 1, 0, 0]])
    np.testing.assert_array_equal(labels, [[IGNORE, IGNORE, 4, 5, 6]])


def test_the_encoder_reads_the_prefix_and_the_decoder_writes_the_rest():
    # The lecture's form: w_1 … w_T for the encoder, w_{T+1} … w_{2T} for the decoder.
    seed = next(seed for seed in range(99) if generator(seed).integers(1, [6]) == 3)
    inputs, labels, attention_mask = prefix_lm_encoder_decoder(np.array([[1, 2, 3, 4, 5, 6]]), generator(seed))
    np.testing.assert_array_equal(inputs, [[1, 2, 3]])
    np.testing.assert_array_equal(labels, [[4, 5, 6]])
    np.testing.assert_array_equal(attention_mask, [[1, 1, 1]])


def test_every_split_is_as_likely():
    _, _, prefix_mask = prefix_lm(np.ones((6000, 7), np.int64), generator())
    counts = np.bincount(prefix_mask.sum(axis=1))
    assert counts[0] == 0
    assert len(counts) == 7  # 1 … 6 of 7 tokens
    assert np.all(abs(counts[1:] - 1000) < 4 * np.sqrt(6000 * 1 / 6 * 5 / 6))


@BATCHES
def test_loss_is_on_what_follows_the_prefix_and_on_nothing_else(lengths, side, seed):
    ids, attention_mask = padded_batch(lengths, side)
    before = ids.copy()
    inputs, labels, prefix_mask = prefix_lm(ids, generator(seed), attention_mask)
    np.testing.assert_array_equal(inputs, ids[:, :-1])
    np.testing.assert_array_equal(ids, before)
    for row, length in enumerate(lengths):
        tokens = ids[row, attention_mask[row] == 1]
        given_ids = inputs[row, prefix_mask[row] == 1]
        asked = labels[row, labels[row] != IGNORE]
        assert 0 < len(given_ids) < length
        np.testing.assert_array_equal([*given_ids, *asked], tokens)
    _, causal_labels = causal_lm(ids, attention_mask)
    assert np.all((labels == causal_labels) | (labels == IGNORE))


@BATCHES
def test_both_forms_split_alike(lengths, side, seed):
    ids, attention_mask = padded_batch(lengths, side)
    _, labels, prefix_mask = prefix_lm(ids, generator(seed), attention_mask)
    read, written, read_mask = prefix_lm_encoder_decoder(ids, generator(seed), attention_mask, pad_id=77)
    for row in range(len(lengths)):
        np.testing.assert_array_equal(read[row, read_mask[row] == 1], ids[row, :-1][prefix_mask[row] == 1])
        np.testing.assert_array_equal(written[row, written[row] != IGNORE], labels[row, labels[row] != IGNORE])
        assert np.all(read[row, read_mask[row] == 0] == 77)


def test_padding_changes_nothing_and_one_seed_gives_the_same():
    ids = np.arange(1, 41).reshape(4, 10)
    split = prefix_lm(ids, generator(3))
    np.testing.assert_array_equal(prefix_lm(ids, generator(3)), split)
    padded = np.pad(ids, [(0, 0), (2, 3)])
    for ours, theirs in zip(prefix_lm(padded, generator(3), padded > 0), split, strict=True):
        np.testing.assert_array_equal(ours[:, 2:11], theirs)


@pytest.mark.parametrize("objective", [prefix_lm, prefix_lm_encoder_decoder])
def test_what_cannot_be_split_is_refused(objective):
    with pytest.raises(ValueError, match="ids must have two tokens or more in every row, got 1 in row 1"):
        objective(np.ones((2, 3), np.int64), generator(), np.array([[1, 1, 0], [0, 1, 0]]))
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        objective(np.arange(4), generator())
    with pytest.raises(ValueError, match=r"the shape of ids, \(2, 4\), got \(2, 3\)"):
        objective(np.zeros((2, 4), np.int64), generator(), np.ones((2, 3), np.int64))
