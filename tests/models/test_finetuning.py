"""Finetuning a decoder: the head reads the last token's state, trains everything below, and padding does not matter.
The forms of input are those of GPT's paper and of the lecture."""

import numpy as np
import pytest

from minigrad import IGNORE, Tensor, nn, ops, optim
from models.finetuning import (
    GPTInputs,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    add_tokens,
    loss_with_language_modelling,
    pad_batch,
)
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


# -- the forms of input -----------------------------------------------------------------------------


def test_the_lecture_s_premise_and_hypothesis_stand_between_start_delimiter_and_extract():
    start, the, man, is_, in_, doorway, person, near, door, delim, extract = range(11)
    form = GPTInputs(start, delim, extract)
    premise, hypothesis = [the, man, is_, in_, the, doorway], [the, person, is_, near, the, door]
    assert form.entailment(premise, hypothesis) == [start, *premise, delim, *hypothesis, extract]


def test_each_task_has_its_form():
    form = GPTInputs(start_id=7, delimiter_id=8, extract_id=9)
    assert form.classification([1, 2]) == [7, 1, 2, 9]
    assert form.similarity([1, 2], [3]) == ([7, 1, 2, 8, 3, 9], [7, 3, 8, 1, 2, 9])
    assert form.multiple_choice([1, 2], [[3], [4, 5]]) == [[7, 1, 2, 8, 3, 9], [7, 1, 2, 8, 4, 5, 9]]


# -- pairs without an order, and choices ------------------------------------------------------------


def similarity_classifier(model: nn.Module, d_model: int = 12) -> SimilarityClassifier:
    return SimilarityClassifier(model, d_model, n_labels=2, generator=np.random.default_rng(1))


def test_the_states_of_both_orders_are_added_before_the_head():
    classifier = similarity_classifier(Echo(), d_model=2)
    classifier.head.weight.data[...] = np.eye(2)
    classifier.head.bias.data[...] = 100
    logits = classifier(np.array([[1, 2, 0]]), np.array([[2, 5, 0]]), np.array([[1, 1, 0]]))
    np.testing.assert_array_equal(logits.data, [[107, 102]])  # 2 + 5, and position 1 twice; the bias once


def test_similarity_does_not_depend_on_the_order_of_the_texts():
    classifier = similarity_classifier(gpt())
    one, other = GPTInputs(17, 18, 19).similarity([3, 4], [5, 6, 7])
    ids, attention_mask = pad_batch([one, [1, 2]])
    swapped_ids, _ = pad_batch([other, [2, 1]])
    logits = classifier(ids, swapped_ids, attention_mask).data
    np.testing.assert_allclose(classifier(swapped_ids, ids, attention_mask).data, logits, rtol=1e-5)
    assert not np.allclose(classifier(ids, ids, attention_mask).data, logits, rtol=1e-2)


def test_each_choice_has_a_score_of_its_own():
    chooser = MultipleChoice(Echo(), d_model=2)
    chooser.head.weight.data[...] = [[10, 1]]
    ids = np.array([[[1, 2, 0], [1, 3, 4]], [[5, 0, 0], [6, 7, 0]]])
    attention_mask = np.array([[[1, 1, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 0]]])
    np.testing.assert_array_equal(chooser(ids, attention_mask).data, [[21, 42], [50, 71]])


def test_choices_of_another_shape_are_refused():
    chooser = MultipleChoice(Echo(), d_model=2)
    with pytest.raises(ValueError, match=r"the shape \(B, n_choices, T\), got \(2, 3\), \(2, 3\)"):
        chooser(np.ones((2, 3), np.int64), np.ones((2, 3), np.int64))
    with pytest.raises(ValueError, match=r"got \(1, 2, 3\), \(1, 2, 4\)"):
        chooser(np.ones((1, 2, 3), np.int64), np.ones((1, 2, 4), np.int64))


def train(loss_of, parameters: list, steps: int = 60) -> float:
    """Some steps of Adam; the first of them must reach every parameter. Returns the last loss."""
    optimizer = optim.Adam(parameters, lr=1e-2)
    for step in range(steps):
        loss = loss_of()
        loss.backward()
        if step == 0:
            assert all(parameter.grad is not None and np.any(parameter.grad) for parameter in parameters)
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()


