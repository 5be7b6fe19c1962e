"""Word vectors: the pairs of a text, the noise that negatives are drawn from, the loss, and what is learnt."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import optim
from models.word_vectors import SkipGram, noise_distribution, skip_gram_batches, skip_gram_pairs, subsample


def as_counter(centres: np.ndarray, contexts: np.ndarray) -> Counter:
    return Counter(zip(centres.tolist(), contexts.tolist(), strict=True))


@given(n=st.integers(0, 30), window=st.integers(1, 8), seed=st.integers(0, 1000))
def test_pairs_are_those_of_a_brute_force_enumeration(n, window, seed):
    ids = np.random.default_rng(seed).integers(5, size=n)
    found = as_counter(*skip_gram_pairs(ids, window, np.random.default_rng(seed)))
    widths = np.random.default_rng(seed).integers(1, window + 1, size=n)  # each centre's own
    expected = Counter(
        (int(ids[i]), int(ids[j])) for i in range(n) for j in range(n) if i != j and abs(i - j) <= widths[i]
    )
    assert found == expected


def test_near_words_are_paired_more_often_than_far_ones():
    ids, n_draws = np.array([0, 1, 2, 3, 4]), 3000
    rng = np.random.default_rng(0)
    pairs = sum((as_counter(*skip_gram_pairs(ids, 4, rng)) for _ in range(n_draws)), Counter())
    shares = [pairs[0, context] / n_draws for context in range(1, 5)]
    np.testing.assert_allclose(shares, [1, 3 / 4, 2 / 4, 1 / 4], atol=0.04)


def test_pairs_come_in_random_order_but_stay_pairs():
    ids = np.arange(200)
    centres, contexts = skip_gram_pairs(ids, 1, np.random.default_rng(0))
    np.testing.assert_array_equal(np.abs(centres - contexts), 1)
    assert np.abs(np.diff(centres)).mean() > 30  # 1 in the order of the text, 67 at random
    other_centres, _ = skip_gram_pairs(ids, 1, np.random.default_rng(1))
    assert not np.array_equal(centres, other_centres)


def test_a_window_below_1_is_refused():
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        skip_gram_pairs(np.arange(5), 0, np.random.default_rng(0))


def test_noise_is_frequency_to_the_power_three_quarters():
    noise = noise_distribution(np.array([0] * 16 + [2] * 81 + [3]), vocab_size=5)
    np.testing.assert_allclose(noise, np.array([8, 0, 27, 1, 0]) / 36)


def test_noise_of_no_text_or_of_unknown_tokens_is_refused():
    with pytest.raises(ValueError, match="ids is empty"):
        noise_distribution(np.empty(0, np.int64), vocab_size=3)
    with pytest.raises(ValueError, match=r"ids must lie in \[0, 3\)"):
        noise_distribution(np.array([0, 3]), vocab_size=3)


def test_batches_hold_every_pair_once_and_negatives_follow_the_noise():
    ids = np.random.default_rng(0).choice(6, size=2000, p=[0, 0.4, 0.3, 0.2, 0.1, 0])
    batches = list(skip_gram_batches(ids, 6, 2, 3, 64, np.random.default_rng(1)))
    centres, contexts, negatives = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    assert all(c.shape == (64,) and n.shape == (64, 3) for c, _, n in batches[:-1])
    assert as_counter(centres, contexts) == as_counter(*skip_gram_pairs(ids, 2, np.random.default_rng(1)))
    noise, n = noise_distribution(ids, 6), negatives.size
    shares = np.bincount(negatives.reshape(-1), minlength=6) / n
    assert np.all(np.abs(shares - noise) <= 4 * np.sqrt(noise * (1 - noise) / n))


def test_batches_are_the_same_for_the_same_seed():
    def first_batch(seed: int):
        return next(skip_gram_batches(np.arange(50) % 7, 7, 3, 4, 16, np.random.default_rng(seed)))

    for array, again in zip(first_batch(0), first_batch(0), strict=True):
        np.testing.assert_array_equal(array, again)
    assert not np.array_equal(first_batch(0)[2], first_batch(1)[2])


def test_loss_is_what_the_formula_says():
    rng = np.random.default_rng(0)
    model = SkipGram(9, 5)
    model.centre.weight.data[...] = rng.standard_normal((9, 5))
    model.context.weight.data[...] = rng.standard_normal((9, 5))
    centres, contexts, negatives = rng.integers(9, size=6), rng.integers(9, size=6), rng.integers(9, size=(6, 3))

    v, u = model.centre.weight.data.astype(np.float64), model.context.weight.data.astype(np.float64)
    expected = 0.0
    for centre, context, others in zip(centres, contexts, negatives, strict=True):
        expected -= np.log(sigmoid(v[centre] @ u[context]))
        expected -= sum(np.log(sigmoid(-v[centre] @ u[other])) for other in others)
    assert model(centres, contexts, negatives).item() == pytest.approx(expected / 6, rel=1e-5)


def test_an_untrained_model_pays_log_2_for_each_of_its_decisions():
    model = SkipGram(9, 5, np.random.default_rng(0))
    loss = model(np.array([1, 2]), np.array([3, 4]), np.array([[5, 6, 7], [8, 0, 1]]))
    assert loss.item() == pytest.approx(4 * np.log(2), rel=1e-6)


def test_the_tables_start_as_in_word2vec_and_from_the_seed():
    model = SkipGram(400, 50, np.random.default_rng(0))
    assert not model.context.weight.data.any()
    assert np.abs(model.centre.weight.data).max() == pytest.approx(0.5 / 50, rel=0.01)
    assert model.centre.weight.data.mean() == pytest.approx(0, abs=1e-4)
    assert [parameter.dtype for parameter in model.parameters()] == [np.float32, np.float32]
    again = SkipGram(400, 50, np.random.default_rng(0))
    np.testing.assert_array_equal(again.centre.weight.data, model.centre.weight.data)
    assert model.num_parameters() == 2 * 400 * 50


def test_words_that_keep_the_same_company_get_similar_vectors():
    # Words 0 and 1 stand between 2s and 3s, words 4 and 5 between 6s and 7s; 0 and 1 never meet.
    rng = np.random.default_rng(0)
    sentences = [[2, rng.choice([0, 1]), 3] if rng.random() < 0.5 else [6, rng.choice([4, 5]), 7] for _ in range(1000)]
    ids = np.array(sentences).reshape(-1)
    model = SkipGram(8, 6, np.random.default_rng(1))
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    for _ in range(3):
        for batch in skip_gram_batches(ids, 8, 1, 3, 128, rng):
            model(*batch).backward()
            optimizer.step()
            optimizer.zero_grad()
    vectors = model.centre.weight.data
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    assert min(cosine[0, 1], cosine[4, 5]) > 0.9
    assert cosine[np.ix_([0, 1], [4, 5])].max() < 0.5


def sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


def test_subsampling_thins_out_frequent_tokens_by_the_papers_formula_and_keeps_the_order():
    rng = np.random.default_rng(0)
    ids = rng.choice(4, size=200_000, p=[0.64, 0.16, 0.15, 0.05])
    kept = subsample(ids, 0.16, np.random.default_rng(1))
    shares = np.bincount(kept) / np.bincount(ids)
    np.testing.assert_allclose(shares, [0.5, 1, 1, 1], atol=0.01)
    assert subsample(np.arange(50), 1.0, rng).tolist() == list(range(50))


def test_a_threshold_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        subsample(np.arange(3), 0.0, np.random.default_rng(0))
