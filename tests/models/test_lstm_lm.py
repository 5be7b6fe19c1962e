"""The LSTM language model: the same behaviour as GPT's, but for padding, which may stand on the right only."""

from dataclasses import replace

import numpy as np
import pytest

import minigrad
from minigrad import nn, ops, optim
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.objectives.causal_lm import causal_lm

CONFIG = LSTMConfig(vocab_size=30, d_model=20, n_layers=2)


def model(config: LSTMConfig = CONFIG) -> LSTMLanguageModel:
    return LSTMLanguageModel(config, np.random.default_rng(0))


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


def test_shapes_of_logits_and_hidden_states():
    assert model()(random_ids(3, 7)).shape == (3, 7, 30)
    assert model().hidden_states(random_ids(3, 7)).shape == (3, 7, 20)
    assert model()(random_ids(3, 7)).dtype == np.float32


@pytest.mark.parametrize("name", ["vocab_size", "d_model", "n_layers"])
def test_a_config_that_makes_no_sense_is_refused(name: str):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        replace(CONFIG, **{name: 0})


def test_a_later_token_changes_nothing_before_it():
    lstm, ids = model(), random_ids(2, 9)
    before = lstm(ids).data
    for position in range(9):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % CONFIG.vocab_size
        after = lstm(changed).data
        np.testing.assert_array_equal(after[:, :position], before[:, :position])
        assert np.all(np.abs(after[:, position:] - before[:, position:]).max(axis=-1) > 1e-6)


def test_padding_on_the_right_changes_nothing():
    lstm, ids = model(), random_ids(2, 7)
    padded = np.concatenate([ids, random_ids(2, 4, seed=1)], axis=1)
    attention_mask = np.arange(11)[None] < np.full((2, 1), 7)
    np.testing.assert_allclose(lstm(padded, attention_mask).data[:, :7], lstm(ids).data, rtol=1e-5, atol=1e-6)


def test_padding_before_a_token_is_refused():
    with pytest.raises(ValueError, match="pad sequences on the right"):
        model()(random_ids(2, 3), np.array([[1, 1, 1], [0, 1, 1]]))
    with pytest.raises(ValueError, match="pad sequences on the right"):
        model()(random_ids(1, 3), np.array([[True, False, True]]))


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        model()(random_ids(2, 3), np.ones((2, 4), np.int64))


def test_the_output_layer_is_the_token_embedding():
    lstm = model()
    names = [name for name, parameter in lstm.named_parameters() if CONFIG.vocab_size in parameter.shape]
    assert names == ["token_embedding.weight"]
    states = lstm.hidden_states(random_ids(1, 4)).data
    np.testing.assert_allclose(
        lstm(random_ids(1, 4)).data, states @ lstm.token_embedding.weight.data.T, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_number_of_weights_is_what_the_formula_says(n_layers: int):
    layer = 4 * 20 * (20 + 20 + 1)
    assert model(replace(CONFIG, n_layers=n_layers)).num_parameters() == 30 * 20 + n_layers * layer


def test_an_untrained_model_guesses_all_tokens_about_alike():
    inputs, labels = causal_lm(random_ids(8, 16))
    assert ops.cross_entropy(model()(inputs), labels).item() == pytest.approx(np.log(CONFIG.vocab_size), abs=0.1)


def test_one_small_batch_is_learnt_by_heart():
    losses = fit(model(), random_ids(4, 10), steps=120)
    assert losses[0] > 3
    assert losses[-1] < 0.1


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    def trained(seed: int) -> LSTMLanguageModel:
        minigrad.manual_seed(seed)
        lstm = LSTMLanguageModel(replace(CONFIG, dropout=0.1))
        fit(lstm, random_ids(4, 10), steps=3)
        return lstm

    first, again, other = trained(5), trained(5), trained(6)
    for name, parameter in first.named_parameters():
        assert parameter.data.tobytes() == dict(again.named_parameters())[name].data.tobytes(), name
    assert not np.array_equal(first.token_embedding.weight.data, other.token_embedding.weight.data)


def test_a_model_takes_its_weights_from_the_generator_it_is_handed():
    minigrad.manual_seed(0)
    first = model().state_dict()
    minigrad.manual_seed(1)
    second = model().state_dict()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_dropout_acts_on_the_embeddings_and_on_the_outputs(monkeypatch):
    seen = []
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: seen.append((self.p, x.data)) or x)
    lstm, ids = model(replace(CONFIG, dropout=0.5)), random_ids(2, 7)
    states = lstm.hidden_states(ids)
    assert [p for p, _ in seen] == [0.5, 0.5]
    np.testing.assert_array_equal(seen[0][1], lstm.token_embedding.weight.data[ids])
    np.testing.assert_array_equal(seen[1][1], states.data)


def test_dropout_acts_in_training_only():
    lstm, ids = model(replace(CONFIG, dropout=0.5)), random_ids(2, 7)
    assert not np.array_equal(lstm(ids).data, lstm(ids).data)
    lstm.eval()
    np.testing.assert_array_equal(lstm(ids).data, lstm(ids).data)


def fit(lstm: LSTMLanguageModel, ids: np.ndarray, steps: int) -> list[float]:
    """Train on one batch, again and again; the loss before each step."""
    inputs, labels = causal_lm(ids)
    optimizer, losses = optim.Adam(lstm.parameters(), lr=2e-2), []
    for _ in range(steps):
        loss = ops.cross_entropy(lstm(inputs), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses
