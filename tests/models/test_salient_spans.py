"""Salient span masking: one of the spans is removed, whole, and written down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.salient_spans import salient_spans
from models.objectives.span_corruption import restore, sentinel_ids

SENTINELS = sentinel_ids(1000, 10)


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


PARIS = ["Paris", "fell", "on", "25", "August", "1944"]


def test_a_name_or_a_date_is_removed_and_written_down():
    words = [*PARIS, "<Y>", "<X>"]
    seen = set()
    for seed in range(20):
        inputs, labels, attention_mask = salient_spans(
            np.arange(6)[None], [[(0, 1), (3, 6)]], generator(seed), sentinels=sentinel_ids(8, 2)
        )
        assert attention_mask.all()
        seen.add((" ".join(words[i] for i in inputs[0]), " ".join(words[i] for i in labels[0])))
    assert seen == {
        ("<X> fell on 25 August 1944", "<X> Paris <Y>"),
        ("Paris fell on <X>", "<X> 25 August 1944 <Y>"),
    }


def test_each_span_of_a_sequence_is_as_likely():
    ids = np.tile(np.arange(9), (3000, 1))
    _, labels, _ = salient_spans(ids, [[(0, 2), (3, 5), (6, 8)]] * 3000, generator(), sentinels=SENTINELS)
    counts = np.bincount(labels[:, 1], minlength=7)
    assert counts[[0, 3, 6]].sum() == 3000
    assert np.all(abs(counts[[0, 3, 6]] - 1000) < 4 * np.sqrt(3000 * 1 / 3 * 2 / 3))


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 11), st.integers(1, 12)), min_size=1, max_size=4),
    st.integers(0, 2**32), st.sampled_from([None, 1]),
)  # fmt: skip
def test_the_rest_stays_and_the_original_comes_back(rows, seed, eos_id):
    lengths = np.array([length for length, _, _ in rows])
    attention_mask = np.arange(15) < lengths[:, None]
    attention_mask = np.roll(attention_mask, 2, axis=1)  # two of padding on the left
    ids = generator(seed).integers(5, 100, attention_mask.shape)
    before = ids.copy()
    spans = [[(2 + min(start, n - 1), 2 + min(min(start, n - 1) + size, n))] for n, start, size in rows]
    inputs, labels, input_mask = salient_spans(
        ids, spans, generator(seed), sentinels=SENTINELS, attention_mask=attention_mask, pad_id=3, eos_id=eos_id
    )
    end = [] if eos_id is None else [eos_id]
    for row, [(first, last)] in enumerate(spans):
        assert labels[row, labels[row] != IGNORE].tolist() == [999, *ids[row, first:last], 998, *end]
        read = inputs[row, input_mask[row] == 1]
        assert read[len(read) - len(end) :].tolist() == end
        original = restore(read[: len(read) - len(end)], labels[row], SENTINELS)
        np.testing.assert_array_equal(original, ids[row, attention_mask[row]])
        assert np.all(inputs[row, input_mask[row] == 0] == 3)
    np.testing.assert_array_equal(ids, before)


def test_one_seed_always_gives_the_same():
    ids = np.tile(np.arange(9), (50, 1))
    spans = [[(i, i + 1) for i in range(9)]] * 50
    one, again, other = (salient_spans(ids, spans, generator(s), sentinels=SENTINELS)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([[(0, 1)]], "spans must be one list for each of the 2 rows of ids, got 1"),
        ([[(0, 1)], []], "spans must be at least one in every row, got none in row 1"),
        ([[(0, 1)], [(0, 1), (2, 2)]], r"start < end, got \(2, 2\) in row 1"),
        ([[(-1, 1)], [(0, 1)]], r"got \(-1, 1\) in row 0"),
        ([[(0, 5)], [(0, 1)]], r"got \(0, 5\) in row 0"),
        ([[(0, 1)], [(2, 4)]], r"got \(2, 4\) in row 1"),  # the last of which is padding
    ],
)
def test_spans_that_do_not_fit_are_refused(spans, message):
    attention_mask = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
    with pytest.raises(ValueError, match=message):
        salient_spans(
            np.arange(8).reshape(2, 4), spans, generator(), sentinels=SENTINELS, attention_mask=attention_mask
        )
