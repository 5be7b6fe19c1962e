"""Span masking: the lengths of spans, that they are whole and contiguous, and that each has one fate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.span_masking import choose_spans, span_length_probabilities, span_masking

PAD, CLS, SEP, MASK = 0, 1, 2, 3
SPECIAL = (PAD, CLS, SEP, MASK)
VOCAB_SIZE = 10_000_000  # so large that a random token is practically never the one that it replaces


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def mask(ids, seed=0, **options):
    return span_masking(ids, generator(seed), **{"mask_id": MASK, "vocab_size": VOCAB_SIZE} | options)


def text(*shape):
    return np.arange(10, 10 + np.prod(shape)).reshape(shape)


def lengths_of(span_numbers):
    return np.bincount(span_numbers[span_numbers >= 0])


def test_the_mean_length_is_spanberts():
    probabilities = span_length_probabilities()
    assert len(probabilities) == 10
    assert probabilities.sum() == pytest.approx(1)
    assert round(np.arange(1, 11) @ probabilities, 1) == 3.8
    np.testing.assert_allclose(probabilities[1:] / probabilities[:-1], 0.8)  # geometric: 1 - p


def test_spans_have_these_lengths_where_nothing_is_in_their_way():
    # One word in a hundred, so that few spans meet: about 1050 of them.
    span_numbers = choose_spans(np.ones((1, 400_000), bool), np.arange(400_000)[None], generator(), rate=0.01)
    lengths = lengths_of(span_numbers)
    assert lengths.max() == 10
    deviation = np.sqrt(span_length_probabilities() @ (np.arange(1, 11) - 3.8) ** 2)
    assert abs(lengths.mean() - 3.8) < 4 * deviation / np.sqrt(len(lengths))
    assert abs(np.mean(lengths == 1) - span_length_probabilities()[0]) < 4 * np.sqrt(0.22 * 0.78 / len(lengths))


@pytest.mark.parametrize(("n_tokens", "n_chosen"), [(1, 1), (6, 1), (20, 3), (100, 15), (128, 19), (512, 77)])
def test_15_percent_are_chosen_and_at_least_one(n_tokens, n_chosen):
    ids = text(20, n_tokens + 2)
    ids[:, 0], ids[:, -1] = CLS, SEP
    _, labels = mask(ids, special_ids=SPECIAL)
    np.testing.assert_array_equal((labels != IGNORE).sum(axis=1), n_chosen)


def test_spans_begin_anywhere():
    # With one token to choose, a span is its first word.
    _, labels = mask(text(5000, 5), rate=0.2)
    counts = (labels != IGNORE).sum(axis=0)
    assert np.all(abs(counts - 1000) < 4 * np.sqrt(5000 * 0.2 * 0.8))


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=40), st.integers(0, 2**32), st.sampled_from([0.15, 0.5, 1.0]),
    st.integers(1, 10),
)  # fmt: skip
def test_spans_are_contiguous_whole_words_within_the_number_to_choose(word_lengths, seed, rate, longest):
    words = np.repeat(np.arange(len(word_lengths)), word_lengths)[None]
    is_special = generator(seed).random(len(word_lengths)) < 0.1
    choosable = ~is_special[words]
    span_numbers = choose_spans(choosable, words, generator(seed), rate, 0.2, longest)
    chosen = span_numbers >= 0
    assert not np.any(chosen & ~choosable)
    for span in range(span_numbers.max() + 1):
        positions = np.flatnonzero(span_numbers == span)
        assert len(positions)
        np.testing.assert_array_equal(np.diff(positions), 1)
        assert len(np.unique(words[0, positions])) <= longest
    for word in range(len(word_lengths)):
        assert len(np.unique(span_numbers[words == word])) == 1
    sizes = np.array(word_lengths)[~is_special]
    assert chosen.sum() <= max(round(rate * sum(sizes)), min(sizes, default=0))
    assert chosen.any() == choosable.any()
    if rate == 1:
        np.testing.assert_array_equal(chosen, choosable)


def test_no_span_reaches_over_a_special_token():
    ids = text(200, 9)
    ids[:, 4] = SEP
    choosable = ids != SEP
    span_numbers = choose_spans(choosable, np.tile(np.arange(9), (200, 1)), generator(), rate=0.5, p=0.01)
    for row in span_numbers:
        assert not set(row[:4]) & set(row[5:]) - {-1}


def test_spans_are_counted_through_the_batch():
    span_numbers = choose_spans(np.ones((50, 40), bool), np.tile(np.arange(40), (50, 1)), generator())
    numbers = span_numbers[span_numbers >= 0]
    np.testing.assert_array_equal(np.unique(numbers), np.arange(numbers.max() + 1))
    assert all(len(np.unique(np.nonzero(span_numbers == n)[0])) == 1 for n in range(numbers.max() + 1))


def test_80_10_10_is_drawn_once_a_span():
    ids = text(2000, 40)
    inputs, labels = mask(ids, seed=5)
    span_numbers = choose_spans(np.ones(ids.shape, bool), np.tile(np.arange(40), (2000, 1)), generator(5))
    np.testing.assert_array_equal(labels != IGNORE, span_numbers >= 0)
    n_spans = span_numbers.max() + 1
    chosen = span_numbers >= 0
    fates = np.where(inputs == MASK, 0, np.where(inputs == ids, 2, 1))[chosen]
    n_fates = np.unique(np.stack([span_numbers[chosen], fates]), axis=1).shape[1]
    assert n_fates == n_spans
    first = np.unique(span_numbers[chosen], return_index=True)[1]
    for fate, share in enumerate([0.8, 0.1, 0.1]):
        deviation = np.sqrt(n_spans * share * (1 - share))
        assert abs(np.sum(fates[first] == fate) - n_spans * share) < 4 * deviation


@given(st.integers(0, 2**32))
def test_what_is_not_chosen_stays_and_the_ids_are_not_changed(seed):
    ids = generator(seed).integers(0, 30, (3, 25))
    before = ids.copy()
    attention_mask = np.arange(25) < np.array([[25], [10], [0]])
    inputs, labels = mask(ids, seed, special_ids=SPECIAL, attention_mask=attention_mask)
    chosen = labels != IGNORE
    assert not np.any(chosen & (~attention_mask | (ids < 4)))
    np.testing.assert_array_equal(inputs[~chosen], ids[~chosen])
    np.testing.assert_array_equal(labels[chosen], ids[chosen])
    np.testing.assert_array_equal(ids, before)


def test_padding_changes_nothing_about_the_draw_and_one_seed_gives_the_same():
    ids = text(2, 30)
    inputs, labels = mask(ids)
    np.testing.assert_array_equal(mask(ids), (inputs, labels))
    padded = np.pad(ids, [(0, 0), (4, 6)])
    padded_inputs, padded_labels = mask(padded, attention_mask=padded > 0)
    np.testing.assert_array_equal(padded_inputs[:, 4:34], inputs)
    np.testing.assert_array_equal(padded_labels[:, 4:34], labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 0.0}, r"p must lie in \(0, 1\), got 0.0"),
        ({"p": 1.0}, r"p must lie in \(0, 1\), got 1.0"),
        ({"longest": 0}, "longest must be at least 1, got 0"),
        ({"rate": 0.0}, r"rate must lie in \(0, 1\], got 0.0"),
        (
            {"word_numbers": np.zeros((2, 6), np.int64)},
            r"word_numbers must have the shape of ids, \(2, 5\), got \(2, 6\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mask(text(2, 5), **options)
