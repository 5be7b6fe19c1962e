"""Beam search against the best of all texts, and on models whose probabilities are known."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor
from models.beam_search import beam_search
from models.generation import WithCache, WithoutCache
from models.gpt import GPT, GPTConfig


class Table:
    """The distribution of the next token depends on the last token alone."""

    def __init__(self, probs: list[list[float]]) -> None:
        with np.errstate(divide="ignore"):
            self.logits = np.log(np.array(probs))

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        return Tensor(self.logits[ids])


TRAP = Table([[0.0, 0.6, 0.4, 0.0], [0.3, 0.3, 0.4, 0.0], [0.0, 0.0, 0.1, 0.9], [0.25] * 4])


def small_gpt(seed: int) -> GPT:
    gpt = GPT(GPTConfig(vocab_size=6, n_positions=12, d_model=8, n_layers=1, n_heads=2))
    rng = np.random.default_rng(seed)
    for parameter in gpt.parameters():
        parameter.data[...] += 0.7 * rng.standard_normal(parameter.shape, dtype=np.float32)
    return gpt


def test_two_beams_avoid_the_trap_that_greedy_decoding_walks_into():
    (greedy,) = beam_search(WithoutCache(TRAP), np.array([[0]]), 2, n_beams=1, length_penalty=0)
    best, second = beam_search(WithoutCache(TRAP), np.array([[0]]), 2, n_beams=2, length_penalty=0)
    assert greedy.ids.tolist() == [0, 1, 2]
    assert greedy.score == pytest.approx(np.log(0.6 * 0.4))
    assert best.ids.tolist() == [0, 2, 3]
    assert best.score == pytest.approx(np.log(0.4 * 0.9))
    assert second.score == pytest.approx(np.log(0.6 * 0.4))


def log_prob(gpt: GPT, text: np.ndarray, start: int) -> float:
    logits = gpt(text[None]).data[0].astype(np.float64)
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return float(sum(log_probs[place - 1, text[place]] for place in range(start, len(text))))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 2.0])
def test_with_beams_enough_the_best_of_all_texts_is_found(seed: int, length_penalty: float):
    gpt, ids, eos_id = small_gpt(seed), np.array([[1, 2]]), 0
    found = beam_search(WithCache(gpt), ids, 3, n_beams=6**3, length_penalty=length_penalty, eos_id=eos_id)
    texts = set()
    for new in product(range(6), repeat=3):  # every text of three tokens, cut off behind its end
        end = new.index(eos_id) + 1 if eos_id in new else 3
        texts.add(new[:end])
    scores = {new: log_prob(gpt, np.array([1, 2, *new]), 2) / len(new) ** length_penalty for new in texts}
    ranked = sorted(scores, key=lambda new: -scores[new])
    for hypothesis, new in list(zip(found, ranked, strict=False))[:5]:
        assert hypothesis.ids.tolist() == [1, 2, *new]
        assert hypothesis.score == pytest.approx(scores[new], abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_cached_and_uncached_search_find_the_same(seed: int):
    gpt, ids = small_gpt(seed), np.array([[1, 2, 3]])
    cached = beam_search(WithCache(gpt, 12), ids, 15, n_beams=3, eos_id=5)
    uncached = beam_search(WithoutCache(gpt, 12), ids, 15, n_beams=3, eos_id=5)
    assert [one.ids.tolist() for one in cached] == [one.ids.tolist() for one in uncached]


def random_table(seed: int, vocab_size: int, sharpness: float) -> Table:
    logits = sharpness * np.random.default_rng(seed).standard_normal((vocab_size, vocab_size))
    return Table(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))


def best_of_all_texts(table: Table, n_new: int, length_penalty: float, eos_id: int) -> tuple[float, list[int]]:
    """The highest score of all texts that begin with token 1, and the text, by trying each of them."""
    found = []
    for new in product(range(len(table.logits)), repeat=n_new):
        text = new[: new.index(eos_id) + 1] if eos_id in new else new
        log_prob = sum(table.logits[last, token] for last, token in zip((1, *text), text, strict=False))
        found.append((log_prob / len(text) ** length_penalty, [1, *text]))
    return max(found)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    vocab_size=st.integers(2, 3),
    n_new=st.integers(1, 4),
    length_penalty=st.sampled_from([-1.5, 0.0, 0.5, 1.0, 3.0]),
    sharpness=st.sampled_from([0.5, 3.0, 8.0]),
)
def test_a_beam_for_every_text_finds_the_best_of_all(seed, vocab_size, n_new, length_penalty, sharpness):
    table = random_table(seed, vocab_size, sharpness)
    found = beam_search(WithoutCache(table), np.array([[1]]), n_new, vocab_size**n_new, length_penalty, eos_id=0)
    score, text = best_of_all_texts(table, n_new, length_penalty, eos_id=0)
    assert found[0].score == pytest.approx(score)
    assert found[0].ids.tolist() == text


def patient_search(table: Table, n_new: int, n_beams: int, length_penalty: float, eos_id: int) -> float:
    """The best score of a beam search that never stops before the last token, written with lists."""
    beams, finished = [(0.0, (1,))], []
    for length in range(1, n_new + 1):
        candidates = sorted(
            (total + table.logits[text[-1], token], (*text, token))
            for total, text in beams
            for token in range(len(table.logits))
        )[::-1]
        ended = [total / length**length_penalty for total, text in candidates[:n_beams] if text[-1] == eos_id]
        finished = sorted([*finished, *ended])[::-1][:n_beams]
        beams = [candidate for candidate in candidates if candidate[1][-1] != eos_id][:n_beams]
    return max([*finished, *(total / n_new**length_penalty for total, _ in beams)])


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**16),
    n_beams=st.integers(1, 4),
    length_penalty=st.sampled_from([-1.0, 0.0, 0.6, 1.0, 2.0]),
    sharpness=st.sampled_from([1.0, 3.0, 8.0]),
)
def test_stopping_early_never_costs_a_better_hypothesis(seed, n_beams, length_penalty, sharpness):
    table = random_table(seed, 4, sharpness)
    best = beam_search(WithoutCache(table), np.array([[1]]), 9, n_beams, length_penalty, eos_id=0)[0]
    assert best.score == pytest.approx(patient_search(table, 9, n_beams, length_penalty, eos_id=0))


class Counting(WithoutCache):
    """Counts how often the model was asked."""

    n_calls = 0

    def __call__(self, ids, attention_mask=None):
        self.n_calls += 1
        return super().__call__(ids, attention_mask)


def test_a_longer_text_with_a_better_mean_is_waited_for_and_no_longer_than_it_can_win():
    # From 1 the text ends at once with 0.5, or goes to 2 with 0.4, from where 3 follows for ever for certain.
    table = Table([[1, 0, 0, 0], [0.5, 0.1, 0.4, 0], [0, 0, 0, 1], [0, 0, 0, 1]])
    means, sums = Counting(table), Counting(table)
    (best,) = beam_search(means, np.array([[1]]), 6, n_beams=1, length_penalty=1.0, eos_id=0)
    assert best.ids.tolist() == [1, 2, 3, 3, 3, 3, 3]
    assert best.score == pytest.approx(np.log(0.4) / 6)
    (best,) = beam_search(sums, np.array([[1]]), 6, n_beams=1, length_penalty=0.0, eos_id=0)
    assert best.ids.tolist() == [1, 0]
    assert (means.n_calls, sums.n_calls) == (6, 1)


def test_more_beams_than_texts_find_each_text_once():
    found = beam_search(WithoutCache(TRAP), np.array([[0]]), 2, n_beams=50, length_penalty=0.0)
    texts = [hypothesis.ids.tolist() for hypothesis in found]
    assert sorted(texts) == [[0, 1, 0], [0, 1, 1], [0, 1, 2], [0, 2, 2], [0, 2, 3]]  # the others are impossible
    assert texts[0] == [0, 2, 3]
    assert all(type(hypothesis.score) is float for hypothesis in found)


def test_a_vocabulary_of_one_token_leaves_one_text():
    one = Table([[1.0]])
    (found,) = beam_search(WithoutCache(one), np.array([[0]]), 3, n_beams=4)
    assert (found.ids.tolist(), found.score) == ([0, 0, 0, 0], 0)
    (found,) = beam_search(WithoutCache(one), np.array([[0]]), 3, n_beams=4, eos_id=0)
    assert (found.ids.tolist(), found.score) == ([0, 0], 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_model_that_has_diverged_finds_nothing(value: float):
    def diverges(ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        return Tensor(np.where(ids[..., None] == 2, value, np.zeros(4)))

    with pytest.raises(ValueError, match=r"in row \d at step 2: the model has diverged"):
        beam_search(WithoutCache(diverges), np.array([[1]]), 3, n_beams=4)


def test_one_cache_may_serve_several_searches():
    gpt = small_gpt(0)
    cached = WithCache(gpt, 12)
    for prompt in ([1, 2, 3], [1, 2, 3], [4, 1], [5, 2, 3, 1, 1]):
        found = beam_search(cached, np.array([prompt]), 6, n_beams=3, eos_id=5)
        expected = beam_search(WithoutCache(gpt, 12), np.array([prompt]), 6, n_beams=3, eos_id=5)
        assert [one.ids.tolist() for one in found] == [one.ids.tolist() for one in expected]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"one sequence, of shape \(1, T\), got \(2, 1\)"):
        beam_search(WithoutCache(TRAP), np.array([[0], [1]]), 2)
    with pytest.raises(ValueError, match="n_beams must be at least 1, got 0"):
        beam_search(WithoutCache(TRAP), np.array([[0]]), 2, n_beams=0)
    with pytest.raises(ValueError, match="max_new_tokens must be at least 0, got -1"):
        beam_search(WithoutCache(TRAP), np.array([[0]]), -1)
    with pytest.raises(ValueError, match="length_penalty must be a finite number, got nan"):
        beam_search(WithoutCache(TRAP), np.array([[0]]), 2, length_penalty=np.nan)
    with pytest.raises(ValueError, match=r"eos_id must lie in \[0, 4\), the vocabulary, got 4"):
        beam_search(WithoutCache(TRAP), np.array([[0]]), 2, eos_id=4)
