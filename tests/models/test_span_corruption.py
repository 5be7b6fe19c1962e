"""Span corruption: T5's numbers, the lecture's example, and that the original comes back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.span_corruption import (
    corrupted_inputs,
    corrupted_targets,
    noise_mask,
    random_partition,
    restore,
    sentinel_ids,
    span_corruption,
)

SENTINELS = sentinel_ids(32_100)


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def n_spans(mask):
    return int(np.sum(np.diff(mask.astype(int), prepend=0) == 1))


# -- examples ---------------------------------------------------------------------------------------

EXAMPLES = pytest.mark.parametrize(
    ("original", "noise", "expected_inputs", "expected_targets"),
    [
        (
            "Thank you for inviting me to your party last week",  # the lecture, and the paper's figure 2
            {"for", "inviting", "last"},
            "Thank you <X> me to your party <Y> week",
            "<X> for inviting <Y> last <Z>",
        ),
        (
            "The cute dog walks in the park",  # the documentation of T5 in transformers
            {"cute", "dog", "the"},
            "The <X> walks in <Y> park",
            "<X> cute dog <Y> the <Z>",
        ),
    ],
)


@EXAMPLES
def test_the_examples_of_the_lecture_and_of_transformers(original, noise, expected_inputs, expected_targets):
    words = [*original.split(), "<Z>", "<Y>", "<X>"]  # a vocabulary whose last tokens are the sentinels
    ids = np.arange(len(words) - 3)
    mask = np.array([word in noise for word in original.split()])
    sentinels = sentinel_ids(len(words), 3)
    inputs, targets = corrupted_inputs(ids, mask, sentinels), corrupted_targets(ids, mask, sentinels)
    assert " ".join(words[i] for i in inputs) == expected_inputs
    assert " ".join(words[i] for i in targets) == expected_targets
    assert " ".join(words[i] for i in restore(inputs, targets, sentinels)) == original


# -- the noise mask ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "n_noise", "spans"),
    [
        (500, 75, 25),  # the example of the paper's section 3.3.4
        (512, 77, 26),
        (568, 85, 28),
        (20, 3, 1),
        (2, 1, 1),
        (3, 1, 1),
    ],
)
def test_the_length_says_how_many_tokens_are_noise_and_in_how_many_spans(length, n_noise, spans):
    for seed in range(20):
        mask = noise_mask(length, generator(seed))
        assert len(mask) == length
        assert mask.sum() == n_noise
        assert n_spans(mask) == spans


def test_568_tokens_are_inputs_of_512_and_targets_of_114_as_in_t5():
    ids = np.arange(568)
    mask = noise_mask(568, generator())
    inputs, targets = corrupted_inputs(ids, mask, SENTINELS), corrupted_targets(ids, mask, SENTINELS)
    assert len(inputs) + 1 == 512  # T5 counts the end-of-sequence token after both,
    assert len(targets) == 114  # and has it in place of our last sentinel


@given(st.integers(2, 200), st.floats(0.01, 1), st.floats(1, 20), st.integers(0, 2**32))
def test_a_mask_begins_with_what_stays_and_ends_in_noise(length, density, mean_span_length, seed):
    mask = noise_mask(length, generator(seed), density, mean_span_length)
    assert not mask[0]
    assert mask[-1]
    assert mask.sum() == min(max(round(density * length), 1), length - 1)
    assert n_spans(mask) == min(max(round(mask.sum() / mean_span_length), 1), (~mask).sum())
    np.testing.assert_array_equal(noise_mask(length, generator(seed), density, mean_span_length), mask)


def test_every_division_into_parts_is_as_likely():
    draws = [tuple(random_partition(6, 3, rng)) for rng in [generator()] for _ in range(5000)]
    divisions, counts = np.unique(draws, axis=0, return_counts=True)
    assert len(divisions) == math.comb(5, 2)
    assert divisions.min() == 1
    np.testing.assert_array_equal(divisions.sum(axis=1), 6)
    assert np.all(abs(counts - 500) < 4 * np.sqrt(5000 * 0.1 * 0.9))


def test_a_shorter_mean_makes_more_spans_of_the_same_noise():
    for mean_span_length, spans in [(2, 38), (3, 26), (5, 15), (10, 8)]:  # the paper's table 7
        mask = noise_mask(512, generator(), mean_span_length=mean_span_length)
        assert (mask.sum(), n_spans(mask)) == (77, spans)


# -- inputs, targets and back -----------------------------------------------------------------------


def test_sentinels_count_down_from_the_end_of_the_vocabulary():
    assert SENTINELS[0] == 32_099
    assert SENTINELS[-1] == 32_000
    np.testing.assert_array_equal(sentinel_ids(10, 3), [9, 8, 7])


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60))
def test_inputs_and_targets_together_are_the_original(tokens):
    # Any mask at all: noise at the beginning and the end, everywhere and nowhere.
    ids = np.array([token for token, _ in tokens], np.int64)
    mask = np.array([is_noise for _, is_noise in tokens], bool)
    before = ids.copy(), mask.copy()
    inputs, targets = corrupted_inputs(ids, mask, SENTINELS), corrupted_targets(ids, mask, SENTINELS)
    np.testing.assert_array_equal(restore(inputs, targets, SENTINELS), ids)
    assert len(inputs) == (~mask).sum() + n_spans(mask)
    assert len(targets) == mask.sum() + n_spans(mask) + 1
    np.testing.assert_array_equal(targets[np.isin(targets, SENTINELS)], SENTINELS[: n_spans(mask) + 1])
    np.testing.assert_array_equal(ids, before[0])
    np.testing.assert_array_equal(mask, before[1])


def test_what_follows_the_last_sentinel_of_the_targets_is_no_part_of_the_original():
    inputs, targets = np.array([5, 99, 8]), np.array([99, 6, 7, 98, 1, 0, 0])
    np.testing.assert_array_equal(restore(inputs, targets, sentinel_ids(100, 5)), [5, 6, 7, 8])


# -- a batch ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(2, 40), min_size=1, max_size=4), st.integers(0, 2**32), st.sampled_from([None, 1]))
def test_each_sequence_of_a_batch_comes_back(lengths, seed, eos_id):
    is_token = np.arange(40) < np.array(lengths)[:, None]
    ids = np.where(is_token, generator(seed).integers(5, 1000, is_token.shape), 0)
    inputs, labels, attention_mask = span_corruption(
        ids, generator(seed), sentinels=SENTINELS, attention_mask=is_token, eos_id=eos_id
    )
    for row, length in enumerate(lengths):
        read = inputs[row, attention_mask[row] == 1]
        written = labels[row, labels[row] != IGNORE]
        if eos_id is not None:
            assert read[-1] == written[-1] == eos_id
            read = read[:-1]
        np.testing.assert_array_equal(restore(read, written, SENTINELS), ids[row, :length])
        assert np.all(inputs[row, attention_mask[row] == 0] == 0)
        assert np.all(np.diff(attention_mask[row]) <= 0)  # padding on the right


def test_padding_on_either_side_is_left_out():
    ids = np.arange(5, 65).reshape(2, 30)
    whole = span_corruption(ids, generator(), sentinels=SENTINELS)
    padded = np.pad(ids, [(0, 0), (3, 4)])
    for ours, theirs in zip(
        span_corruption(padded, generator(), sentinels=SENTINELS, attention_mask=padded > 0), whole, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_sequences_of_a_batch_are_corrupted_differently():
    inputs, _, _ = span_corruption(np.tile(np.arange(200), (4, 1)), generator(), sentinels=SENTINELS)
    assert len(np.unique(inputs, axis=0)) == 4


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": 0.0}, r"density must lie in \(0, 1\], got 0.0"),
        ({"mean_span_length": 0.5}, "mean_span_length must be a finite number at least 1, got 0.5"),
        ({"sentinels": SENTINELS[:1]}, "sentinels must be one more than the 1 spans of noise, got 1"),
        ({"sentinels": np.array([7, 6])}, "ids must contain no sentinel, got 6"),
        (
            {"attention_mask": np.ones((2, 9), np.int64)},
            r"attention_mask must have the shape of ids, \(2, 10\), got \(2, 9\)",
        ),
        ({"attention_mask": np.eye(2, 10, dtype=int)}, "ids must have two tokens or more in every row, got 1 in row 0"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        span_corruption(np.arange(20).reshape(2, 10), generator(), **{"sentinels": SENTINELS} | options)


def test_a_mask_or_targets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"mask must be booleans of the shape \(T,\) of ids, \(4,\), got bool \(3,\)"):
        corrupted_inputs(np.arange(4), np.zeros(3, bool), SENTINELS)
    with pytest.raises(ValueError, match="got int64"):
        corrupted_targets(np.arange(4), np.zeros(4, np.int64), SENTINELS)
    with pytest.raises(ValueError, match="targets must contain each sentinel of the inputs, got none of 98"):
        restore(np.array([5, 99, 8, 98]), np.array([99, 6]), sentinel_ids(100, 5))
    with pytest.raises(ValueError, match=r"n must lie in \[1, 5\], .*; got 6"):
        sentinel_ids(5, 6)
