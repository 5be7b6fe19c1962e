"""Generation with a key/value cache: the same text as without one, and fewer tokens to read."""

import numpy as np
import pytest

from minigrad import Tensor, no_grad
from models import generation
from models.generation import WithCache, WithoutCache
from models.gpt import GPT, GPTConfig
from models.sampling import GREEDY, Sampling


def lively_gpt(n_positions: int = 40) -> GPT:
    """A model with weights large enough that its texts vary."""
    gpt = GPT(GPTConfig(vocab_size=20, n_positions=n_positions, d_model=8, n_layers=2, n_heads=2))
    rng = np.random.default_rng(0)
    for parameter in gpt.parameters():
        parameter.data[...] += 0.5 * rng.standard_normal(parameter.shape, dtype=np.float32)
    return gpt


@pytest.mark.parametrize(
    "arguments",
    [
        {"sampling": GREEDY},
        {"sampling": Sampling(temperature=1.0), "seed": 4},
        {"sampling": Sampling(temperature=0.7, top_k=5, top_p=0.9, repetition_penalty=1.3), "seed": 1},
        {"seed": 2, "eos_id": 3},
    ],
)
@pytest.mark.parametrize("n_positions", [40, 9])  # the second is too short: the oldest tokens are forgotten
def test_cached_and_uncached_generation_give_the_same_text(arguments, n_positions: int):
    gpt, ids = lively_gpt(n_positions), np.random.default_rng(1).integers(20, size=(4, 5))
    cached = gpt.generate(ids, 30, **arguments)
    np.testing.assert_array_equal(cached, gpt.generate(ids, 30, **arguments, use_cache=False))
    assert len(np.unique(cached)) > 5


def test_with_a_cache_only_new_tokens_are_read(monkeypatch):
    gpt, lengths = lively_gpt(), []
    hidden_states = GPT.hidden_states

    def watched(self, ids, attention_mask=None, cache=None):
        lengths.append(ids.shape[1])
        return hidden_states(self, ids, attention_mask, cache)

    monkeypatch.setattr(GPT, "hidden_states", watched)
    gpt.generate(np.array([[1, 2, 3]]), 4)
    assert lengths == [3, 1, 1, 1]


@pytest.mark.parametrize("use_cache", [True, False])
@pytest.mark.parametrize("n_positions", [40, 9])
def test_a_sequence_padded_on_the_left_goes_on_as_it_does_alone(use_cache: bool, n_positions: int):
    gpt, rng = lively_gpt(n_positions), np.random.default_rng(3)
    lengths, longest = [5, 2, 4, 1], 5
    sequences = [rng.integers(20, size=(1, length)) for length in lengths]
    ids, mask = rng.integers(20, size=(4, longest)), np.zeros((4, longest), np.int64)
    for row, (sequence, length) in enumerate(zip(sequences, lengths, strict=True)):
        ids[row, longest - length :] = sequence
        mask[row, longest - length :] = 1
    arguments = {"sampling": Sampling(temperature=0, repetition_penalty=1.2), "use_cache": use_cache}
    n_new = 12 if n_positions == 40 else 4  # as many as are read with all that came before
    together = gpt.generate(ids, n_new, attention_mask=mask, **arguments)
    for row, (sequence, length) in enumerate(zip(sequences, lengths, strict=True)):
        alone = gpt.generate(sequence, n_new, **arguments)
        np.testing.assert_array_equal(together[row, longest - length :], alone[0])


def test_padding_on_the_right_is_refused():
    with pytest.raises(ValueError, match="put the padding on the left"):
        lively_gpt().generate(np.array([[1, 2]]), 3, attention_mask=np.array([[1, 0]]))
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        lively_gpt().generate(np.array([[1, 2]]), 3, attention_mask=np.array([[1]]))


class Reader:
    """A GPT that keeps how many tokens it was asked to read at each call."""

    def __init__(self, gpt: GPT) -> None:
        self.gpt, self.lengths = gpt, list[int]()
        self.new_cache, self.logits = gpt.new_cache, gpt.logits

    def hidden_states(self, ids, attention_mask, cache) -> Tensor:
        self.lengths.append(ids.shape[1])
        return self.gpt.hidden_states(ids, attention_mask, cache)


def test_one_cache_may_serve_several_texts():
    gpt, rng = lively_gpt(), np.random.default_rng(4)
    cached = WithCache(gpt, 40)
    for shape in [(1, 5), (1, 5), (1, 3), (1, 9), (3, 4), (2, 4)]:
        ids = rng.integers(20, size=shape)
        found = generation.generate(cached, ids, 6, GREEDY)
        np.testing.assert_array_equal(found, gpt.generate(ids, 6, GREEDY, use_cache=False))


def test_the_same_prompt_can_be_continued_again():
    gpt, ids = lively_gpt(), np.array([[1, 2, 3]])
    cached = WithCache(gpt, 40)
    texts = [generation.generate(cached, ids, 8, seed=seed) for seed in (1, 2, 1)]
    np.testing.assert_array_equal(texts[0], texts[2])
    for seed, text in zip((1, 2), texts, strict=False):
        np.testing.assert_array_equal(text, gpt.generate(ids, 8, seed=seed, use_cache=False))


def test_a_text_that_was_read_is_not_read_twice():
    reader = Reader(lively_gpt())
    cached = WithCache(reader)
    text = generation.generate(cached, np.array([[1, 2, 3]]), 4, GREEDY)
    generation.generate(cached, np.concatenate([text, [[5, 6]]], axis=1), 2, GREEDY)
    assert reader.lengths == [3, 1, 1, 1, 3, 1]  # the last token of the first text has not been read yet


@no_grad()
def test_another_mask_or_other_ids_in_the_same_array_are_another_text():
    gpt = lively_gpt()
    cached, uncached = WithCache(gpt), WithoutCache(gpt)
    ids = np.array([[7, 8, 9, 4]])
    for mask in (None, np.array([[0, 1, 1, 1]]), np.array([[0, 0, 1, 1]])):
        np.testing.assert_allclose(cached(ids, mask), uncached(ids, mask), rtol=1e-4, atol=1e-5)
        longer, longer_mask = np.append(ids, [[5]], axis=1), None if mask is None else np.append(mask, [[1]], axis=1)
        np.testing.assert_allclose(cached(longer, longer_mask), uncached(longer, longer_mask), rtol=1e-4, atol=1e-5)
    cached(ids, np.array([[0, 1, 1, 1]]))
    longer, mask = np.append(ids, [[5]], axis=1), np.array([[0, 0, 1, 1, 1]])
    np.testing.assert_allclose(cached(longer, mask), uncached(longer, mask), rtol=1e-4, atol=1e-5)
    cached(ids)
    ids[0, 1] = 2  # the caller's own array
    longer = np.append(ids, [[5]], axis=1)
    np.testing.assert_allclose(cached(longer), uncached(longer), rtol=1e-4, atol=1e-5)


@no_grad()
def test_a_call_that_failed_half_way_is_forgotten(monkeypatch):
    gpt, ids = lively_gpt(), np.array([[1, 2, 3]])
    cached = WithCache(gpt)
    cached(ids)
    longer = np.append(ids, [[5]], axis=1)
    monkeypatch.setattr(gpt.blocks[1], "forward", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cached(longer)
    monkeypatch.undo()
    np.testing.assert_allclose(cached(longer), WithoutCache(gpt)(longer), rtol=1e-4, atol=1e-5)
