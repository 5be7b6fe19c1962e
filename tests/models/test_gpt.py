"""GPT: shapes, causality, padding, tied weights, its size by formula, its start, and that it learns."""

from dataclasses import replace

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, ops, optim
from models.gpt import GPT, GPTConfig
from models.objectives.causal_lm import causal_lm

CONFIG = GPTConfig(vocab_size=40, n_positions=16, d_model=24, n_layers=2, n_heads=3)


def model(config: GPTConfig = CONFIG, seed: int = 0) -> GPT:
    return GPT(config, np.random.default_rng(seed))


def lively_model() -> GPT:
    """A model with large random weights, whose every part changes the output."""
    gpt, rng = model(), np.random.default_rng(1)
    for parameter in gpt.parameters():
        parameter.data[...] += 0.3 * rng.standard_normal(parameter.shape, dtype=np.float32)
    return gpt


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


def weights_by_formula(config: GPTConfig) -> int:
    """(V + P) D for the embeddings, a layer's attention, feed-forward and two norms, and the final norm."""
    d, d_ff = config.d_model, config.d_ff or 4 * config.d_model
    attention, feed_forward = 4 * (d * d + d), 2 * d * d_ff + d_ff + d
    layer = attention + feed_forward + 2 * 2 * d
    return (config.vocab_size + config.n_positions) * d + config.n_layers * layer + 2 * d


def test_shapes_of_logits_and_hidden_states():
    assert model()(random_ids(3, 7)).shape == (3, 7, 40)
    assert model().hidden_states(random_ids(3, 7)).shape == (3, 7, 24)
    assert model()(random_ids(3, 7)).dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"n_positions": 0}, "n_positions must be at least 1, got 0"),
        ({"d_model": 0}, "d_model must be at least 1, got 0"),
        ({"n_layers": -1}, "n_layers must be at least 1, got -1"),
        ({"n_heads": 0}, "n_heads must be at least 1, got 0"),
        ({"d_ff": 0}, "d_ff must be at least 1, got 0"),
        ({"n_heads": 5}, "n_heads must divide d_model, got 5 heads for 24"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)


def test_ids_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"T at most 16, got \(2, 17\)"):
        model()(random_ids(2, 17))
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        model()(random_ids(7))
    with pytest.raises(ValueError, match="got 40"):
        model()(np.array([[3, 40]]))
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        model()(random_ids(2, 7), np.ones((2, 6), np.int64))


def test_a_later_token_changes_nothing_before_it():
    gpt, ids = lively_model(), random_ids(2, 9)
    before = gpt(ids).data
    for position in range(9):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % CONFIG.vocab_size
        after = gpt(changed).data
        np.testing.assert_array_equal(after[:, :position], before[:, :position])
        assert np.all(np.abs(after[:, position:] - before[:, position:]).max(axis=-1) > 1e-3)


