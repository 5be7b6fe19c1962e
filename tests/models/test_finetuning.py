"""Finetuning: the classifier reads the last token's state, trains everything below, and padding does not matter."""

import numpy as np
import pytest

from minigrad import Tensor, nn, ops, optim
from models.finetuning import LastTokenClassifier, pad_batch
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel


class Echo(nn.Module):
    """Each position's state is its token id and its position."""

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
        return Tensor(np.stack([ids, positions], axis=-1).astype(np.float32))


def echo_classifier() -> LastTokenClassifier:
    classifier = LastTokenClassifier(Echo(), d_model=2, n_labels=2)
    classifier.head.weight.data[...] = np.eye(2)
    return classifier


def gpt() -> GPT:
    return GPT(GPTConfig(vocab_size=20, n_positions=8, d_model=12, n_layers=2, n_heads=2), np.random.default_rng(0))


def lstm() -> LSTMLanguageModel:
    return LSTMLanguageModel(LSTMConfig(vocab_size=20, d_model=12), np.random.default_rng(0))


def test_the_last_token_of_each_row_is_read_whatever_its_padding():
    ids = np.array([[7, 8, 9, 0, 0], [1, 2, 3, 4, 5], [6, 0, 0, 0, 0], [0, 0, 0, 3, 2]])
    attention_mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [0, 0, 0, 1, 1]])
    expected = [[9, 2], [5, 4], [6, 0], [2, 4]]
    np.testing.assert_array_equal(echo_classifier()(ids, attention_mask).data, expected)
    np.testing.assert_array_equal(echo_classifier()(ids, attention_mask == 1).data, expected)


@pytest.mark.parametrize("make", [gpt, lstm])
def test_padding_in_a_batch_does_not_change_an_example(make):
    classifier = LastTokenClassifier(make(), d_model=12, n_labels=3, generator=np.random.default_rng(1))
    classifier.head.weight.data[...] *= 50
    sequences = [[3, 4, 5, 6], [7], [8, 9]]
    together = classifier(*pad_batch(sequences, pad_id=11)).data
    assert together.shape == (3, 3)
    for row, sequence in enumerate(sequences):
        np.testing.assert_allclose(classifier(*pad_batch([sequence])).data[0], together[row], rtol=1e-4, atol=1e-5)


def test_gpt_may_be_padded_on_the_left_too():
    classifier = LastTokenClassifier(gpt(), d_model=12, n_labels=3)
    left = classifier(np.array([[0, 0, 5, 6]]), np.array([[0, 0, 1, 1]])).data
    np.testing.assert_allclose(left, classifier(*pad_batch([[5, 6]])).data, rtol=1e-4, atol=1e-6)


def test_a_row_without_a_token_is_refused():
    with pytest.raises(ValueError, match="a row without a token"):
        echo_classifier()(np.zeros((2, 3), np.int64), np.array([[1, 0, 0], [0, 0, 0]]))


def test_the_head_starts_small_and_the_model_below_as_it_was():
    below = gpt()
    before = {name: array.copy() for name, array in below.state_dict().items()}
    classifier = LastTokenClassifier(below, d_model=12, n_labels=500, generator=np.random.default_rng(0))
    assert classifier.head.weight.data.std() == pytest.approx(0.02, rel=0.05)
    assert not classifier.head.bias.data.any()
    assert classifier.head.weight.dtype == np.float32
    for name, array in below.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    again = LastTokenClassifier(below, d_model=12, n_labels=500, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(again.head.weight.data, classifier.head.weight.data)


@pytest.mark.parametrize("make", [gpt, lstm])
def test_the_gradient_reaches_every_weight_and_a_small_task_is_learnt(make):
    classifier = LastTokenClassifier(make(), d_model=12, n_labels=2, generator=np.random.default_rng(1))
    assert {name.split(".")[0] for name, _ in classifier.named_parameters()} == {"model", "head"}
    ids, attention_mask = pad_batch([[3, 4], [4, 3], [5, 6, 3], [3, 5, 4, 6]])
    labels = np.array([0, 1, 0, 1])
    optimizer = optim.Adam(classifier.parameters(), lr=1e-2)
    for step in range(60):
        loss = ops.cross_entropy(classifier(ids, attention_mask), labels)
        loss.backward()
        if step == 0:
            assert loss.item() == pytest.approx(np.log(2), abs=0.1)
            assert all(np.any(parameter.grad) for parameter in classifier.parameters())
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.05


def test_pad_batch_fills_up_on_the_right():
    ids, attention_mask = pad_batch([[1, 2, 3], [4], [5, 6]], pad_id=9)
    np.testing.assert_array_equal(ids, [[1, 2, 3], [4, 9, 9], [5, 6, 9]])
    np.testing.assert_array_equal(attention_mask, [[1, 1, 1], [1, 0, 0], [1, 1, 0]])
    assert ids.dtype == attention_mask.dtype == np.int64


def test_pad_batch_of_no_sequence_is_refused():
    with pytest.raises(ValueError, match="sequences is empty"):
        pad_batch([])
