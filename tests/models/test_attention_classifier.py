"""The classifiers on ELMo's vectors: padding does not matter, the texts of a pair see each other, tasks are learnt."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, ops, optim
from minigrad.gradcheck import gradcheck
from models.attention_classifier import (
    MLP,
    BiLSTM,
    ElmoClassifier,
    ElmoPairClassifier,
    WordVectors,
    attend,
    max_over_time,
)
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo
from tests.models.test_elmo import put_in, right_padded

V = 20


def elmo(d_model: int = 6, seed: int = 0) -> ELMo:
    return ELMo(BiLSTMLanguageModel(BiLSTMConfig(V, d_model), np.random.default_rng(seed)))


def single(dropout: float = 0.0) -> ElmoClassifier:
    return ElmoClassifier(elmo(), hidden_size=5, n_labels=3, generator=np.random.default_rng(1), dropout=dropout)


def pair(dropout: float = 0.0) -> ElmoPairClassifier:
    return ElmoPairClassifier(elmo(), hidden_size=5, n_labels=3, generator=np.random.default_rng(1), dropout=dropout)


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(V, size=shape)


# -- the parts ------------------------------------------------------------------------------------


def test_each_output_of_a_bilstm_knows_the_whole_text_and_nothing_of_the_padding():
    bilstm, attention_mask = BiLSTM(3, 4, np.random.default_rng(0)), right_padded(5, 3)
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    before = bilstm(Tensor(x), attention_mask).data
    assert before.shape == (2, 5, 8)
    for position in range(5):
        changed = x.copy()
        changed[:, position] += 1
        is_changed = np.any(bilstm(Tensor(changed), attention_mask).data != before, axis=2)
        assert np.all(is_changed[0])
        np.testing.assert_array_equal(is_changed[1, :3], [position < 3] * 3)


def test_the_maximum_is_taken_over_tokens_only():
    states = Tensor(np.array([[[-0.5, 0.1], [-0.2, -0.9], [0.8, 0.9]], [[-0.1, -0.3], [0.6, 0.2], [0.7, 0.7]]]))
    expected = [[-0.2, 0.1], [-0.1, -0.3]]
    np.testing.assert_array_equal(max_over_time(states, right_padded(2, 1, 3)[:2]).data, expected)


def test_a_row_without_a_token_is_refused():
    with pytest.raises(ValueError, match="a row without a token"):
        single()(random_ids(2, 3), right_padded(3, 0))
    with pytest.raises(ValueError, match="a row without a token"):
        pair()(random_ids(2, 3), right_padded(3, 1), random_ids(2, 3), right_padded(3, 0))


@pytest.mark.parametrize("frozen", [True, False])
def test_word_vectors_take_elmos_place(frozen: bool):
    table = nn.Embedding(V, 7)
    vectors, ids = WordVectors(table, frozen), random_ids(2, 4)
    np.testing.assert_array_equal(vectors(ids).data, table.weight.data[ids])
    classifier = ElmoClassifier(vectors, hidden_size=5, n_labels=3, generator=np.random.default_rng(1))
    classifier(ids, right_padded(4, 2)).sum().backward()
    assert classifier.encoder.forward_lstm.parameters()[0].grad is not None
    assert (table.weight.grad is None) == frozen


def test_attention_finds_in_the_other_text_what_is_alike():
    a = Tensor(np.array([[[0.0, 0.0], [np.log(3), 0.0]]]))
    b = Tensor(np.array([[[1.0, 4.0], [0.0, 8.0], [9.0, 9.0]]]))
    found = attend(a, b, np.array([[1, 1, 0]])).data
    np.testing.assert_allclose(found, [[[0.5, 6.0], [0.75, 5.0]]])


def test_the_mlp_is_two_linear_layers_with_tanh_between():
    mlp, x = MLP(4, 3, 2, dropout=0.0, generator=None), np.random.default_rng(0).standard_normal((5, 4))
    hidden = np.tanh(x @ mlp.hidden.weight.data.T + mlp.hidden.bias.data)
    expected = hidden @ mlp.out.weight.data.T + mlp.out.bias.data
    np.testing.assert_allclose(mlp(Tensor(x)).data, expected, rtol=1e-5, atol=1e-6)


# -- the classifiers ------------------------------------------------------------------------------


def test_shapes_of_logits_for_one_text_and_for_two_of_different_lengths():
    assert single()(random_ids(4, 6), right_padded(6, 2, 3, 1)).shape == (4, 3)
    logits = pair()(random_ids(2, 6), right_padded(6, 2), random_ids(2, 4), right_padded(3, 4))
    assert logits.shape == (2, 3)
    assert logits.dtype == np.float32


def test_padding_in_a_batch_does_not_change_an_example():
    ids, other_ids, lengths, other_lengths = random_ids(3, 7), random_ids(3, 5, seed=1), (2, 7, 4), (5, 3, 1)
    mask, other_mask = right_padded(*lengths), right_padded(*other_lengths)
    together, pairs_together = single()(ids, mask).data, pair()(ids, mask, other_ids, other_mask).data
    for row, (length, other_length) in enumerate(zip(lengths, other_lengths, strict=True)):
        text = ids[row : row + 1, :length], right_padded(length)
        other = other_ids[row : row + 1, :other_length], right_padded(other_length)
        np.testing.assert_allclose(single()(*text).data[0], together[row], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(pair()(*text, *other).data[0], pairs_together[row], rtol=1e-4, atol=1e-6)


class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


def features(classifier: nn.Module, *inputs: np.ndarray) -> np.ndarray:
    """What the MLP reads, cut into vectors of the width of a BiLSTM's output: (B, n, 2 · hidden_size)."""
    classifier.mlp = Identity()
    return classifier(*inputs).data.reshape(len(inputs[0]), -1, 10)