def test_the_order_of_earlier_tokens_matters():
    gpt = lively_model()
    logits = gpt(np.array([[1, 2, 3], [2, 1, 3]])).data[:, -1]
    assert np.abs(logits[0] - logits[1]).max() > 1e-2


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_changes_neither_logits_nor_gradients(side: str):
    gpt, ids = lively_model(), random_ids(2, 7)
    inputs, labels = causal_lm(ids)
    logits = gpt(inputs)
    ops.cross_entropy(logits, labels).backward()
    expected = gradients(gpt)
    gpt.zero_grad()

    padding, length = random_ids(2, 5, seed=1), ids.shape[1]
    parts = [padding, ids] if side == "left" else [ids, padding]
    attention_mask = np.concatenate([np.zeros_like(padding), np.ones_like(ids)], axis=1)
    attention_mask = attention_mask if side == "left" else attention_mask[:, ::-1]
    inputs, labels = causal_lm(np.concatenate(parts, axis=1), attention_mask)
    padded = gpt(inputs, attention_mask[:, :-1])
    ops.cross_entropy(padded, labels).backward()
    start = 5 if side == "left" else 0
    np.testing.assert_allclose(padded.data[:, start : start + length - 1], logits.data, rtol=1e-4, atol=1e-5)
    assert gradients(gpt).keys() == expected.keys() == dict(gpt.named_parameters()).keys()
    for name, gradient in gradients(gpt).items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_output_layer_is_the_token_embedding():
    gpt = model()
    names = [name for name, parameter in gpt.named_parameters() if CONFIG.vocab_size in parameter.shape]
    assert names == ["token_embedding.weight"]
    states = gpt.hidden_states(random_ids(1, 4)).data
    np.testing.assert_allclose(
        gpt(random_ids(1, 4)).data, states @ gpt.token_embedding.weight.data.T, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("config", [CONFIG, replace(CONFIG, d_ff=7, n_layers=3), replace(CONFIG, n_heads=1)])
def test_the_number_of_weights_is_what_the_formula_says(config: GPTConfig):
    assert model(config).num_parameters() == weights_by_formula(config)


def test_the_default_config_is_gpt2_small():
    assert weights_by_formula(GPTConfig(vocab_size=50257)) == 124_439_808


@pytest.mark.parametrize(("d_model", "std"), [(768, 0.02), (192, 0.04), (48, 0.08)])
def test_weights_start_as_in_gpt2_and_larger_in_narrower_models(d_model: int, std: float):
    gpt = model(GPTConfig(vocab_size=300, n_positions=200, d_model=d_model, n_layers=2, n_heads=4))
    writes_to_stream = std / 2  # by sqrt(2 · n_layers)
    for name, parameter in gpt.named_parameters():
        layer, kind = name.split(".")[-2:]
        if kind == "bias":
            assert not parameter.data.any(), name
        elif layer.endswith("norm"):
            assert np.all(parameter.data == 1), name
        else:
            expected = writes_to_stream if layer in ("out", "down") else std
            assert parameter.data.std() == pytest.approx(expected, rel=0.05), name


def test_an_untrained_model_guesses_all_tokens_about_alike():
    ids = random_ids(8, 16)
    inputs, labels = causal_lm(ids)
    loss = ops.cross_entropy(model()(inputs), labels).item()
    assert loss == pytest.approx(np.log(CONFIG.vocab_size), abs=0.3)


def test_one_small_batch_is_learnt_by_heart():
    gpt, ids = model(), random_ids(4, 12)
    losses = fit(gpt, ids, steps=60)
    assert losses[0] > 3.5
    assert losses[-1] < 0.1


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    def trained(seed: int) -> GPT:
        minigrad.manual_seed(seed)
        gpt = GPT(replace(CONFIG, dropout=0.1))
        fit(gpt, random_ids(4, 12), steps=3)
        return gpt

    first, again, other = trained(5), trained(5), trained(6)
    for name, parameter in first.named_parameters():
        assert parameter.data.tobytes() == dict(again.named_parameters())[name].data.tobytes(), name
    assert not np.array_equal(first.token_embedding.weight.data, other.token_embedding.weight.data)


def test_a_model_takes_its_weights_from_the_generator_it_is_handed():
    minigrad.manual_seed(0)
    first = GPT(CONFIG, np.random.default_rng(3)).state_dict()
    minigrad.manual_seed(1)
    second = GPT(CONFIG, np.random.default_rng(3)).state_dict()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_dropout_acts_on_the_embeddings_and_on_both_halves_of_each_block(monkeypatch):
    seen = []
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: seen.append((self.p, x.data)) or x)
    gpt, ids = model(replace(CONFIG, dropout=0.5)), random_ids(2, 7)
    gpt(ids)
    assert [p for p, _ in seen] == [0.5] * (1 + 2 * CONFIG.n_layers)
    embeddings = gpt.token_embedding.weight.data[ids] + gpt.position_embedding.weight.data[:7]
    np.testing.assert_allclose(seen[0][1], embeddings, rtol=1e-5, atol=1e-6)
    stream = Tensor(sum(x for _, x in seen))  # all that is ever written to the residual stream
    np.testing.assert_allclose(gpt.hidden_states(ids).data, gpt.final_norm(stream).data, rtol=1e-3, atol=1e-4)


def test_dropout_acts_in_training_only():
    gpt, ids = model(replace(CONFIG, dropout=0.5)), random_ids(2, 7)
    assert not np.array_equal(gpt(ids).data, gpt(ids).data)
    gpt.eval()
    np.testing.assert_array_equal(gpt(ids).data, gpt(ids).data)


def gradients(gpt: GPT) -> dict[str, np.ndarray]:
    """The gradient of every weight that has one, by name."""
    return {name: parameter.grad for name, parameter in gpt.named_parameters() if parameter.grad is not None}


def fit(gpt: GPT, ids: np.ndarray, steps: int) -> list[float]:
    """Train on one batch, again and again; the loss before each step."""
    inputs, labels = causal_lm(ids)
    optimizer, losses = optim.Adam(gpt.parameters(), lr=1e-2), []
    for _ in range(steps):
        loss: Tensor = ops.cross_entropy(gpt(inputs), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses
