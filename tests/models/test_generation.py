"""Generation: the distribution that the next token is drawn from, and the loop that draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from models import generation
from models.generation import WithoutCache
from models.gpt import GPT, GPTConfig
from models.sampling import GREEDY, Sampling, likeliest, next_token_distribution, penalise_repetition

PROBS = np.array([0.1, 0.4, 0.15, 0.3, 0.05])
LOGITS = np.log(PROBS)[None] + 7  # a constant added to all logits changes nothing


def generate(model, ids, max_new_tokens, *arguments, max_length: int | None = None, **named) -> np.ndarray:
    """The loop without a cache."""
    return generation.generate(WithoutCache(model, max_length), ids, max_new_tokens, *arguments, **named)


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
    np.testing.assert_allclose(next_token_distribution(LOGITS, Sampling(temperature)), [expected / expected.sum()])


def test_temperature_0_is_greedy_and_takes_the_first_of_equals():
    np.testing.assert_array_equal(next_token_distribution(LOGITS, GREEDY), [[0, 1, 0, 0, 0]])
    np.testing.assert_array_equal(next_token_distribution(np.array([[1.0, 2, 2]]), GREEDY), [[0, 1, 0]])


@pytest.mark.parametrize(
    ("top_k", "kept"), [(1, [1]), (2, [1, 3]), (3, [1, 2, 3]), (4, [0, 1, 2, 3]), (5, range(5)), (9, range(5))]
)
def test_top_k_keeps_exactly_the_k_likeliest(top_k, kept):
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_k=top_k)), kept)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.01, [1]), (0.39, [1]), (0.41, [1, 3]), (0.69, [1, 3]), (0.71, [1, 2, 3]), (0.86, [0, 1, 2, 3]), (1, range(5))],
)
def test_top_p_keeps_the_smallest_set_of_likeliest_tokens_that_reaches_it(top_p, kept):
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_p=top_p)), kept)


def test_top_p_is_a_share_of_what_top_k_has_kept():
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_k=2, top_p=0.8)), [1, 3])
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_k=3, top_p=0.6)), [1, 3])
    # Of 0.4, 0.3 and 0.15 the first two have 0.7 of all probability, but 0.82 of that of the three.
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_k=3, top_p=0.8)), [1, 3])
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_k=3, top_p=0.83)), [1, 2, 3])
    assert_keeps(next_token_distribution(LOGITS, Sampling(top_p=0.8)), [1, 2, 3])


def test_the_temperature_comes_before_top_p():
    assert_keeps_ids(next_token_distribution(LOGITS, Sampling(temperature=10.0, top_p=0.75)), [0, 1, 2, 3])
    assert_keeps_ids(next_token_distribution(LOGITS, Sampling(temperature=0.1, top_p=0.75)), [1])


def test_tokens_as_likely_as_the_kth_are_kept():
    likely_and_not = np.tile([[0.0, 5.0]], 100)
    assert_keeps_ids(next_token_distribution(likely_and_not, Sampling(top_k=60)), np.arange(1, 200, 2))
    assert_keeps_ids(next_token_distribution(np.array([[1.0, 3.0, 2.0, 2.0]]), Sampling(top_k=2)), [1, 2, 3])


def test_top_p_keeps_equally_likely_tokens_in_the_order_of_their_ids():
    np.testing.assert_allclose(
        next_token_distribution(np.zeros((1, 4)), Sampling(top_p=0.75)), [[1 / 3, 1 / 3, 1 / 3, 0]]
    )


def test_top_p_keeps_the_likeliest_token_where_probabilities_round_to_the_same():
    np.testing.assert_array_equal(next_token_distribution(np.array([[-1e-40, 0.0]]), Sampling(top_p=0.5)), [[0, 1]])


def test_each_row_is_cut_on_its_own():
    logits = np.log([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    np.testing.assert_allclose(next_token_distribution(logits, Sampling(top_k=1)), [[1, 0, 0], [0, 0, 1]])


@given(
    logits=st.lists(st.floats(-50, 50), min_size=1, max_size=8),
    temperature=st.floats(0, 5),
    top_k=st.none() | st.integers(1, 9),
    top_p=st.none() | st.floats(1e-3, 1),
)
def test_what_comes_out_is_a_distribution_that_allows_the_likeliest_token(logits, temperature, top_k, top_p):
    probs = next_token_distribution(np.array([logits]), Sampling(temperature, top_k, top_p))
    assert probs.shape == (1, len(logits))
    assert np.all(probs >= 0)
    assert probs.sum() == pytest.approx(1)
    assert probs[0, np.argmax(logits)] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": -1}, "temperature must be a finite number at least 0, got -1"),
        ({"temperature": np.nan}, "temperature must be a finite number at least 0, got nan"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_p": 0}, "top_p must be a finite number above 0 and at most 1, got 0"),
        ({"top_p": 1.1}, "top_p must be a finite number above 0 and at most 1, got 1.1"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Sampling(**arguments)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ([0.0, np.nan, 1.0], "NaN"),
        ([np.inf, 0.0, np.nan], "NaN"),
        ([0.0, np.inf, 1.0], r"\+inf"),
        ([-np.inf, -np.inf, -np.inf], "nothing but -inf"),
    ],
)
def test_a_row_that_no_token_can_be_drawn_from_is_refused(row, found: str):
    logits = np.array([[0.0, 1.0, -np.inf], row])  # in the first one token is impossible, which is no fault
    for choose in (next_token_distribution, likeliest):
        with pytest.raises(ValueError, match=f"got {found} in row 1: the model has diverged"):
            choose(logits)
    np.testing.assert_allclose(next_token_distribution(logits[:1]), [[1 / (1 + np.e), np.e / (1 + np.e), 0]])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(("value", "found"), [(np.nan, "NaN"), (np.inf, r"\+inf"), (-np.inf, "nothing but -inf")])
def test_a_model_that_has_diverged_writes_nothing_and_the_error_says_where(temperature: float, value: float, found):
    def diverges(ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        logits = np.zeros((*ids.shape, 5), np.float32)
        if ids.shape[1] == 4:  # the third step, from two tokens
            logits[1] = value
        return Tensor(logits)

    with pytest.raises(ValueError, match=f"got {found} in row 1 at step 3: the model has diverged"):
        generate(diverges, np.zeros((2, 2), np.int64), 5, Sampling(temperature=temperature))


def test_greedy_decoding_refuses_senseless_values_that_it_does_not_need():
    with pytest.raises(ValueError, match="top_k must be at least 1"):
        generate(FixedModel(LOGITS[0]), np.zeros((1, 1), np.int64), 1, Sampling(temperature=0, top_k=0))


def test_the_likeliest_token_has_all_of_the_greedy_distribution():
    logits = np.array([[0.0, 3.0, 3.0], [5.0, 1.0, 2.0]])
    np.testing.assert_array_equal(next_token_distribution(logits, GREEDY).argmax(axis=-1), [1, 0])
    np.testing.assert_array_equal(likeliest(logits), [1, 0])


def assert_keeps_ids(probs: np.ndarray, kept) -> None:
    """The tokens of `kept` and no others."""
    np.testing.assert_array_equal(probs[0].nonzero()[0], kept)


def assert_keeps(probs: np.ndarray, kept) -> None:
    """The tokens of `kept` and no others, in the proportions of PROBS."""
    expected = np.where(np.isin(np.arange(5), kept), PROBS, 0)
    np.testing.assert_allclose(probs, [expected / expected.sum()])
    np.testing.assert_array_equal(probs > 0, [expected > 0])


# -- the loop ---------------------------------------------------------------------------------------


def test_greedy_text_follows_the_likeliest_token_of_the_last_position():
    text = generate(Counter(), np.array([[5, 3], [0, 8]]), 4, GREEDY)
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
    text = generate(FixedModel(LOGITS[0]), np.zeros((200, 1), np.int64), 20, Sampling(top_k=3))[:, 1:]
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
    text = gpt.generate(np.array([[1, 2, 3]]), 9, GREEDY)
    assert text.shape == (1, 12)
    for end in range(6, 12):
        assert gpt(text[:, end - 6 : end]).data[0, -1].argmax() == text[0, end]


def test_gpt_hands_all_arguments_on():
    gpt = GPT(GPTConfig(vocab_size=20, n_positions=6, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(0))
    arguments = {"sampling": Sampling(temperature=2.0, top_k=7, top_p=0.9), "seed": 5}
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
    with pytest.raises(ValueError, match="max_new_tokens must be at least 0, got -1"):
        generate(Counter(), np.array([[1]]), max_new_tokens=-1)
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        generate(Counter(), np.array([[1]]), max_new_tokens=1, max_length=0)


# -- repetition and ends ----------------------------------------------------------------------------


def test_the_tokens_of_the_text_become_less_likely_and_no_others():
    logits = np.array([[2.0, -2.0, 3.0, -3.0]])
    np.testing.assert_allclose(penalise_repetition(logits, np.array([[0, 1, 1]]), 2.0), [[1.0, -4.0, 3.0, -3.0]])
    np.testing.assert_array_equal(penalise_repetition(logits, np.array([[0, 3]]), 1.0), logits)
    np.testing.assert_array_equal(logits, [[2.0, -2.0, 3.0, -3.0]])
    with pytest.raises(ValueError, match="repetition_penalty must be a finite number above 0, got 0"):
        penalise_repetition(logits, np.array([[0]]), 0)


def test_a_penalty_keeps_a_text_from_repeating_itself():
    repeats = FixedModel(np.array([2.0, 1.9, 1.8, 1.7]))
    assert generate(repeats, np.array([[0]]), 4, GREEDY).tolist() == [[0, 0, 0, 0, 0]]
    assert generate(repeats, np.array([[0]]), 4, Sampling(temperature=0, repetition_penalty=2)).tolist() == [
        [0, 1, 2, 3, 0]
    ]


def test_a_text_ends_with_the_end_token_and_is_filled_up():
    text = generate(Counter(), np.array([[5], [3], [7]]), 6, GREEDY, eos_id=8)
    assert text.tolist() == [[5, 6, 7, 8, 8, 8], [3, 4, 5, 6, 7, 8], [7, 8, 8, 8, 8, 8]]  # all have ended: no more
    text = generate(Counter(), np.array([[5], [3]]), 4, GREEDY, eos_id=8, pad_id=0)
    assert text.tolist() == [[5, 6, 7, 8, 0], [3, 4, 5, 6, 7]]


@pytest.mark.parametrize("name", ["eos_id", "pad_id"])
@pytest.mark.parametrize("id", [10, -1])
def test_a_special_token_outside_the_vocabulary_is_refused(name: str, id: int):
    with pytest.raises(ValueError, match=rf"{name} must lie in \[0, 10\), the vocabulary, got {id}"):
        generate(Counter(), np.array([[5]]), 3, **{"eos_id": 8, name: id})
