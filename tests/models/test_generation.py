"""Generation: the distribution that the next token is drawn from, and the loop that draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from models import generation
from models.generation import Rereading, likeliest, next_token_distribution, penalise_repetition
from models.gpt import GPT, GPTConfig

PROBS = np.array([0.1, 0.4, 0.15, 0.3, 0.05])
LOGITS = np.log(PROBS)[None] + 7  # a constant added to all logits changes nothing


def generate(model, ids: np.ndarray, max_new_tokens: int, max_length: int | None = None, **arguments) -> np.ndarray:
    """The loop over a model that reads everything anew for each token."""
    return generation.generate(Rereading(model, max_length), ids, max_new_tokens, **arguments)


class FixedModel:
    """The same distribution at every position, whatever comes before; keeps what it was asked to read."""

    def __init__(self, logits: np.ndarray) -> None:
        self.logits = logits
        self.windows: list[np.ndarray] = []

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        self.windows.append(ids.copy())
        return Tensor(np.broadcast_to(self.logits, (*ids.shape, len(self.logits))))


class Counter:
    """Always continues with the next number; every other token is less likely, but possible."""

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        return Tensor(3.0 * np.eye(10)[(ids + 1) % 10])


# -- the distribution -------------------------------------------------------------------------------


def test_without_cuts_the_distribution_is_softmax():
    np.testing.assert_allclose(next_token_distribution(LOGITS), PROBS[None])


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_is_a_power_of_the_probabilities(temperature: float):
    expected = PROBS ** (1 / temperature)
    np.testing.assert_allclose(next_token_distribution(LOGITS, temperature), [expected / expected.sum()])


def test_temperature_0_is_greedy_and_takes_the_first_of_equals():
    np.testing.assert_array_equal(next_token_distribution(LOGITS, temperature=0), [[0, 1, 0, 0, 0]])
    np.testing.assert_array_equal(next_token_distribution(np.array([[1.0, 2, 2]]), temperature=0), [[0, 1, 0]])


@pytest.mark.parametrize(
    ("top_k", "kept"), [(1, [1]), (2, [1, 3]), (3, [1, 2, 3]), (4, [0, 1, 2, 3]), (5, range(5)), (9, range(5))]
)
def test_top_k_keeps_exactly_the_k_likeliest(top_k, kept):
    assert_keeps(next_token_distribution(LOGITS, top_k=top_k), kept)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.01, [1]), (0.39, [1]), (0.41, [1, 3]), (0.69, [1, 3]), (0.71, [1, 2, 3]), (0.86, [0, 1, 2, 3]), (1, range(5))],
)
def test_top_p_keeps_the_smallest_set_of_likeliest_tokens_that_reaches_it(top_p, kept):
    assert_keeps(next_token_distribution(LOGITS, top_p=top_p), kept)


def test_top_k_and_top_p_together_keep_what_both_keep():
    assert_keeps(next_token_distribution(LOGITS, top_k=2, top_p=0.8), [1, 3])
    assert_keeps(next_token_distribution(LOGITS, top_k=3, top_p=0.6), [1, 3])


def test_equally_likely_tokens_are_kept_in_the_order_of_their_ids():
    likely_and_not = np.tile([[0.0, 5.0]], 100)
    (kept,) = next_token_distribution(likely_and_not, top_k=60)[0].nonzero()
    np.testing.assert_array_equal(kept, np.arange(1, 121, 2))
    np.testing.assert_allclose(next_token_distribution(np.zeros((1, 4)), top_p=0.75), [[1 / 3, 1 / 3, 1 / 3, 0]])


def test_each_row_is_cut_on_its_own():
    logits = np.log([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    np.testing.assert_allclose(next_token_distribution(logits, top_k=1), [[1, 0, 0], [0, 0, 1]])


@given(
    logits=st.lists(st.floats(-50, 50), min_size=1, max_size=8),
    temperature=st.floats(0, 5),
    top_k=st.none() | st.integers(1, 9),
    top_p=st.none() | st.floats(1e-3, 1),
)
def test_what_comes_out_is_a_distribution_that_allows_the_likeliest_token(logits, temperature, top_k, top_p):
    probs = next_token_distribution(np.array([logits]), temperature, top_k, top_p)
    assert probs.shape == (1, len(logits))
    assert np.all(probs >= 0)
    assert probs.sum() == pytest.approx(1)
    assert probs[0, np.argmax(logits)] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": -1}, "temperature must not be negative, got -1"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_p": 0}, r"top_p must lie in \(0, 1\], got 0"),
        ({"top_p": 1.1}, r"top_p must lie in \(0, 1\], got 1.1"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        next_token_distribution(LOGITS, **arguments)


def test_logits_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="got NaN"):
        next_token_distribution(np.array([[0.0, np.nan]]))
    with pytest.raises(ValueError, match="got NaN"):
        likeliest(np.array([[0.0, 1.0], [0.0, np.nan]]))


def test_greedy_decoding_refuses_dials_that_it_does_not_need():
    with pytest.raises(ValueError, match="top_k must be at least 1"):
        generate(FixedModel(LOGITS[0]), np.zeros((1, 1), np.int64), max_new_tokens=1, temperature=0, top_k=0)


def test_the_likeliest_token_has_all_of_the_greedy_distribution():
    logits = np.array([[0.0, 3.0, 3.0], [5.0, 1.0, 2.0]])
    np.testing.assert_array_equal(next_token_distribution(logits, temperature=0).argmax(axis=-1), [1, 0])
    np.testing.assert_array_equal(likeliest(logits), [1, 0])


def assert_keeps(probs: np.ndarray, kept) -> None:
    """The tokens of `kept` and no others, in the proportions of PROBS."""
    expected = np.where(np.isin(np.arange(5), kept), PROBS, 0)
    np.testing.assert_allclose(probs, [expected / expected.sum()])
    np.testing.assert_array_equal(probs > 0, [expected > 0])


# -- the loop ---------------------------------------------------------------------------------------


def test_greedy_text_follows_the_likeliest_token_of_the_last_position():
    text = generate(Counter(), np.array([[5, 3], [0, 8]]), max_new_tokens=4, temperature=0)
    np.testing.assert_array_equal(text, [[5, 3, 4, 5, 6, 7], [0, 8, 9, 0, 1, 2]])


def test_no_new_tokens_leave_the_text_as_it_is():
    np.testing.assert_array_equal(generate(Counter(), np.array([[1, 2]]), max_new_tokens=0), [[1, 2]])


def test_the_same_seed_gives_the_same_text_and_another_seed_does_not():
    start = np.array([[1], [1]])
    text = generate(Counter(), start, max_new_tokens=20, seed=3)
    np.testing.assert_array_equal(text, generate(Counter(), start, max_new_tokens=20, seed=3))
    assert not np.array_equal(text, generate(Counter(), start, max_new_tokens=20, seed=4))
    assert not np.array_equal(text[0], text[1])  # each row draws on its own


def test_tokens_are_drawn_as_often_as_they_are_likely():
    text = generate(FixedModel(LOGITS[0]), np.zeros((500, 1), np.int64), max_new_tokens=40)[:, 1:]
    shares = np.bincount(text.reshape(-1), minlength=5) / text.size
    standard_error = np.sqrt(PROBS * (1 - PROBS) / text.size)
    assert np.all(np.abs(shares - PROBS) < 4 * standard_error)


def test_a_token_that_was_cut_off_is_never_drawn():
    text = generate(FixedModel(LOGITS[0]), np.zeros((200, 1), np.int64), max_new_tokens=20, top_k=3)[:, 1:]
    assert set(text.reshape(-1).tolist()) == {1, 2, 3}


def test_draws_at_the_ends_of_the_unit_interval_are_possible_tokens(monkeypatch):
    # Probability 0 at both ends of the vocabulary; a sum of probabilities may also round to less than 1.
    class Extremes:
        def random(self, shape):
            return np.array([[0.0], [np.nextafter(1.0, 0)], [1.0]])

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Extremes())
    logits = np.array([-np.inf, 0.0, 0.0, 0.0, -np.inf])
    text = generate(FixedModel(logits), np.zeros((3, 1), np.int64), max_new_tokens=1)
    np.testing.assert_array_equal(text[:, 1], [1, 3, 3])


def test_the_model_reads_at_most_max_length_of_the_last_tokens():
    model = FixedModel(LOGITS[0])
    text = generate(model, np.array([[1, 2, 3]]), max_new_tokens=3, max_length=4, seed=1)
    assert [window.tolist() for window in model.windows] == [
        text[:, :3].tolist(),
        text[:, :4].tolist(),
        text[:, 1:5].tolist(),
    ]


def test_gpt_goes_on_past_its_positions_by_forgetting_the_oldest_tokens():
    gpt = GPT(GPTConfig(vocab_size=20, n_positions=6, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(0))
    text = gpt.generate(np.array([[1, 2, 3]]), max_new_tokens=9, temperature=0)
    assert text.shape == (1, 12)
    for end in range(6, 12):
        assert gpt(text[:, end - 6 : end]).data[0, -1].argmax() == text[0, end]


def test_gpt_hands_all_arguments_on():
    gpt = GPT(GPTConfig(vocab_size=20, n_positions=6, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(0))
    arguments = {"temperature": 2.0, "top_k": 7, "top_p": 0.9, "seed": 5}
    start = np.array([[1, 2, 3]])
    np.testing.assert_array_equal(
        gpt.generate(start, 9, **arguments), generate(gpt, start, 9, **arguments, max_length=6)
    )


def test_no_graph_is_recorded():
    gpt = GPT(GPTConfig(vocab_size=20, n_positions=6, d_model=8, n_layers=1, n_heads=2))
    seen = []

    def watched(ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        seen.append(gpt(ids))
        return seen[-1]

    generate(watched, np.array([[1]]), max_new_tokens=2)
    assert [logits.requires_grad for logits in seen] == [False, False]
    assert gpt(np.array([[1]])).requires_grad


def test_a_start_without_a_token_and_senseless_lengths_are_refused():
    with pytest.raises(ValueError, match="T at least 1"):
        generate(Counter(), np.zeros((2, 0), np.int64), max_new_tokens=1)
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        generate(Counter(), np.array([1, 2]), max_new_tokens=1)
    with pytest.raises(ValueError, match="max_new_tokens must not be negative, got -1"):
        generate(Counter(), np.array([[1]]), max_new_tokens=-1)
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        generate(Counter(), np.array([[1]]), max_new_tokens=1, max_length=0)


# -- remembering what was read ----------------------------------------------------------------------


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
        {"temperature": 0},
        {"temperature": 1.0, "seed": 4},
        {"temperature": 0.7, "top_k": 5, "top_p": 0.9, "seed": 1, "repetition_penalty": 1.3},
        {"seed": 2, "eos_id": 3},
    ],
)
@pytest.mark.parametrize("n_positions", [40, 9])  # the second is too short: the oldest tokens are forgotten
def test_cached_and_uncached_generation_give_the_same_text(arguments, n_positions: int):
    gpt, ids = lively_gpt(n_positions), np.random.default_rng(1).integers(20, size=(4, 5))
    cached = gpt.generate(ids, 30, **arguments)
    np.testing.assert_array_equal(cached, gpt.generate(ids, 30, **arguments, use_cache=False))
    assert len(np.unique(cached)) > 5


def test_a_remembering_model_reads_only_what_is_new(monkeypatch):
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
    arguments = {"temperature": 0, "repetition_penalty": 1.2, "use_cache": use_cache}
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


# -- repetition and ends ----------------------------------------------------------------------------


def test_the_tokens_of_the_text_become_less_likely_and_no_others():
    logits = np.array([[2.0, -2.0, 3.0, -3.0]])
    np.testing.assert_allclose(penalise_repetition(logits, np.array([[0, 1, 1]]), 2.0), [[1.0, -4.0, 3.0, -3.0]])
    np.testing.assert_array_equal(penalise_repetition(logits, np.array([[0, 3]]), 1.0), logits)
    np.testing.assert_array_equal(logits, [[2.0, -2.0, 3.0, -3.0]])
    with pytest.raises(ValueError, match="repetition_penalty must be positive, got 0"):
        penalise_repetition(logits, np.array([[0]]), 0)


def test_a_penalty_keeps_a_text_from_repeating_itself():
    repeats = FixedModel(np.array([2.0, 1.9, 1.8, 1.7]))
    assert generate(repeats, np.array([[0]]), 4, temperature=0).tolist() == [[0, 0, 0, 0, 0]]
    assert generate(repeats, np.array([[0]]), 4, temperature=0, repetition_penalty=2).tolist() == [[0, 1, 2, 3, 0]]


def test_a_text_ends_with_the_end_token_and_is_filled_up():
    text = generate(Counter(), np.array([[5], [3], [7]]), 6, temperature=0, eos_id=8)
    assert text.tolist() == [[5, 6, 7, 8, 8, 8], [3, 4, 5, 6, 7, 8], [7, 8, 8, 8, 8, 8]]  # all have ended: no more
    text = generate(Counter(), np.array([[5], [3]]), 4, temperature=0, eos_id=8, pad_id=0)
    assert text.tolist() == [[5, 6, 7, 8, 0], [3, 4, 5, 6, 7]]
