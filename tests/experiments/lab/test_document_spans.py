"""Spans in a batch of short documents: over easy words, contiguous, of SpanBERT's lengths, at the exact rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.lab.document_spans import choose_spans_over, hide_spans
from minigrad import IGNORE
from models.objectives.span_masking import choose_spans, span_length_probabilities

PAD, CLS, SEP, MASK, THE, DOT = range(6)
VOCAB_SIZE = 10_000_000  # so large that a random token is practically never the one that it replaces
NEVER = (PAD, CLS, SEP, MASK, THE, DOT)


def batch(n_rows: int, seed: int, longest: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two segments; a third of their words are too easy."""
    generator, rows = np.random.default_rng(seed), []
    for _ in range(n_rows):
        words = np.where(
            generator.random((2, longest)) < 1 / 3,
            generator.choice([THE, DOT], (2, longest)),
            generator.integers(10, VOCAB_SIZE, (2, longest)),
        )
        lengths = generator.integers(1, longest + 1, 2)
        rows.append([CLS, *words[0][: lengths[0]].tolist(), SEP, *words[1][: lengths[1]].tolist(), SEP])
    ids = np.array([[*row, *[PAD] * (2 * longest + 3 - len(row))] for row in rows])
    return ids, (np.arange(ids.shape[1]) < np.array([len(row) for row in rows])[:, None]).astype(np.int64)


def kinds(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the words are that are too easy, and where the others are."""
    return np.isin(ids, (THE, DOT)), ~np.isin(ids, NEVER)


def hide(ids, mask, seed=0, replace=(1.0, 0.0, 0.0), rate=0.25):
    return hide_spans(
        ids, mask, np.random.default_rng(seed), mask_id=MASK, vocab_size=VOCAB_SIZE, separators=(CLS, SEP),
        never_predicted=NEVER, rate=rate, replace=replace,
    )  # fmt: skip


@given(st.integers(1, 12), st.integers(0, 2**32), st.sampled_from([0.05, 0.15, 0.25, 0.4, 0.5, 1.0]))
def test_a_span_is_contiguous_from_one_word_to_another_within_a_segment(n_rows, seed, rate):
    ids, _ = batch(n_rows, seed)
    too_easy, predictable = kinds(ids)
    spans = choose_spans_over(too_easy, predictable, np.random.default_rng(seed), rate)
    n = predictable.sum()
    assert (spans[predictable] >= 0).sum() == (max(round(rate * n), 1) if n else 0)  # the rate is exact
    assert not (spans[~too_easy & ~predictable] >= 0).any()
    for span in range(spans.max() + 1):
        rows, columns = np.nonzero(spans == span)
        assert len(set(rows.tolist())) == 1
        np.testing.assert_array_equal(np.diff(columns), 1)
        assert predictable[rows[[0, -1]], columns[[0, -1]]].all()
        assert predictable[rows, columns].sum() <= 10
    if rate == 1:  # easy words before the first word of a segment and behind its last are left
        assert (spans[predictable] >= 0).all()


def test_a_span_over_easy_words_by_hand():
    ids = np.array([[CLS, THE, 11, 12, THE, 13, DOT, SEP, 14, DOT, SEP]])
    found = set()
    for seed in range(60):
        spans = choose_spans_over(*kinds(ids), np.random.default_rng(seed), rate=0.5)
        found.add("".join("-x"[int(number >= 0)] for number in spans[0]))
    assert "---xxx-----" in found  # 12 the 13
    assert "--xx-------" in found  # 11 12, and not the easy words around them
    assert all(hidden.count("x") - (hidden[3:6] == "xxx") == 2 for hidden in found)


def test_two_spans_do_not_hide_the_easy_words_between_them():
    ids = np.array([[CLS, *[11, THE] * 400, SEP]])
    spans = choose_spans_over(*kinds(ids), np.random.default_rng(0), rate=0.5)[0]
    apart = [place for place in range(2, 800, 2) if min(spans[place - 1], spans[place + 1]) >= 0]
    same = [spans[place - 1] == spans[place + 1] for place in apart]
    assert 0 < sum(same) < len(same)
    assert [spans[place] >= 0 for place in apart] == same


def test_without_easy_words_they_are_spanberts_of_the_whole_batch():
    predictable = kinds(batch(20, 3)[0])[1]
    ours = choose_spans_over(np.zeros_like(predictable), predictable, np.random.default_rng(1), 0.15)
    flat = predictable.reshape(1, -1)
    theirs = choose_spans(flat, np.arange(flat.size)[None], np.random.default_rng(1), 0.15)
    np.testing.assert_array_equal(ours, theirs.reshape(predictable.shape))


def test_lengths_are_geometric_and_count_no_easy_words():
    ids = np.where(np.random.default_rng(0).random((1, 400_000)) < 0.3, THE, 11)
    ids[0, 0] = CLS
    too_easy, predictable = kinds(ids)
    spans = choose_spans_over(too_easy, predictable, np.random.default_rng(1), 0.01)
    lengths = np.bincount(spans[predictable & (spans >= 0)])
    deviation = np.sqrt(span_length_probabilities() @ (np.arange(1, 11) - 3.8) ** 2)
    assert lengths.max() == 10
    assert abs(lengths.mean() - 3.8) < 4 * deviation / np.sqrt(len(lengths))
    assert abs(np.mean(lengths == 1) - 0.224) < 4 * np.sqrt(0.224 * 0.776 / len(lengths))


def test_what_is_hidden_is_a_span_and_what_is_predicted_is_not_easy():
    ids, mask = batch(60, 5)
    too_easy, predictable = kinds(ids)
    inputs, labels = hide(ids, mask)
    spans = choose_spans_over(too_easy, predictable, np.random.default_rng(0), 0.25)
    np.testing.assert_array_equal(inputs, np.where(spans >= 0, MASK, ids))
    np.testing.assert_array_equal(labels, np.where((spans >= 0) & predictable, ids, IGNORE))
    assert (too_easy & (spans >= 0)).any()


def test_a_span_has_one_fate():
    ids, mask = batch(400, 6)
    spans = choose_spans_over(*kinds(ids), np.random.default_rng(0), 0.25)
    inputs, _ = hide(ids, mask, replace=(0.8, 0.1, 0.1))
    fates = np.where(inputs == MASK, 0, np.where(inputs == ids, 2, 1))
    np.testing.assert_array_equal(fates[spans < 0], 2)
    fate_of = [set(fates[spans == span].tolist()) for span in range(spans.max() + 1)]
    assert all(len(each) == 1 for each in fate_of)
    for fate, share in enumerate([0.8, 0.1, 0.1]):
        deviation = np.sqrt(len(fate_of) * share * (1 - share))
        assert abs(sum(each == {fate} for each in fate_of) - share * len(fate_of)) < 4 * deviation


def test_a_share_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"rate must lie in \(0, 1\], got 0.0"):
        hide(*batch(2, 0), rate=0.0)
