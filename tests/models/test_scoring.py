"""Probabilities of texts: by hand on a bigram model, the same in every batch and window, and the choices they make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor, is_grad_enabled, ops
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.scoring import choice_scores, choose, continuation_log_prob, perplexity, token_log_probs

NEXT = np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.1, 0.4, 0.4], [0.25, 0.25, 0.25, 0.25], [0.7, 0.1, 0.1, 0.1]])
"""Row i: how likely each token is after token i."""


def bigram(ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
    assert not is_grad_enabled()
    assert ids.shape == attention_mask.shape
    return Tensor(np.log(NEXT)[ids] + 3)  # logits are no log-probabilities yet


def gpt() -> GPT:
    config = GPTConfig(vocab_size=20, n_positions=12, d_model=12, n_layers=2, n_heads=2)
    return GPT(config, np.random.default_rng(0))


def lstm() -> LSTMLanguageModel:
    return LSTMLanguageModel(LSTMConfig(vocab_size=20, d_model=12), np.random.default_rng(0))


# -- tokens -----------------------------------------------------------------------------------------


def test_each_token_has_its_probability_given_those_before():
    log_probs = token_log_probs(bigram, np.array([[0, 1, 3], [2, 2, 0]]))
    np.testing.assert_allclose(log_probs, np.log([[0.2, 0.4], [0.25, 0.25]]))


def test_padding_has_none_and_neither_has_the_first_token():
    ids = np.array([[0, 1, 3, 0, 0], [9, 9, 0, 1, 3]])
    attention_mask = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]])
    log_probs = token_log_probs(bigram, np.where(attention_mask, ids, 2), attention_mask)
    np.testing.assert_allclose(log_probs, [[np.log(0.2), np.log(0.4), 0, 0], [0, 0, np.log(0.2), np.log(0.4)]])


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_in_a_batch_does_not_change_a_probability(side):
    model, rng = gpt(), np.random.default_rng(0)
    ids = rng.integers(20, size=(4, 9))
    attention_mask = (np.arange(9) < np.array([[9], [5], [2], [7]])).astype(np.int64)
    if side == "left":
        attention_mask = attention_mask[:, ::-1]
    together = token_log_probs(model, ids, attention_mask)
    for row, is_token in enumerate(attention_mask == 1):
        alone = token_log_probs(model, ids[row : row + 1, is_token])[0]
        length = len(alone)
        ours = together[row, -length:] if side == "left" else together[row, :length]
        np.testing.assert_allclose(ours, alone, rtol=1e-4)
        assert np.count_nonzero(together[row]) == length


@pytest.mark.parametrize(
    ("outside", "message"), [(4, "size of the vocabulary; got 4"), (-1, "ids must not be negative, got -1")]
)
def test_a_last_token_outside_the_vocabulary_is_refused(outside, message):
    with pytest.raises(ValueError, match=message):
        token_log_probs(bigram, np.array([[0, 1, outside]]))


def test_ids_without_a_second_token_are_refused():
    with pytest.raises(ValueError, match=r"T at least 1, got \(1, 1\)"):
        token_log_probs(bigram, np.array([[0]]))


# -- continuations ----------------------------------------------------------------------------------


def test_a_continuation_s_tokens_are_added_and_the_prompt_s_are_not():
    log_probs = continuation_log_prob(bigram, [[0, 1], [2], [3, 0, 0]], [[3, 0], [2, 2, 1], []])
    np.testing.assert_allclose(log_probs, [np.log(0.4 * 0.7), 3 * np.log(0.25), 0])


@pytest.mark.parametrize("make", [gpt, lstm])
def test_a_text_s_probability_is_that_of_its_parts(make):
    model = make()
    text = [3, 1, 4, 1, 5, 9, 2]
    whole = token_log_probs(model, np.array([text]))[0]
    parts = continuation_log_prob(model, [text[:1], text[:3], text[:6]], [text[1:3], text[3:6], text[6:]])
    np.testing.assert_allclose(parts, [whole[:2].sum(), whole[2:5].sum(), whole[5:].sum()], rtol=1e-5)


def test_probabilities_of_all_continuations_sum_to_one():
    pairs = [[i, j] for i in range(20) for j in range(20)]
    assert np.exp(continuation_log_prob(gpt(), [[3, 4]] * 400, pairs)).sum() == pytest.approx(1, rel=1e-5)


def test_prompts_that_predict_nothing_are_refused():
    with pytest.raises(ValueError, match="prompts must have at least one token each"):
        continuation_log_prob(bigram, [[0], []], [[1], [2]])
    with pytest.raises(ValueError, match="continuations must be as many as prompts, 2, got 1"):
        continuation_log_prob(bigram, [[0], [1]], [[1]])


# -- perplexity -------------------------------------------------------------------------------------


def test_perplexity_of_a_bigram_model_does_not_depend_on_the_window():
    ids = np.array([0, 1, 3, 0, 2, 2, 1])
    probs = NEXT[ids[:-1], ids[1:]]
    expected = np.prod(probs) ** (-1 / 6)
    for max_length in range(1, 9):
        for stride in range(1, max_length + 1):
            assert perplexity(bigram, ids, max_length, stride) == pytest.approx(expected)


def test_a_model_that_knows_nothing_has_the_perplexity_of_the_vocabulary():
    uniform = lambda ids, attention_mask: Tensor(np.zeros((*ids.shape, 7)))  # noqa: E731
    assert perplexity(uniform, np.arange(7), max_length=3, stride=2) == pytest.approx(7)


@given(st.integers(2, 30), st.data())
def test_each_token_is_predicted_once_with_enough_before_it(length, data):
    max_length = data.draw(st.integers(1, 12))
    stride = data.draw(st.integers(1, max_length))
    numbers_read: dict[int, int] = {}

    def spy(ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
        """The text is 0, 1, 2, …, so an id is a position. The next one has p = e^-n, n the number of tokens read."""
        assert ids.shape[1] <= max_length
        logits = np.full((*ids.shape, length), -np.inf)
        for t, id in enumerate(ids[0]):
            logits[0, t, id + 1], logits[0, t, 0] = -(t + 1), np.log1p(-np.exp(-(t + 1)))
            numbers_read.setdefault(int(id) + 1, t + 1)  # in the first window that has it; in later ones it is context
        return Tensor(logits)

    nats = np.log(perplexity(spy, np.arange(length), max_length, stride)) * (length - 1)
    assert sorted(numbers_read) == list(range(1, length))
    assert nats == pytest.approx(sum(numbers_read.values()))
    for token, number in numbers_read.items():
        assert number == token if token <= max_length else number >= max_length - stride + 1


def test_a_text_in_one_window_has_the_mean_loss_of_its_tokens():
    model, ids = gpt(), np.random.default_rng(0).integers(20, size=10)
    loss = ops.cross_entropy(model(ids[None, :-1]), ids[None, 1:]).item()
    assert perplexity(model, ids, max_length=12, stride=12) == pytest.approx(np.exp(loss), rel=1e-5)


@pytest.mark.parametrize(("max_length", "stride"), [(4, 0), (4, 5), (0, 0)])
def test_windows_that_would_leave_tokens_out_are_refused(max_length, stride):
    with pytest.raises(ValueError, match=rf"stride must lie in \[1, max_length\], got stride {stride}"):
        perplexity(bigram, np.array([0, 1, 2]), max_length, stride)


def test_a_text_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(N,\) with N at least 2, got \(1,\)"):
        perplexity(bigram, np.array([0]), 4, 2)
    with pytest.raises(ValueError, match=r"got \(1, 3\)"):
        perplexity(bigram, np.array([[0, 1, 2]]), 4, 2)


# -- choices ----------------------------------------------------------------------------------------


def test_scores_in_total_a_token_and_beside_another_prompt():
    choices = [[2], [3, 0]]  # 0.4, and 0.4 · 0.7
    total = np.log([0.4, 0.28])
    np.testing.assert_allclose(choice_scores(bigram, [0, 1], choices), total)
    np.testing.assert_allclose(choice_scores(bigram, [0, 1], choices, per_token=True), total / [1, 2])
    unconditional = np.log([0.25, 0.25 * 0.7])  # after token 2
    relative = choice_scores(bigram, [0, 1], choices, unconditional_prompt=[2])
    np.testing.assert_allclose(relative, total - unconditional)
    both = choice_scores(bigram, [0, 1], choices, per_token=True, unconditional_prompt=[2])
    np.testing.assert_allclose(both, (total - unconditional) / [1, 2])


def test_each_way_of_scoring_has_a_choice_of_its_own():
    # After 3: token 0 has 0.7, tokens 1 and 2 have 0.1; after 0: 0.5, 0.2, 0.2.
    assert choose(bigram, [3], [[1], [0], [2]]) == 1
    assert choose(bigram, [3], [[1, 2], [1]]) == 1  # 0.1 · 0.4 against 0.1
    assert choose(bigram, [3], [[1, 2], [1]], per_token=True) == 0  # 0.2 a token against 0.1
    assert choose(bigram, [1], [[2], [3]]) == 0  # equally likely: the first
    assert choose(bigram, [1], [[2], [3]], unconditional_prompt=[0]) == 1  # 0.4 / 0.2 against 0.4 / 0.1


@pytest.mark.parametrize("choices", [[], [[1], []]])
def test_choices_of_nothing_are_refused(choices):
    with pytest.raises(ValueError, match="choices must be at least one, with at least one token each"):
        choose(bigram, [0], choices)
