"""T5's decoder alone: who sees whom as a language model and as a prefix LM, padding, and its text."""

from dataclasses import replace

import numpy as np
import pytest

from minigrad import no_grad
from models.sampling import GREEDY, Sampling
from models.t5 import T5Config
from models.t5_decoder import T5Decoder

CONFIG = T5Config(vocab_size=40, d_model=24, d_ff=32, n_layers=2, n_heads=3)


def model(config: T5Config = CONFIG) -> T5Decoder:
    return T5Decoder(config, np.random.default_rng(0))


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


def changes(decoder: T5Decoder, ids: np.ndarray, prefix_mask: np.ndarray | None) -> np.ndarray:
    """(T, T): whether the logits at the first position (row) change with the token at the second (column)."""
    before, length = decoder(ids, prefix_mask=prefix_mask).data, ids.shape[1]
    seen = np.zeros((length, length), bool)
    for position in range(length):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % 40
        after = decoder(changed, prefix_mask=prefix_mask).data
        seen[:, position] = np.abs(after - before).max(axis=(0, 2)) > 1e-5
    return seen


def test_the_language_model_sees_what_came_before():
    np.testing.assert_array_equal(changes(model(), random_ids(2, 7), None), np.tri(7, dtype=bool))


def test_the_prefix_is_seen_by_every_position_and_the_rest_by_what_comes_after():
    prefix_mask = np.array([[1, 1, 1, 0, 0, 0, 0]])
    expected = np.tri(7, dtype=bool) | (prefix_mask == 1)
    np.testing.assert_array_equal(changes(model(), random_ids(1, 7), prefix_mask), expected)


def test_each_row_has_its_own_prefix():
    decoder, ids = model(), random_ids(2, 6)
    prefix_mask = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]])
    together = decoder(ids, prefix_mask=prefix_mask).data
    for row in range(2):
        alone = decoder(ids[row : row + 1], prefix_mask=prefix_mask[row : row + 1]).data
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("prefix_length", [0, 2])
def test_padding_on_either_side_changes_nothing(side: str, prefix_length: int):
    decoder, ids, padding = model(), random_ids(3, 5), random_ids(3, 4, seed=1)
    ones, zeros = np.ones((3, 5), np.int64), np.zeros((3, 4), np.int64)
    prefix = np.broadcast_to((np.arange(5) < prefix_length).astype(np.int64), (3, 5))
    both = [(padding, zeros, zeros), (ids, ones, prefix)]
    both = both if side == "left" else both[::-1]
    padded, mask, padded_prefix = (np.concatenate(arrays, axis=1) for arrays in zip(*both, strict=True))
    found = decoder(padded, mask, prefix_mask=padded_prefix if prefix_length else None).data
    own = found[:, 4:] if side == "left" else found[:, :5]
    expected = decoder(ids, prefix_mask=prefix if prefix_length else None).data
    np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("as_prefix", [False, True])
@pytest.mark.parametrize("config", [CONFIG, replace(CONFIG, gated_gelu=True, tied_head=False)])
def test_cached_and_uncached_writing_give_the_same_text(config: T5Config, as_prefix: bool):
    decoder, ids = model(config), random_ids(3, 7)
    mask = np.array([[0, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 1]])
    penalised = Sampling(temperature=0, repetition_penalty=1.5)
    assert not np.array_equal(decoder.generate(ids, 30, penalised), decoder.generate(ids, 30, GREEDY))
    for arguments in (
        {"sampling": GREEDY},
        {"sampling": penalised},
        {"sampling": Sampling(temperature=1.5), "seed": 3},
    ):
        arguments |= {"attention_mask": mask, "as_prefix": as_prefix}
        cached = decoder.generate(ids, 30, **arguments)
        np.testing.assert_array_equal(cached, decoder.generate(ids, 30, **arguments, use_cache=False))
    sampled = decoder.generate(ids, 30, seed=3, as_prefix=as_prefix)
    assert not np.array_equal(sampled, decoder.generate(ids, 30, seed=3, as_prefix=not as_prefix))


def test_inputs_that_do_not_fit_are_refused():
    decoder, ids = model(), random_ids(2, 5)
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        decoder(ids[0])
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        decoder(ids, np.ones((2, 4), np.int64))
    with pytest.raises(ValueError, match=r"prefix_mask must have the shape of ids, \(2, 5\)"):
        decoder(ids, prefix_mask=np.ones((2, 4), np.int64))
    cache = decoder.new_cache()
    with no_grad():
        decoder(ids, cache=cache)
    with pytest.raises(ValueError, match="after 5"):
        decoder(ids, cache=cache, prefix_mask=np.ones((2, 5), np.int64))
