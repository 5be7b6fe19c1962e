"""Next-sentence prediction: where A and B come from, how often B is next, and how a pair is encoded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.objectives.next_sentence import IS_NEXT, IS_RANDOM, encode_pair, next_sentence, sentence_pairs

CLS, SEP = 1, 2


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def library(*sentence_counts, sentence_length=3):
    """Documents in which each id occurs once: counted on from 100 · the number of the document's first sentence."""
    ids = iter(range(100, 1_000_000))
    return [[[next(ids) for _ in range(sentence_length)] for _ in range(n)] for n in sentence_counts]


def flat(document):
    return [token for sentence in document for token in sentence]


def document_of(documents, chunk):
    """The number of the document that has all of a chunk, in its order and without a gap."""
    found = [d for d, document in enumerate(documents) if chunk[0] in flat(document)]
    start = flat(documents[found[0]]).index(chunk[0])
    assert flat(documents[found[0]])[start : start + len(chunk)] == chunk
    return found[0]


# -- pairs ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.integers(0, 2**32), st.integers(2, 30))
def test_b_is_what_follows_a_or_a_chunk_of_another_document(sentence_counts, seed, n_tokens):
    documents = library(*sentence_counts)
    for a, b, label in sentence_pairs(documents, generator(seed), n_tokens):
        text = flat(documents[document_of(documents, a)])
        if label == IS_NEXT:
            after_a = text.index(a[-1]) + 1
            assert text[after_a : after_a + len(b)] == b
        else:
            assert document_of(documents, b) != document_of(documents, a)
        assert len(a) % 3 == len(b) % 3 == 0  # whole sentences


