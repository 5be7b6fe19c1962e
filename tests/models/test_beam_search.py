"""Beam search against the best of all texts, and on models whose probabilities are known."""

from itertools import product

import numpy as np
import pytest

from minigrad import Tensor
from models.beam_search import beam_search
from models.generation import Remembering, Rereading
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
    (greedy,) = beam_search(Rereading(TRAP), np.array([[0]]), 2, n_beams=1, length_penalty=0)
    best, second = beam_search(Rereading(TRAP), np.array([[0]]), 2, n_beams=2, length_penalty=0)
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
@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_with_beams_enough_the_best_of_all_texts_is_found(seed: int, length_penalty: float):
    gpt, ids, eos_id = small_gpt(seed), np.array([[1, 2]]), 0
    found = beam_search(Remembering(gpt), ids, 3, n_beams=6**3, length_penalty=length_penalty, eos_id=eos_id)
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
    cached = beam_search(Remembering(gpt, 12), ids, 15, n_beams=3, eos_id=5)
    uncached = beam_search(Rereading(gpt, 12), ids, 15, n_beams=3, eos_id=5)
    assert [one.ids.tolist() for one in cached] == [one.ids.tolist() for one in uncached]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"one sequence, of shape \(1, T\), got \(2, 1\)"):
        beam_search(Rereading(TRAP), np.array([[0], [1]]), 2)
    with pytest.raises(ValueError, match="n_beams must be at least 1, got 0"):
        beam_search(Rereading(TRAP), np.array([[0]]), 2, n_beams=0)
    with pytest.raises(ValueError, match="max_new_tokens must not be negative, got -1"):
        beam_search(Rereading(TRAP), np.array([[0]]), -1)
