"""Finetuning an encoder on [CLS]: pooler, dropout and head; classes and numbers; one text and two."""

import numpy as np
import pytest

from minigrad import Tensor, nn, ops, optim
from models.bert import BERT, BERTConfig
from models.finetuning import CLSClassifier, CLSRegressor, pad_batch

CLS, SEP = 1, 2


class Echo(nn.Module):
    """Each position's state is its token id and its segment; the pooled state is ten times the first one."""

    def hidden_states(self, ids, attention_mask=None, token_type_ids=None) -> Tensor:
        return Tensor(np.stack([ids, token_type_ids], axis=-1).astype(np.float32))

    def pooled(self, hidden: Tensor) -> Tensor:
        return hidden[:, 0] * 10.0


def bert() -> BERT:
    config = BERTConfig(vocab_size=20, n_positions=10, d_model=12, n_layers=2, n_heads=2)
    return BERT(config, np.random.default_rng(0), masked_lm=False, next_sentence=False)


def pairs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two texts each, as [CLS] text [SEP] other [SEP]: whether both have the same word."""
    texts = [([5], [5]), ([5], [6]), ([6, 7], [7]), ([7], [5, 6]), ([6], [6]), ([7, 7], [5])]
    ids, attention_mask = pad_batch([[CLS, *one, SEP, *other, SEP] for one, other in texts])
    token_type_ids, _ = pad_batch([[0] * (len(one) + 2) + [1] * (len(other) + 1) for one, other in texts])
    return ids, attention_mask, token_type_ids


def test_the_head_reads_the_pooled_state():
    classifier = CLSClassifier(Echo(), d_model=2, n_labels=3).eval()
    classifier.head.weight.data[...] = [[1, 0], [0, 1], [2, 3]]
    classifier.head.bias.data[...] = [0, 0, 0.5]
    ids, token_type_ids = np.array([[4, 5], [6, 7]]), np.array([[1, 0], [0, 1]])
    logits = classifier(ids, np.ones_like(ids), token_type_ids)
    np.testing.assert_array_equal(logits.data, [[40, 10, 110.5], [60, 0, 120.5]])


def test_a_regressor_predicts_one_number_a_text():
    regressor = CLSRegressor(Echo(), d_model=2).eval()
    regressor.head.weight.data[...] = [[0.1, 3]]
    predicted = regressor(np.array([[4, 5], [6, 7]]), None, np.array([[1, 0], [0, 1]]))
    np.testing.assert_allclose(predicted.data, [34, 6], rtol=1e-6)


def test_dropout_falls_on_the_pooled_state_while_training_only():
    classifier = CLSClassifier(Echo(), d_model=2, n_labels=2, dropout=0.5)
    classifier.head.weight.data[...] = np.eye(2)
    ids = np.full((1000, 1), 1)
    while_training = classifier(ids, None, ids).data
    assert set(np.unique(while_training)) == {0, 20}
    assert while_training.mean() == pytest.approx(10, rel=0.1)
    np.testing.assert_array_equal(classifier.eval()(ids, None, ids).data, np.full((1000, 2), 10))


def test_dropout_is_a_tenth_as_in_the_paper_unless_told_otherwise():
    assert CLSClassifier(bert(), d_model=12, n_labels=2).dropout.p == 0.1
    assert CLSRegressor(bert(), d_model=12).dropout.p == 0.1
    assert CLSRegressor(bert(), d_model=12, dropout=0.3).dropout.p == 0.3


def test_the_head_starts_small_and_the_same_from_the_same_seed():
    first, second = (CLSClassifier(bert(), 12, 500, generator=np.random.default_rng(3)).head for _ in range(2))
    assert first.weight.data.std() == pytest.approx(0.02, rel=0.05)
    assert not first.bias.data.any()
    np.testing.assert_array_equal(first.weight.data, second.weight.data)


@pytest.mark.parametrize("make", [lambda: CLSClassifier(bert(), 12, 3), lambda: CLSRegressor(bert(), 12)])
def test_padding_in_a_batch_does_not_change_a_text(make):
    model = make().eval()
    model.head.weight.data[...] *= 50
    ids, attention_mask, token_type_ids = pairs()
    together = model(ids, attention_mask, token_type_ids).data
    assert len(together) == len(ids)
    for row, length in enumerate(attention_mask.sum(axis=1)):
        alone = model(ids[row : row + 1, :length], None, token_type_ids[row : row + 1, :length]).data[0]
        np.testing.assert_allclose(together[row], alone, rtol=1e-4, atol=1e-5)


def test_the_segments_matter():
    classifier = CLSClassifier(bert(), d_model=12, n_labels=2).eval()
    ids, attention_mask, token_type_ids = pairs()
    with_segments = classifier(ids, attention_mask, token_type_ids).data
    assert not np.allclose(with_segments, classifier(ids, attention_mask).data, rtol=1e-2)


def test_padding_before_cls_is_refused():
    classifier = CLSClassifier(bert(), d_model=12, n_labels=2)
    with pytest.raises(ValueError, match=r"must be 1 at \[CLS\], the first position, got 0 in row 1; pad on the right"):
        classifier(np.ones((2, 3), np.int64), np.array([[1, 1, 0], [0, 1, 1]]))


def test_the_gradient_reaches_every_weight_and_pairs_are_learnt():
    classifier = CLSClassifier(bert(), d_model=12, n_labels=2, generator=np.random.default_rng(1), dropout=0.0)
    labels = np.array([1, 0, 1, 0, 1, 0])
    optimizer = optim.Adam(classifier.parameters(), lr=1e-2)
    for step in range(100):
        loss = ops.cross_entropy(classifier(*pairs()), labels)
        loss.backward()
        if step == 0:
            without = [name for name, p in classifier.named_parameters() if p.grad is None or not np.any(p.grad)]
            # A bias on the keys adds the same to all scores of a query, and the softmax takes it out.
            assert [name for name in without if not name.endswith("attention.k.bias")] == []
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.05


def test_scores_are_learnt():
    regressor = CLSRegressor(bert(), d_model=12, generator=np.random.default_rng(1), dropout=0.0)
    scores = np.array([1, -0.6, 0.2, -1, 0.9, -0.8], np.float32)
    optimizer = optim.Adam(regressor.parameters(), lr=1e-2)
    for _ in range(100):
        loss = ops.mse_loss(regressor(*pairs()), scores)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    np.testing.assert_allclose(regressor(*pairs()).data, scores, atol=0.05)
