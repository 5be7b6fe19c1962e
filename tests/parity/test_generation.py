"""Which tokens may be drawn, and how likely each is, against the logits processors of transformers."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.sampling import Sampling, next_token_distribution, penalise_repetition

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

MODEL = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=1, n_embd=4, n_layer=1, n_head=1))
NEAR_THE_EDGE = 1e-9  # where top_p falls between two tokens, rounding decides which side each library takes


@st.composite
def rows_of_logits(draw: st.DrawFn) -> np.ndarray:
    """(B, V): random, with ties among them in half of the cases, and now and then an impossible token."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = draw(st.sampled_from([0.5, 3.0])) * rng.standard_normal(
        (draw(st.integers(1, 3)), draw(st.integers(1, 40)))
    )
    if draw(st.booleans()):
        logits = logits.round()
    impossible = rng.random(logits.shape) < draw(st.sampled_from([0.0, 0.2]))
    impossible[:, rng.integers(logits.shape[1])] = False
    return np.where(impossible, -np.inf, logits)


def theirs(
    logits: np.ndarray,
    ids: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    penalty: float = 1.0,
) -> np.ndarray:
    """The distribution that `generate(do_sample=True)` draws from: the processors in the order of its own list."""
    config = transformers.GenerationConfig(
        do_sample=True, temperature=temperature, top_k=top_k or 0, top_p=top_p or 1.0, repetition_penalty=penalty
    )
    processors = MODEL._get_logits_processor(config, input_ids_seq_length=ids.shape[1])
    return processors(torch.tensor(ids), torch.tensor(logits)).softmax(-1).numpy()


def ours(logits: np.ndarray, ids: np.ndarray, penalty: float = 1.0, **arguments) -> np.ndarray:
    return next_token_distribution(penalise_repetition(logits, ids, penalty), Sampling(**arguments))


def is_near_the_edge(probs: np.ndarray, top_p: float | None) -> bool:
    """Whether the probability of the k likeliest tokens is top_p, for some k, but for rounding."""
    if top_p is None:
        return False
    reached = np.cumsum(-np.sort(-probs, axis=-1), axis=-1)
    return bool((np.abs(reached - top_p) < NEAR_THE_EDGE).any())


@settings(max_examples=300, deadline=None)
@given(
    logits=rows_of_logits(),
    temperature=st.sampled_from([0.3, 1.0, 2.5]),
    top_k=st.none() | st.integers(1, 45),
    top_p=st.none() | st.floats(0.02, 0.99),
    penalty=st.sampled_from([1.0, 1.3, 0.7]),
    seed=st.integers(0, 2**16),
)
def test_the_same_tokens_are_kept_with_the_same_probabilities(logits, temperature, top_k, top_p, penalty, seed):
    ids = np.random.default_rng(seed).integers(logits.shape[1], size=(len(logits), 4))
    before_top_p = ours(logits, ids, penalty, temperature=temperature, top_k=top_k)
    assume(not is_near_the_edge(before_top_p, top_p))
    found = ours(logits, ids, penalty, temperature=temperature, top_k=top_k, top_p=top_p)
    expected = theirs(logits, ids, temperature, top_k, top_p, penalty)
    if top_p is not None:  # of equally likely tokens on the edge, theirs leaves open which are kept: compare how many
        found, expected = np.sort(found, axis=-1), np.sort(expected, axis=-1)
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    top_k=st.integers(2, 20),
    top_p=st.floats(0.1, 0.95),
)
def test_without_ties_the_very_same_tokens_are_kept(seed, top_k, top_p):
    logits = 3 * np.random.default_rng(seed).standard_normal((2, 30))
    ids = np.zeros((2, 1), np.int64)
    assume(not is_near_the_edge(ours(logits, ids, top_k=top_k), top_p))
    found = ours(logits, ids, top_k=top_k, top_p=top_p)
    np.testing.assert_array_equal(found > 0, theirs(logits, ids, top_k=top_k, top_p=top_p) > 0)
    both_cut_alone = (ours(logits, ids, top_k=top_k) > 0) & (ours(logits, ids, top_p=top_p) > 0)
    assert (found > 0).sum() <= both_cut_alone.sum()  # top_p is reached sooner among fewer tokens


def test_ties_at_the_kth_logit_are_kept():
    logits, ids = np.array([[1.0, 3.0, 2.0, 2.0, 2.0]]), np.zeros((1, 1), np.int64)
    expected = theirs(logits, ids, top_k=2)
    assert (expected > 0).sum() == 4
    np.testing.assert_allclose(ours(logits, ids, top_k=2), expected)
