"""Padding and truncation: every sequence gets the length, the mask says where tokens are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer.padding import pad, truncate

sides = st.sampled_from(["right", "left"])
sequences = st.lists(st.lists(st.integers(1, 99), max_size=6), max_size=5)


def test_short_sequences_are_padded_to_the_longest_and_masked():
    assert pad([[5, 6, 7], [8]], pad_id=0) == ([[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]])
    assert pad([[5, 6, 7], [8]], 9, side="left") == ([[5, 6, 7], [9, 9, 8]], [[1, 1, 1], [0, 0, 1]])
    assert pad([[5], []], 0, length=3) == ([[5, 0, 0], [0, 0, 0]], [[1, 0, 0], [0, 0, 0]])
    assert pad([], 0) == ([], [])


def test_long_sequences_are_truncated_at_the_side():
    assert truncate([1, 2, 3, 4], 3) == [1, 2, 3]
    assert truncate([1, 2, 3, 4], 3, side="left") == [2, 3, 4]
    assert truncate([1, 2], 5, side="left") == truncate([1, 2], 5) == [1, 2]
    assert truncate([1, 2], 0, side="left") == truncate([1, 2], 0) == []


@given(sequences, sides, st.integers(0, 3))
def test_the_mask_finds_the_sequences_again(sequences, side, more):
    length = max(map(len, sequences), default=0) + more
    padded, mask = pad(sequences, pad_id=0, side=side, length=length)
    assert all(len(row) == length for row in [*padded, *mask])
    kept = [[id for id, is_token in zip(*row, strict=True) if is_token] for row in zip(padded, mask, strict=True)]
    assert kept == sequences
    assert sum(id == 0 for row in padded for id in row) == sum(one == 0 for row in mask for one in row)


@given(sequences, sides, st.integers(0, 8))
def test_what_is_truncated_can_be_padded(sequences, side, length):
    padded, _ = pad([truncate(ids, length, side) for ids in sequences], 0, length=length)
    assert all(len(row) == length for row in padded)


def test_what_is_given_stays_as_it_was():
    ids = [[1, 2], [3]]
    padded, _ = pad(ids, 0)
    padded[0][0] = 99
    truncate(ids[0], 2)[0] = 99
    assert ids == [[1, 2], [3]]


def test_bad_input_is_refused():
    with pytest.raises(
        ValueError, match="sequences: expected at most length = 2 ids each, got 3 ids in sequence 1; truncate it first"
    ):
        pad([[1], [1, 2, 3]], 0, length=2)
    with pytest.raises(ValueError, match='side: expected "right" or "left", got \'both\''):
        pad([[1]], 0, side="both")
    with pytest.raises(ValueError, match='side: expected "right" or "left", got 1'):
        truncate([1], 1, side=1)
    with pytest.raises(ValueError, match="length: expected 0 or more, got -1"):
        truncate([1], -1)
