"""BERT: shapes, both directions, padding, segments, heads that may be missing, sizes, start, and that it learns."""

from dataclasses import replace

import numpy as np
import pytest

from minigrad import IGNORE, nn, ops, optim
from models.bert import BERT, BERTConfig

CONFIG = BERTConfig(vocab_size=40, n_positions=16, d_model=24, n_layers=2, n_heads=3)


def model(config: BERTConfig = CONFIG, seed: int = 0) -> BERT:
    return BERT(config, np.random.default_rng(seed))


def lively_model() -> BERT:
    """A model with large random weights, whose every part changes the output."""
    bert, rng = model(), np.random.default_rng(1)
    for parameter in bert.parameters():
        parameter.data[...] += 0.3 * rng.standard_normal(parameter.shape, dtype=np.float32)
    return bert


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


def test_shapes_of_hidden_states_and_heads():
    bert = model()
    hidden = bert(random_ids(3, 7))
    assert hidden.shape == (3, 7, 24)
    assert hidden.dtype == np.float32
    assert bert.pooled(hidden).shape == (3, 24)
    assert bert.masked_lm_logits(hidden).shape == (3, 7, 40)
    assert bert.masked_lm_logits(hidden[np.array([0, 2]), np.array([1, 6])]).shape == (2, 40)
    assert bert.next_sentence_logits(hidden).shape == (3, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"n_positions": 0}, "n_positions must be at least 1, got 0"),
        ({"d_model": 0}, "d_model must be at least 1, got 0"),
        ({"n_layers": -1}, "n_layers must be at least 1, got -1"),
        ({"n_heads": 0}, "n_heads must be at least 1, got 0"),
        ({"n_segments": 0}, "n_segments must be at least 1, got 0"),
        ({"d_ff": 0}, "d_ff must be at least 1, got 0"),
        ({"n_heads": 5}, "n_heads must divide d_model, got 5 heads for 24"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)


def test_inputs_that_do_not_fit_are_refused():
    ids = random_ids(2, 7)
    with pytest.raises(ValueError, match=r"T at most 16, got \(2, 17\)"):
        model()(random_ids(2, 17))
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        model()(random_ids(7))
    with pytest.raises(ValueError, match="got 40"):
        model()(np.array([[3, 40]]))
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        model()(ids, np.ones((2, 6), np.int64))
    with pytest.raises(ValueError, match="token_type_ids must have the shape of ids"):
        model()(ids, None, np.zeros((2, 6), np.int64))
    with pytest.raises(ValueError, match=r"\[0, 2\).*got 2"):
        model()(ids, None, np.full((2, 7), 2))


def test_every_position_sees_every_other():
    bert, ids = lively_model(), random_ids(2, 9)
    before = bert(ids).data
    for position in range(9):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % CONFIG.vocab_size
        assert np.all(np.abs(bert(changed).data - before).max(axis=-1) > 1e-3)


def test_the_order_of_tokens_and_their_segment_matter():
    bert = lively_model()
    forwards, backwards = bert(np.array([[1, 2, 3], [3, 2, 1]])).data
    assert np.abs(forwards - backwards[::-1]).max() > 1e-2
    ids = random_ids(2, 5)
    of_second = bert(ids, None, np.ones((2, 5), np.int64)).data
    assert np.abs(of_second - bert(ids).data).max() > 1e-2
    np.testing.assert_array_equal(bert(ids, None, np.zeros((2, 5), np.int64)).data, bert(ids).data)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_changes_nothing(side: str):
    bert, ids = lively_model(), random_ids(3, 5)
    padding = random_ids(3, 4, seed=1)
    ones, zeros = np.ones((3, 5), np.int64), np.zeros((3, 4), np.int64)
    both = [(padding, zeros), (ids, ones)] if side == "left" else [(ids, ones), (padding, zeros)]
    padded, mask = (np.concatenate(arrays, axis=1) for arrays in zip(*both, strict=True))
    found = bert(padded, mask).data
    own = found[:, 4:] if side == "left" else found[:, :5]
    np.testing.assert_allclose(own, bert(ids).data, rtol=1e-4, atol=1e-5)


def test_the_masked_lm_head_is_tied_to_the_token_embedding():
    bert = lively_model()
    hidden = bert(random_ids(2, 5))
    before = bert.masked_lm_logits(hidden).data.copy()
    bert.token_embedding.weight.data[7] *= 2
    after = bert.masked_lm_logits(hidden).data
    changed = np.flatnonzero(np.abs(after - before).max(axis=(0, 1)) > 1e-4)
    np.testing.assert_array_equal(changed, [7])


def test_the_pooler_reads_the_first_token():
    bert, hidden = lively_model(), lively_model()(random_ids(2, 5))
    hidden.data[:, 1:] = 0
    expected = np.tanh(hidden.data[:, 0] @ bert.pooler.weight.data.T + bert.pooler.bias.data)
    np.testing.assert_allclose(bert.pooled(hidden).data, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("without", "use"),
    [
        ("pooler", lambda bert, hidden: bert.pooled(hidden)),
        ("pooler", lambda bert, hidden: bert.next_sentence_logits(hidden)),
        ("masked_lm", lambda bert, hidden: bert.masked_lm_logits(hidden)),
        ("next_sentence", lambda bert, hidden: bert.next_sentence_logits(hidden)),
    ],
)
def test_a_part_that_is_not_there_cannot_be_used(without: str, use):
    bert = BERT(CONFIG, **{without: False})
    with pytest.raises(ValueError, match=f"no {without}"):
        use(bert, bert(random_ids(2, 5)))


@pytest.mark.parametrize(
    ("config", "millions"),
    [
        (BERTConfig(vocab_size=30522), 110),
        (BERTConfig(vocab_size=30522, d_model=1024, n_layers=24, n_heads=16), 340),
    ],
)
def test_the_published_sizes_have_the_published_number_of_parameters(config: BERTConfig, millions: int):
    with nn.unallocated():
        bert = BERT(config)
    assert bert.num_parameters() / 1e6 == pytest.approx(millions, rel=0.02)


@pytest.mark.parametrize(("d_model", "std"), [(768, 0.02), (192, 0.04)])
def test_weights_start_as_in_bert_and_larger_in_narrower_models(d_model: int, std: float):
    bert = model(BERTConfig(vocab_size=300, n_positions=200, d_model=d_model, n_layers=1, n_heads=4, n_segments=9))
    for name, parameter in bert.named_parameters():
        if name.endswith("bias"):
            assert not parameter.data.any(), name
        elif name.endswith("norm.weight"):
            assert np.all(parameter.data == 1), name
        else:
            assert parameter.data.std() == pytest.approx(std, rel=0.08), name


def test_masked_tokens_of_one_small_batch_are_learnt_by_heart():
    bert, ids, rng = model(), random_ids(4, 12), np.random.default_rng(0)
    masked = rng.random(ids.shape) < 0.3
    inputs, labels = np.where(masked, 39, ids), np.where(masked, ids, IGNORE)
    optimizer, losses = optim.Adam(bert.parameters(), lr=3e-3), []
    for _ in range(80):
        loss = ops.cross_entropy(bert.masked_lm_logits(bert(inputs)), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(40), abs=0.5)
    assert losses[-1] < 0.1