def test_one_text_becomes_one_vector_and_a_pair_two_with_their_difference_and_product():
    text, other = (random_ids(2, 6), right_padded(6, 2)), (random_ids(2, 4, seed=1), right_padded(3, 4))
    assert features(single(), *text).shape == (2, 1, 10)
    u, v, difference, product = features(pair(), *text, *other).swapaxes(0, 1)
    np.testing.assert_array_equal(difference, np.abs(u - v))
    np.testing.assert_array_equal(product, u * v)
    swapped_v, swapped_u, *_ = features(pair(), *other, *text).swapaxes(0, 1)
    np.testing.assert_array_equal(swapped_u, u)
    np.testing.assert_array_equal(swapped_v, v)


def test_each_text_is_read_in_the_light_of_the_other():
    text, other_ids = (random_ids(2, 6), right_padded(6, 2)), random_ids(2, 4, seed=1)
    u, v, *_ = features(pair(), *text, other_ids, right_padded(3, 4)).swapaxes(0, 1)
    for_another, v_of_another, *_ = features(pair(), *text, (other_ids + 1) % V, right_padded(3, 4)).swapaxes(0, 1)
    assert np.all(np.any(for_another != u, axis=1))
    assert np.all(np.any(v_of_another != v, axis=1))


def test_dropout_acts_in_training_only():
    text = random_ids(2, 6), right_padded(6, 2)
    for classifier, inputs in ((single(0.5), text), (pair(0.5), text + text)):
        assert not np.array_equal(classifier(*inputs).data, classifier(*inputs).data)
        classifier.eval()
        np.testing.assert_array_equal(classifier(*inputs).data, classifier(*inputs).data)


@pytest.mark.parametrize("make", [single, pair])
def test_every_gradient_of_the_task_agrees_with_finite_differences(make):
    classifier, text, other = make(), (random_ids(2, 4), right_padded(4, 2)), (random_ids(2, 3), right_padded(1, 3))
    inputs = text if make is single else text + other
    names = [name for name, _ in classifier.named_parameters()]
    arrays = [array.astype(np.float64) for array in classifier.state_dict().values()]
    is_task = [not name.startswith("elmo.model.") for name in names]
    below = [name for name, task in zip(names, is_task, strict=True) if not task]
    above = [name for name, task in zip(names, is_task, strict=True) if task]
    put_in(classifier, below, tuple(Tensor(a) for a, task in zip(arrays, is_task, strict=True) if not task))

    def loss(*tensors: Tensor) -> Tensor:
        put_in(classifier, above, tensors)
        return ops.cross_entropy(classifier(*inputs), np.array([0, 2]))

    gradcheck(loss, [a for a, task in zip(arrays, is_task, strict=True) if task], directions=2)


def has_a_three(rng: np.random.Generator) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Texts with a 3 among their tokens, or without one."""
    ids, attention_mask = rng.integers(4, V, size=(32, 6)), right_padded(6, *rng.integers(1, 7, size=31))
    labels = rng.integers(2, size=32)
    ids[np.arange(32), rng.integers(attention_mask.sum(axis=1))] = np.where(labels, 3, 4)
    ids[attention_mask == 0] = 3  # padding, which must not be read
    return (ids, attention_mask), labels


def are_the_same(rng: np.random.Generator) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Pairs of a text with itself or with another one, the padding of which is longer."""
    labels, ids, others = rng.integers(2, size=32), rng.integers(4, V, size=(32, 3)), rng.integers(4, V, size=(32, 3))
    other_ids = np.concatenate([np.where(labels[:, None], ids, others), others], axis=1)
    return (ids, right_padded(*[3] * 32), other_ids, (np.arange(6) < np.full((32, 1), 3)).astype(np.int64)), labels


@pytest.mark.parametrize(("kind", "draw"), [(ElmoClassifier, has_a_three), (ElmoPairClassifier, are_the_same)])
def test_a_task_is_learnt_while_the_language_model_stays_as_it_was(kind, draw):
    minigrad.manual_seed(0)  # dropout's
    rng = np.random.default_rng(0)
    classifier = kind(elmo(16), hidden_size=16, n_labels=2, generator=np.random.default_rng(1), dropout=0.1)
    before = {name: array.copy() for name, array in classifier.state_dict().items()}
    optimizer = optim.Adam(classifier.parameters(), lr=1e-2)
    for _ in range(80):
        inputs, labels = draw(rng)
        loss = ops.cross_entropy(classifier(*inputs), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    classifier.eval()
    right = [classifier(*inputs).data.argmax(axis=1) == labels for inputs, labels in (draw(rng) for _ in range(10))]
    assert np.mean(right) > 0.93
    for name, array in classifier.state_dict().items():
        assert np.array_equal(array, before[name]) == name.startswith("elmo.model."), name
