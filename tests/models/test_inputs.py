"""What goes into a model: padding, and checks of ids that name what is wrong."""

import numpy as np
import pytest

from minigrad import IGNORE, Tensor
from models.inputs import check_ids, check_sequences, check_texts, check_vocabulary, pad_batch


def test_sequences_of_every_kind_become_one_batch_of_int64():
    ids, attention_mask = pad_batch([[5, 6, 7], np.array([250], np.uint8), (8, 9)], pad_id=300)
    np.testing.assert_array_equal(ids, [[5, 6, 7], [250, 300, 300], [8, 9, 300]])
    np.testing.assert_array_equal(attention_mask, [[1, 1, 1], [1, 0, 0], [1, 1, 0]])
    assert ids.dtype == attention_mask.dtype == np.int64
    labels, _ = pad_batch([np.array([200], np.uint8), [1, 2]], IGNORE)  # -100 does not fit into uint8
    np.testing.assert_array_equal(labels, [[200, IGNORE], [1, 2]])


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([[1.7]], r"sequences\[0\] must be integers, got float64"),
        ([[1, 2], [1.0, 2.0]], r"sequences\[1\] must be integers, got float64"),
        ([[True, False]], r"sequences\[0\] must be integers, got bool"),
        ([[1], ["2"]], r"sequences\[1\] must be integers, got <U1"),
        ([[1], [None]], r"sequences\[1\] must be integers, got object"),
        (["12"], r"sequences\[0\] must be integers, got <U2"),
    ],
)
def test_sequences_that_are_not_integers_are_named_and_not_cut(sequences, message):
    with pytest.raises(TypeError, match=message):
        pad_batch(sequences)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "sequences is empty"),
        ([[1], []], r"sequences must have at least one token each, got none in sequences\[1\]"),
        ([[[1, 2]]], r"sequences\[0\] must be one sequence of ids, got shape \(1, 2\)"),
        ([1, 2], r"sequences\[0\] must be one sequence of ids, got shape \(\)"),
        ([[2**63 - 1, 1], np.array([2**63], np.uint64)], r"sequences\[1\] must fit into int64"),
    ],
)
def test_sequences_that_make_no_batch_are_named(sequences, message):
    with pytest.raises(ValueError, match=message):
        pad_batch(sequences)


@pytest.mark.parametrize("pad_id", [1.5, True, None, "0"])
def test_padding_is_an_integer(pad_id):
    with pytest.raises(TypeError, match="pad_id must be an integer"):
        pad_batch([[1], [2, 3]], pad_id)


def test_ids_are_taken_from_arrays_tensors_and_lists():
    for ids in (np.array([[1, 2]], np.uint8), Tensor(np.array([[1, 2]])), [[1, 2]], ((1, 2),)):
        found = check_ids(ids)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, [[1, 2]])


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3), (0, 2), (2, 0), ()])
def test_ids_that_are_no_batch_are_refused(shape):
    with pytest.raises(ValueError, match=r"decoder_ids must have shape \(B, T\) with B and T at least 1, got \("):
        check_ids(np.zeros(shape, np.int64), name="decoder_ids")


def test_lists_of_different_lengths_are_no_array():
    with pytest.raises(ValueError, match="ids must be one array, got lists of different lengths; pad them first"):
        check_ids([[1, 2], [3]])


def test_a_vocabulary_has_no_negative_ids_and_none_that_is_too_large():
    assert check_vocabulary("cls_id", np.array([0, 255], np.uint8)).dtype == np.int64
    assert check_vocabulary("ids", [], 5).dtype == np.int64
    with pytest.raises(ValueError, match="sentinels must not be negative, got -2"):
        check_vocabulary("sentinels", [3, -2])
    for outside in (-1, 5):
        with pytest.raises(ValueError, match=rf"special_ids must lie in \[0, 5\), .*; got {outside}"):
            check_vocabulary("special_ids", [[0, outside]], 5)


def test_texts_are_lists_of_pythons_integers_that_can_be_joined():
    (text,) = check_texts("inputs", [np.array([3], np.uint64)])
    assert [*text, 300] == [3, 300]
    assert {type(token) for token in text} == {int}
    assert [row.dtype for row in check_sequences("labels", [[IGNORE], np.array([1], np.int8)])] == [np.int64] * 2
    with pytest.raises(ValueError, match=r"inputs\[1\] must not be negative, got -1"):
        check_texts("inputs", [[1], [-1]])
