"""Finding the answer in a text: logits, loss, the best span of those allowed, and no answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor, anomaly_mode, nn, ops, optim
from models.bert import BERT, BERTConfig
from models.finetuning import SpanExtractor, best_spans, best_spans_or_none, pad_batch, span_loss

CLS, SEP = 1, 2


class Echo(nn.Module):
    """Each position's state is its token id and its position."""

    def hidden_states(self, ids, attention_mask=None, token_type_ids=None) -> Tensor:
        positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
        return Tensor(np.stack([ids, positions], axis=-1).astype(np.float32))


def bert() -> BERT:
    config = BERTConfig(vocab_size=20, n_positions=12, d_model=12, n_layers=2, n_heads=2)
    return BERT(config, np.random.default_rng(0), pooler=False, masked_lm=False, next_sentence=False)


def questions() -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Where does the context have what the question asks for, 5 (then all 5s) or 6? The last asks in vain."""
    examples = [([5], [7, 5, 5, 6]), ([6], [7, 5, 5, 6]), ([5], [5, 8]), ([6], [8, 6, 6, 8, 5]), ([6], [7, 8])]
    starts, ends = np.array([4, 6, 3, 4, 0]), np.array([5, 6, 3, 5, 0])
    ids, attention_mask = pad_batch([[CLS, *question, SEP, *context, SEP] for question, context in examples])
    token_type_ids, _ = pad_batch([[0] * (len(q) + 2) + [1] * (len(c) + 1) for q, c in examples])
    return (ids, attention_mask, token_type_ids), starts, ends


# -- logits and loss --------------------------------------------------------------------------------


def test_start_and_end_have_a_vector_each():
    extractor = SpanExtractor(Echo(), d_model=2)
    extractor.head.weight.data[...] = [[1, 0], [0, 10]]
    starts, ends = extractor(np.array([[4, 5, 6]]))
    np.testing.assert_array_equal(starts.data, [[4, 5, 6]])
    np.testing.assert_array_equal(ends.data, [[0, 10, 20]])


def test_the_loss_is_the_mean_of_two_cross_entropies():
    start_logits = Tensor(np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])))
    end_logits = Tensor(np.log(np.array([[0.2, 0.2, 0.6], [0.1, 0.5, 0.4]])))
    loss = span_loss(start_logits, end_logits, np.array([1, 2]), np.array([2, 2]))
    assert loss.item() == pytest.approx(-np.log([0.25, 0.8, 0.6, 0.4]).mean())


def test_padding_has_no_probability_and_does_not_change_the_loss():
    extractor = SpanExtractor(bert(), d_model=12)
    extractor.head.weight.data[...] *= 50
    inputs, starts, ends = questions()
    losses = []
    for row, length in enumerate(inputs[1].sum(axis=1)):
        alone = extractor(*(array[row : row + 1, :length] for array in inputs))
        losses.append(span_loss(*alone, starts[row : row + 1], ends[row : row + 1]).item())
    together = extractor(*inputs)
    assert span_loss(*together, starts, ends).item() == pytest.approx(np.mean(losses), rel=1e-5)
    for logits in together:
        assert not ops.softmax(logits).data[inputs[1] == 0].any()


def test_training_on_padded_batches_is_no_anomaly():
    inputs, starts, ends = questions()
    with anomaly_mode():
        span_loss(*SpanExtractor(bert(), d_model=12)(*inputs), starts, ends).backward()


def test_padding_before_cls_is_refused():
    with pytest.raises(ValueError, match=r"must be 1 at \[CLS\]"):
        SpanExtractor(bert(), d_model=12)(np.ones((1, 3), np.int64), np.array([[0, 1, 1]]))


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (3, 2, r"ends must not come before starts, got 3 … 2 in row 1"),
        (1, 4, r"spans must lie in \[0, 4\), got 1 … 4 in row 1"),
        (-1, 2, r"spans must lie in \[0, 4\), got -1 … 2 in row 1"),
    ],
)
def test_spans_that_are_none_are_refused(start, end, message):
    logits = Tensor(np.zeros((2, 4), np.float32))
    with pytest.raises(ValueError, match=message):
        span_loss(logits, logits, np.array([0, start]), np.array([1, end]))


# -- the best span ----------------------------------------------------------------------------------


def test_the_best_span_has_the_largest_sum_and_does_not_end_before_it_starts():
    start_logits = np.array([[0.0, 1, 9, 2]])
    end_logits = np.array([[0.0, 8, 1, 3]])
    starts, ends, scores = best_spans(start_logits, end_logits, np.ones((1, 4), np.int64))
    assert (starts, ends, scores) == (2, 3, 12)  # the largest start and end, 9 and 8, would be 2 … 1


def test_a_span_has_at_most_max_length_tokens():
    start_logits = np.array([[0.0, 5, 0, 2, 0]])
    end_logits = np.array([[0.0, 0, 0, 0, 6]])
    allowed = np.ones((1, 5), np.int64)
    assert [int(x[0]) for x in best_spans(start_logits, end_logits, allowed, max_length=4)] == [1, 4, 11]
    assert [int(x[0]) for x in best_spans(start_logits, end_logits, allowed, max_length=3)] == [3, 4, 8]
    assert [int(x[0]) for x in best_spans(start_logits, end_logits, allowed, max_length=1)] == [4, 4, 6]


def test_an_answer_lies_in_the_context_from_its_first_token_to_its_last():
    start_logits = np.array([[9.0, 3, 0, 1, 0]])
    end_logits = np.array([[9.0, 0, 0, 2, 4]])
    starts, ends, scores = best_spans(start_logits, end_logits, np.array([[0, 1, 0, 1, 1]]))
    assert (starts, ends, scores) == (3, 4, 5)  # 1 … 4 would have 7, but it would run over 2


def test_of_equal_spans_the_first_and_shortest_is_taken():
    starts, ends, _ = best_spans(np.zeros((1, 4)), np.zeros((1, 4)), np.array([[0, 1, 1, 1]]))
    assert (starts, ends) == (1, 1)


@given(st.data())
def test_the_best_span_is_the_one_that_trying_all_finds(data):
    length, max_length = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 5))
    numbers = st.lists(st.integers(-5, 5), min_size=length, max_size=length)
    start_logits, end_logits = data.draw(numbers), data.draw(numbers)
    allowed = data.draw(st.lists(st.booleans(), min_size=length, max_size=length).filter(any))
    spans = [(i, j) for i in range(length) for j in range(i, min(i + max_length, length)) if all(allowed[i : j + 1])]
    best = max(spans, key=lambda span: start_logits[span[0]] + end_logits[span[1]])
    found = best_spans(np.array([start_logits]), np.array([end_logits]), np.array([allowed]), max_length)
    assert [int(x[0]) for x in found] == [*best, start_logits[best[0]] + end_logits[best[1]]]


def test_a_span_without_a_place_is_refused():
    zeros = np.zeros((2, 3))
    with pytest.raises(ValueError, match="context_mask has a row without a 1: row 1"):
        best_spans(zeros, zeros, np.array([[0, 1, 1], [0, 0, 0]]))
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        best_spans(zeros, zeros, np.ones((2, 3), np.int64), max_length=0)


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, (2, 3)), (0.5, (2, 3)), (1.0, (0, 0)), (3.0, (0, 0))])
def test_there_is_an_answer_if_it_beats_cls_by_more_than_the_threshold(threshold, expected):
    start_logits, end_logits = np.array([[2.0, 9, 3, 1]]), np.array([[4.0, 9, 1, 4]])  # [CLS] 6, best span 7
    starts, ends = best_spans_or_none(start_logits, end_logits, np.array([[0, 0, 1, 1]]), threshold=threshold)
    assert (starts, ends) == expected


def test_an_answer_as_good_as_cls_is_none():
    starts, ends = best_spans_or_none(np.zeros((1, 3)), np.zeros((1, 3)), np.array([[0, 1, 1]]))
    assert (starts, ends) == (0, 0)
    starts, ends = best_spans_or_none(np.zeros((1, 3)), np.zeros((1, 3)), np.array([[0, 1, 1]]), threshold=-0.1)
    assert (starts, ends) == (1, 1)


# -- learning ---------------------------------------------------------------------------------------


def test_the_gradient_reaches_every_weight_and_answers_are_found_or_not():
    extractor = SpanExtractor(bert(), d_model=12, generator=np.random.default_rng(1))
    inputs, starts, ends = questions()
    optimizer = optim.Adam(extractor.parameters(), lr=1e-2)
    for step in range(150):
        loss = span_loss(*extractor(*inputs), starts, ends)
        loss.backward()
        if step == 0:
            without = [name for name, p in extractor.named_parameters() if p.grad is None or not np.any(p.grad)]
            # A bias on the keys adds the same to all scores of a query, and the softmax takes it out.
            assert [name for name in without if not name.endswith("attention.k.bias")] == []
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.1
    ids, _, token_type_ids = inputs
    context = (token_type_ids == 1) & (ids != SEP)
    found = best_spans_or_none(*(logits.data for logits in extractor(*inputs)), context)
    np.testing.assert_array_equal(found, [starts, ends])
