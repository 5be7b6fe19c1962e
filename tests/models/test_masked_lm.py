"""Masked LM: how many tokens are chosen, which may be, and what is put in their place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.masked_lm import choose_tokens, choose_words, masked_lm, number_words, replace_tokens

PAD, CLS, SEP, MASK = 0, 1, 2, 3
SPECIAL = (PAD, CLS, SEP, MASK)
VOCAB_SIZE = 1_000_000  # so large that a random token is practically never the one that it replaces


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def mask(ids, seed=0, **options):
    return masked_lm(ids, generator(seed), **{"mask_id": MASK, "vocab_size": VOCAB_SIZE} | options)


def text(*shape):
    """Ids that are not special."""
    return np.arange(10, 10 + np.prod(shape)).reshape(shape)


def assert_share(n_seen, n, share):
    """A count of n coin flips lies within four standard deviations of its mean."""
    assert abs(n_seen - n * share) < 4 * np.sqrt(n * share * (1 - share))


# -- how many, and which ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_tokens", "n_chosen"), [(1, 1), (3, 1), (6, 1), (20, 3), (100, 15), (128, 19), (512, 77), (0, 0)]
)
def test_a_fixed_15_percent_of_each_sequence_is_chosen_and_at_least_one(n_tokens, n_chosen):
    ids = text(5, n_tokens + 2)
    ids[:, 0], ids[:, -1] = CLS, SEP
    _, labels = mask(ids, special_ids=SPECIAL)
    np.testing.assert_array_equal((labels != IGNORE).sum(axis=1), n_chosen)


def test_every_position_is_as_likely():
    _, labels = mask(text(20_000, 10), rate=0.3)
    for n_seen in (labels != IGNORE).sum(axis=0):
        assert_share(n_seen, 20_000, 0.3)


def test_sequences_of_a_batch_are_masked_differently():
    _, labels = mask(text(8, 100))
    assert len(np.unique(labels != IGNORE, axis=0)) == 8


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=4), st.integers(0, 2**32), st.sampled_from([0.15, 0.5, 1.0]),
    st.booleans(),
)  # fmt: skip
def test_special_tokens_and_padding_are_never_chosen_and_the_rest_is_left_alone(lengths, seed, rate, whole_words):
    ids = generator(seed).integers(0, 8, (len(lengths), 12))
    attention_mask = np.arange(12) < np.array(lengths)[:, None]
    before = ids.copy()
    inputs, labels = mask(
        ids, seed, special_ids=SPECIAL, attention_mask=attention_mask, rate=rate,
        word_numbers=np.arange(12) // 2 + np.zeros_like(ids) if whole_words else None,
    )  # fmt: skip
    chosen = labels != IGNORE
    choosable = attention_mask & (ids >= len(SPECIAL))
    assert not np.any(chosen & ~choosable)
    np.testing.assert_array_equal(chosen.any(axis=1), choosable.any(axis=1))
    np.testing.assert_array_equal(labels[chosen], ids[chosen])
    np.testing.assert_array_equal(inputs[~chosen], ids[~chosen])
    np.testing.assert_array_equal(ids, before)
    assert inputs.dtype == ids.dtype


@pytest.mark.parametrize("words", [None, np.arange(30).reshape(1, 30) // 3])
def test_padding_on_either_side_changes_nothing_about_the_draw(words):
    ids = np.concatenate([text(1, 30), text(1, 30)])
    words = None if words is None else np.concatenate([words, words])
    inputs, labels = mask(ids, word_numbers=words)
    padded, wider = np.full((2, 40), PAD), np.zeros((2, 40), np.int64)
    is_token = np.zeros((2, 40), np.int64)
    for row, left in enumerate([0, 7]):
        padded[row, left : left + 30], is_token[row, left : left + 30] = ids[row], 1
        if words is not None:
            wider[row, left : left + 30] = words[row]
    padded_inputs, padded_labels = mask(
        padded, attention_mask=is_token, word_numbers=None if words is None else wider
    )  # fmt: skip
    np.testing.assert_array_equal(padded_inputs[is_token == 1].reshape(2, 30), inputs)
    np.testing.assert_array_equal(padded_labels[is_token == 1].reshape(2, 30), labels)


def test_one_seed_always_gives_the_same_and_another_something_else():
    ids = text(4, 100)
    np.testing.assert_array_equal(mask(ids, 7), mask(ids, 7))
    assert not np.array_equal(mask(ids, 7)[1], mask(ids, 8)[1])


def test_labels_are_signed_where_the_ids_are_not():
    _, labels = mask(text(2, 20).astype(np.uint16), vocab_size=1000)
    assert labels.min() == IGNORE


# -- whole words ------------------------------------------------------------------------------------


def test_pieces_are_numbered_by_the_word_that_they_continue():
    pieces = ["[CLS]", "the", "un", "##believ", "##able", "day", "[SEP]"]
    np.testing.assert_array_equal(number_words(pieces), [1, 2, 3, 3, 3, 4, 5])


def test_all_pieces_of_a_word_are_chosen_or_none():
    words = np.repeat(np.arange(40), np.arange(40) % 4 + 1)[None]  # 100 pieces in 40 words of 1, 2, 3 and 4
    words = np.repeat(words, 500, axis=0)
    chosen = choose_words(np.ones(words.shape, bool), words, generator(), rate=0.15)
    for word in range(40):
        pieces = chosen[:, words[0] == word]
        assert np.all(pieces == pieces[:, :1])
        assert pieces.any()
    np.testing.assert_array_equal(chosen.sum(axis=1), 15)  # the short words fill up what long ones leave


def test_a_word_too_long_for_what_is_left_is_passed_over():
    words = np.array([[0, 0, 0, 0, 1, 2, 3, 3, 3, 3]])
    for seed in range(20):
        chosen = choose_words(np.ones((1, 10), bool), words, generator(seed), rate=0.2)
        np.testing.assert_array_equal(np.flatnonzero(chosen), [4, 5])


def test_the_numbers_of_words_may_begin_anew_after_a_special_token():
    words = np.array([[0, 0, -1, 0, 0]])  # as in a pair of two words, [SEP] between them
    choosable = np.array([[True, True, False, True, True]])
    choices = {tuple(np.flatnonzero(choose_words(choosable, words, generator(seed), 0.15))) for seed in range(20)}
    assert choices == {(0, 1), (3, 4)}


def test_where_every_word_is_too_long_one_of_the_shortest_is_chosen():
    words = np.array([[0, 0, 1, 1, 1, 2, 2]])
    choices = {tuple(np.flatnonzero(choose_words(np.ones((1, 7), bool), words, generator(s), 0.15))) for s in range(20)}
    assert choices == {(0, 1), (5, 6)}


def test_single_tokens_as_words_are_chosen_like_tokens():
    choosable = np.ones((300, 40), bool)
    words = np.tile(np.arange(40), (300, 1))
    for chosen in (choose_tokens(choosable, generator(), 0.15), choose_words(choosable, words, generator(), 0.15)):
        np.testing.assert_array_equal(chosen.sum(axis=1), 6)


# -- 80/10/10 ---------------------------------------------------------------------------------------


def test_of_the_chosen_tokens_80_percent_are_masked_10_random_and_10_stay():
    ids = text(400, 512)
    inputs, labels = mask(ids)
    chosen = labels != IGNORE
    n = chosen.sum()
    assert n == 400 * 77
    is_mask, stays = inputs[chosen] == MASK, inputs[chosen] == ids[chosen]
    assert_share(is_mask.sum(), n, 0.8)
    assert_share(stays.sum(), n, 0.1)
    assert_share((~is_mask & ~stays).sum(), n, 0.1)


@pytest.mark.parametrize(("replace", "kept"), [((1.0, 0.0, 0.0), False), ((0.0, 0.0, 1.0), True)])
def test_a_share_of_100_percent_is_all_of_them(replace, kept):
    ids = text(50, 100)
    inputs, labels = mask(ids, replace=replace)
    chosen = labels != IGNORE
    np.testing.assert_array_equal(inputs[chosen], ids[chosen] if kept else MASK)
    np.testing.assert_array_equal(chosen.sum(axis=1), 15)  # all of them are predicted, whatever they become


def test_random_tokens_are_drawn_from_the_whole_vocabulary_evenly():
    inputs, labels = mask(np.full((100, 1000), 7), vocab_size=8, replace=(0.0, 1.0, 0.0))
    drawn = inputs[labels != IGNORE]
    assert len(drawn) == 15_000
    for n_seen in np.bincount(drawn, minlength=8):
        assert_share(n_seen, 15_000, 1 / 8)


def test_tokens_of_one_span_share_their_fate():
    ids = text(1, 3000)
    span_numbers = (np.arange(3000) // 3)[None]
    inputs = replace_tokens(
        ids, np.ones((1, 3000), bool), generator(), mask_id=MASK, vocab_size=VOCAB_SIZE, span_numbers=span_numbers
    ).reshape(1000, 3)
    is_mask, stays = inputs == MASK, inputs == ids.reshape(1000, 3)
    assert np.all(is_mask == is_mask[:, :1])
    assert np.all(stays == stays[:, :1])
    assert_share(is_mask[:, 0].sum(), 1000, 0.8)
    assert_share(stays[:, 0].sum(), 1000, 0.1)
    random = inputs[~is_mask & ~stays]
    assert len(np.unique(random)) > 0.99 * len(random)  # each token of a span its own


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0.0}, r"rate must lie in \(0, 1\], got 0.0"),
        ({"rate": 1.5}, r"rate must lie in \(0, 1\], got 1.5"),
        ({"rate": -0.1, "word_numbers": np.zeros((2, 5), np.int64)}, r"rate must lie in \(0, 1\], got -0.1"),
        ({"replace": (0.8, 0.1, 0.2)}, r"three shares that sum to 1, got \(0.8, 0.1, 0.2\)"),
        ({"replace": (1.2, -0.1, -0.1)}, "three shares that sum to 1"),
        ({"replace": (0.8, 0.2)}, "three shares that sum to 1"),
        ({"mask_id": 1000, "vocab_size": 1000}, r"mask_id must lie in \[0, 1000\), .* got 1000"),
        (
            {"attention_mask": np.ones((2, 4), bool)},
            r"attention_mask must have the shape of ids, \(2, 5\), got \(2, 4\)",
        ),
        ({"word_numbers": np.ones((5,), np.int64)}, r"word_numbers must have the shape of ids, \(2, 5\), got \(5,\)"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mask(text(2, 5), **options)


def test_ids_that_are_no_batch_of_integers_are_refused():
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\) .*, got \(5,\)"):
        mask(np.arange(5))
    with pytest.raises(TypeError, match="ids must be integers, got float64"):
        mask(np.zeros((2, 5)))