def test_a_similarity_classifier_learns():
    classifier = similarity_classifier(gpt())
    pairs = [([3], [3]), ([3], [4]), ([5], [5]), ([5], [4])]
    both = [GPTInputs(17, 18, 19).similarity(*pair) for pair in pairs]
    ids, attention_mask = pad_batch([one for one, _ in both])
    swapped_ids, _ = pad_batch([other for _, other in both])
    labels = np.array([1, 0, 1, 0])
    assert (
        train(lambda: ops.cross_entropy(classifier(ids, swapped_ids, attention_mask), labels), classifier.parameters())
        < 0.05
    )


def test_multiple_choice_learns_from_a_softmax_over_the_choices():
    chooser = MultipleChoice(gpt(), d_model=12, generator=np.random.default_rng(1))
    questions = [([3], [[4], [5, 6]]), ([7], [[4], [5, 6]]), ([3, 3], [[5, 6], [4]])]
    sequences = [s for context, choices in questions for s in GPTInputs(17, 18, 19).multiple_choice(context, choices)]
    ids, attention_mask = (array.reshape(3, 2, -1) for array in pad_batch(sequences))
    # The last norm's bias adds the same to all choices: the softmax takes it out, so it has no gradient.
    parameters = [p for name, p in chooser.named_parameters() if name != "model.final_norm.bias"]
    assert train(lambda: ops.cross_entropy(chooser(ids, attention_mask), np.array([0, 1, 0])), parameters) < 0.05


# -- the auxiliary loss -----------------------------------------------------------------------------


def test_the_auxiliary_loss_is_that_of_language_modelling_on_the_same_texts():
    classifier = LastTokenClassifier(gpt(), d_model=12, n_labels=2, generator=np.random.default_rng(1))
    ids, attention_mask = pad_batch([[3, 4, 5], [6, 7]])
    labels = np.array([0, 1])
    task = ops.cross_entropy(classifier(ids, attention_mask), labels).item()
    lm = ops.cross_entropy(
        classifier.model(ids, attention_mask), np.array([[4, 5, IGNORE], [7, IGNORE, IGNORE]])
    ).item()
    arguments = classifier, ids, attention_mask, labels
    assert loss_with_language_modelling(*arguments).item() == pytest.approx(task + 0.5 * lm, rel=1e-5)
    assert loss_with_language_modelling(*arguments, lm_weight=2.0).item() == pytest.approx(task + 2 * lm, rel=1e-5)
    assert loss_with_language_modelling(*arguments, lm_weight=0.0).item() == pytest.approx(task, rel=1e-5)


# -- new tokens -------------------------------------------------------------------------------------


def test_new_tokens_get_the_last_ids_and_leave_the_model_as_it_was():
    model = gpt()
    ids = np.array([[3, 4, 5]])
    logits, table = model(ids).data, model.token_embedding.weight.data
    assert add_tokens(model, 3, np.random.default_rng(0)) == [20, 21, 22]
    assert model.config.vocab_size == 23
    assert model.config.d_model == 12
    np.testing.assert_allclose(model(ids).data[..., :20], logits, rtol=1e-6)
    np.testing.assert_array_equal(model.token_embedding.weight.data[:20], table)
    assert model.token_embedding.weight.data.dtype == np.float32
    assert model(np.array([[20, 3, 21, 4, 22]])).shape == (1, 5, 23)


def test_new_embeddings_are_as_large_as_the_old_ones_and_can_be_trained():
    model = gpt()
    new = add_tokens(model, 400, np.random.default_rng(0))
    rows = model.token_embedding.weight.data[new]
    assert rows.std() == pytest.approx(model.token_embedding.weight.data[:20].std(), rel=0.05)
    ops.cross_entropy(model(np.array([[20]])), np.array([[3]])).backward()
    assert np.any(dict(model.named_parameters())["token_embedding.weight"].grad[20])


def test_no_new_token_is_refused():
    with pytest.raises(ValueError, match="n_new must be at least 1, got 0"):
        add_tokens(gpt(), 0)