@pytest.mark.parametrize("n_sentences", [2, 3, 7, 50])
def test_in_half_of_the_pairs_b_is_next(n_sentences):
    pairs = sentence_pairs(library(*[n_sentences] * (6000 // n_sentences)), generator(), 12)
    labels = np.array([label for _, _, label in pairs])
    assert len(labels) > 1000
    assert abs(np.sum(labels == IS_NEXT) - len(labels) / 2) < 4 * np.sqrt(len(labels) / 4)


def test_the_labels_are_hugging_faces():
    assert (IS_NEXT, IS_RANDOM) == (0, 1)


def test_the_length_of_b_does_not_tell_whether_it_is_next():
    pairs = sentence_pairs(library(*[6] * 2000), generator(), 12)
    lengths = [np.array([len(b) for _, b, label in pairs if label == wanted]) for wanted in (IS_NEXT, IS_RANDOM)]
    for length in (3, 6, 9):
        shares = [np.mean(of == length) for of in lengths]
        p, n = np.mean(shares), min(map(len, lengths))
        assert abs(shares[0] - shares[1]) < 4 * np.sqrt(2 * p * (1 - p) / n)


def test_the_random_chunk_is_from_every_other_document_alike():
    documents = library(*[4] * 5)
    seen = np.zeros((5, 5), int)
    for seed in range(800):
        for a, b, label in sentence_pairs(documents, generator(seed), 1000):
            if label == IS_RANDOM:
                seen[document_of(documents, a), document_of(documents, b)] += 1
    assert np.all(np.diag(seen) == 0)
    n = seen.sum() / 20
    assert np.all(abs(seen[~np.eye(5, dtype=bool)] - n) < 4.5 * np.sqrt(n))


def test_the_random_chunk_begins_anywhere_in_its_document():
    documents = library(4, 4)
    starts = set()
    for seed in range(100):
        for _, b, label in sentence_pairs(documents, generator(seed), 1000):
            if label == IS_RANDOM and len(b) == 3:
                starts.add(b[0])
    assert starts == {sentence[0] for document in documents for sentence in document}


def test_a_document_is_read_once_from_its_beginning():
    documents = library(40, 40)
    pairs = sentence_pairs(documents, generator(), 12)
    for d, document in enumerate(documents):
        of_document = [pair for pair in pairs if document_of(documents, pair[0]) == d]
        read = [token for a, b, label in of_document for token in (a if label == IS_RANDOM else a + b)]
        text = flat(document)
        assert read == text[: len(read)]
        assert len(text) - len(read) <= 3  # at most one last sentence, which has no next one


def test_chunks_have_about_the_number_of_tokens_asked_for():
    pairs = sentence_pairs(library(200, 200), generator(), 20)
    lengths = [len(a) + len(b) for a, b, label in pairs if label == IS_NEXT]
    assert len(lengths) > 20
    assert sum(length != 21 for length in lengths) <= 2  # seven sentences of three, but at the end of a document


def test_the_documents_are_not_changed_and_one_seed_gives_the_same():
    documents = library(9, 9, 9)
    pairs = sentence_pairs(documents, generator(3), 12)
    assert documents == library(9, 9, 9)
    assert sentence_pairs(documents, generator(3), 12) == pairs
    assert sentence_pairs(documents, generator(4), 12) != pairs


# -- encoding ---------------------------------------------------------------------------------------


def test_a_pair_is_cls_a_sep_b_sep():
    assert encode_pair([5, 6, 7], [8, 9], CLS, SEP, 8) == ([CLS, 5, 6, 7, SEP, 8, 9, SEP], [0, 0, 0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("n_a", "n_b", "max_length", "kept"),
    [
        (3, 2, 8, (3, 2)),  # fits
        (9, 2, 8, (3, 2)),  # from the longer of the two alone
        (2, 9, 8, (2, 3)),
        (9, 9, 8, (3, 2)),  # in turn, B first
        (1, 9, 5, (1, 1)),
    ],
)
def test_tokens_are_removed_from_the_longer_of_the_two(n_a, n_b, max_length, kept):
    a, b = list(range(10, 10 + n_a)), list(range(30, 30 + n_b))
    ids, token_type_ids = encode_pair(a, b, CLS, SEP, max_length)
    assert ids == [CLS, *a[: kept[0]], SEP, *b[: kept[1]], SEP]
    assert token_type_ids == [0] * (kept[0] + 2) + [1] * (kept[1] + 1)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(5, 40))
def test_a_pair_fills_the_length_that_it_may_have(n_a, n_b, max_length):
    ids, token_type_ids = encode_pair([7] * n_a, [8] * n_b, CLS, SEP, max_length)
    assert len(ids) == len(token_type_ids) == min(n_a + n_b + 3, max_length)
    assert ids.count(7) > 0
    assert ids.count(8) > 0


def test_a_batch_is_the_encoded_pairs_padded():
    documents = library(30, 25, 20)
    pairs = sentence_pairs(documents, generator(1), 17)
    ids, token_type_ids, attention_mask, labels = next_sentence(
        documents, generator(1), cls_id=CLS, sep_id=SEP, max_length=20, pad_id=99
    )
    assert len(ids) == len(pairs)
    assert labels.tolist() == [label for _, _, label in pairs]
    for row, (a, b, _) in enumerate(pairs):
        expected, types = encode_pair(a, b, CLS, SEP, 20)
        assert ids[row].tolist() == expected + [99] * (20 - len(expected))
        assert token_type_ids[row].tolist() == types + [0] * (20 - len(types))
        assert attention_mask[row].tolist() == [1] * len(types) + [0] * (20 - len(types))


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([[[5], [6]]], "documents must be at least 2, .*; got 1"),
        ([[[5], [6]], []], r"must not be empty, got an empty one in documents\[1\]"),
        ([[[5], []], [[6]]], r"must not be empty, got an empty one in documents\[0\]"),
        ([[[5]], [[6]]], "documents must have two sentences or more, got none that does"),
    ],
)
def test_documents_without_a_pair_are_refused(documents, message):
    with pytest.raises(ValueError, match=message):
        next_sentence(documents, generator(), cls_id=CLS, sep_id=SEP, max_length=20)


def test_a_length_without_room_for_both_is_refused():
    with pytest.raises(ValueError, match=r"max_length must be at least 5, .*; got 4"):
        encode_pair([5], [6], CLS, SEP, 4)
