"""Documents in rows of their own: each once in a pass, padded, in batches of a limited number of tokens."""

import numpy as np
import pytest

from experiments.lab.documents import Documents

START, END, PAD = 7, 8, 0
LENGTHS = (3, 9, 4, 3, 6, 4, 5, 3, 30, 4, 6)


def stream() -> tuple[np.ndarray, list[list[int]]]:
    """Documents of these lengths, the words of each its own, and the stream of them all."""
    rows = [[START, *range(100 * i, 100 * i + length - 2), END] for i, length in enumerate(LENGTHS, start=1)]
    return np.array([id for row in rows for id in row], np.uint16), rows


def documents(batch_tokens: int = 12, seed: int = 0) -> Documents:
    return Documents(stream()[0], START, PAD, batch_tokens, seed)


def rows_of(text: Documents, step: int) -> list[list[int]]:
    """The documents of a step without their padding."""
    ids, mask = text.batch(step)
    return [row[own == 1].tolist() for row, own in zip(ids, mask, strict=True)]


@pytest.mark.parametrize("batch_tokens", [1, 12, 13, 100, 1000])
def test_a_pass_reads_every_document_once(batch_tokens):
    text = documents(batch_tokens)
    for current in range(3):
        steps = range(current * text.steps_per_pass, (current + 1) * text.steps_per_pass)
        assert sorted(row for step in steps for row in rows_of(text, step)) == sorted(stream()[1])


def test_passes_and_seeds_have_orders_of_their_own():
    def order(seed: int, current: int) -> list[list[int]]:
        text = documents(seed=seed)
        steps = range(current * text.steps_per_pass, (current + 1) * text.steps_per_pass)
        return [row for step in steps for row in rows_of(text, step)]

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)
    firsts = {len(rows_of(documents(seed=seed), 0)[0]) for seed in range(20)}
    assert len(firsts) > 3  # a pass does not begin with its shortest documents


def test_a_batch_is_a_pure_function_of_the_step():
    text, other = documents(), documents()
    steps = np.random.default_rng(0).permutation(5 * text.steps_per_pass).tolist()
    later = {step: other.batch(step) for step in steps}  # from pass to pass, and back
    for step in range(5 * text.steps_per_pass):
        for one, two in zip(text.batch(step), later[step], strict=True):
            np.testing.assert_array_equal(one, two)


def test_documents_are_padded_on_the_right_to_the_longest_of_their_batch():
    text = documents()
    lengths = set()
    for step in range(text.steps_per_pass):
        ids, mask = text.batch(step)
        assert (ids.dtype, mask.dtype, ids.shape) == (np.int64, np.int64, mask.shape)
        assert (ids[mask == 0] == PAD).all()
        assert (np.diff(mask, axis=1) <= 0).all()
        assert mask.sum(axis=1).max() == ids.shape[1]
        lengths.add(len(set(mask.sum(axis=1).tolist())))
    assert lengths == {1, 2}  # some batches do hold documents of different lengths


@pytest.mark.parametrize(
    ("batch_tokens", "shapes"),
    [
        (1, [(1, length) for length in sorted(LENGTHS)]),
        (12, [(3, 3), (3, 4), (2, 6), (1, 6), (1, 9), (1, 30)]),
        (16, [(4, 4), (3, 5), (2, 6), (1, 9), (1, 30)]),
        (1000, [(11, 30)]),
    ],
)
def test_a_batch_holds_as_many_documents_as_fit_with_their_padding(batch_tokens, shapes):
    """By length they are 3 3 3 4 4 4 5 6 6 9 30. One that is longer than a batch is a batch of its own."""
    text = documents(batch_tokens)
    found = [text.batch(step)[0].shape for step in range(text.steps_per_pass)]
    assert sorted(found) == sorted(shapes)
