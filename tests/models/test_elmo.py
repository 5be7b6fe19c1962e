"""ELMo's language model: each direction knows its own side only, padding does not matter, and the layers mix."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import IGNORE, Tensor, nn, ops, optim
from minigrad.gradcheck import gradcheck
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo, LayerMixture, bidirectional_labels, reverse

CONFIG = BiLSTMConfig(vocab_size=30, d_model=12, n_layers=2)


def model(config: BiLSTMConfig = CONFIG) -> BiLSTMLanguageModel:
    return BiLSTMLanguageModel(config, np.random.default_rng(0))


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


def right_padded(*lengths: int) -> np.ndarray:
    return (np.arange(max(lengths)) < np.array(lengths)[:, None]).astype(np.int64)


# -- reversing ------------------------------------------------------------------------------------


def test_reverse_turns_the_tokens_around_and_leaves_the_padding_where_it_is():
    ids = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 0, 0, 0, 0]])
    expected = [[3, 2, 1, 0, 0], [8, 7, 6, 5, 4], [9, 0, 0, 0, 0]]
    np.testing.assert_array_equal(reverse(ids, right_padded(3, 5, 1)), expected)
    np.testing.assert_array_equal(reverse(ids, right_padded(3, 5, 1) == 1), expected)


@given(lengths=st.lists(st.integers(0, 7), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_reversing_twice_gives_the_same_again(lengths: list[int], seed: int):
    attention_mask = right_padded(*lengths)
    states = Tensor(np.random.default_rng(seed).standard_normal((*attention_mask.shape, 3)))
    once = reverse(states, attention_mask)
    np.testing.assert_array_equal(reverse(once, attention_mask).data, states.data)
    for row, length in enumerate(lengths):
        np.testing.assert_array_equal(once.data[row, :length], states.data[row, :length][::-1])


# -- labels ---------------------------------------------------------------------------------------


def test_labels_are_the_next_and_the_previous_token():
    ids = np.array([[1, 2, 3, 0], [4, 5, 6, 7], [8, 0, 0, 0]])
    forward, backward = bidirectional_labels(ids, right_padded(3, 4, 1))
    none = IGNORE
    np.testing.assert_array_equal(forward, [[2, 3, none, none], [5, 6, 7, none], [none] * 4])
    np.testing.assert_array_equal(backward, [[none, 1, 2, none], [none, 4, 5, 6], [none] * 4])


def test_labels_without_a_mask_and_of_unsigned_ids():
    forward, backward = bidirectional_labels(np.array([[1, 2, 3]], np.uint16))
    np.testing.assert_array_equal(forward, [[2, 3, IGNORE]])
    np.testing.assert_array_equal(backward, [[IGNORE, 1, 2]])


def test_a_single_token_has_nothing_to_predict():
    with pytest.raises(ValueError, match="ids must have shape"):
        bidirectional_labels(random_ids(2, 1))


# -- the language model ---------------------------------------------------------------------------


def test_shapes_of_layers_and_logits():
    layers = model(replace(CONFIG, n_layers=3)).layers(random_ids(3, 7))
    assert [layer.shape for layer in layers] == [(3, 7, 24)] * 4
    assert [layer.dtype for layer in layers] == [np.float32] * 4
    assert [logits.shape for logits in model()(random_ids(3, 7))] == [(3, 7, 30)] * 2
    assert model().loss(random_ids(3, 7)).shape == ()


@pytest.mark.parametrize("name", ["vocab_size", "d_model", "n_layers"])
def test_a_config_that_makes_no_sense_is_refused(name: str):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        replace(CONFIG, **{name: 0})


def test_the_token_layer_is_the_embedding_twice():
    lm, ids = model(), random_ids(2, 5)
    token_layer = lm.layers(ids, right_padded(5, 3))[0].data
    embeddings = lm.token_embedding.weight.data[ids]
    np.testing.assert_array_equal(token_layer, np.concatenate([embeddings, embeddings], axis=-1))


def test_the_first_layer_reads_the_embeddings_and_each_other_adds_to_what_it_reads():
    lm = model(replace(CONFIG, n_layers=3))
    (tokens, first, second, third), _ = lm.directions(random_ids(2, 6))
    lstms = [lambda x, lstm=lstm: lstm(x)[0].data for lstm in lm.forward_lstms]
    np.testing.assert_array_equal(first.data, lstms[0](tokens))
    np.testing.assert_array_equal(second.data, first.data + lstms[1](first))
    np.testing.assert_array_equal(third.data, second.data + lstms[2](second))


def test_the_backward_model_is_a_forward_model_of_the_reversed_text():
    lm, ids, attention_mask = model(), random_ids(3, 6), right_padded(6, 4, 1)
    _, backward = lm.directions(ids, attention_mask)
    lm.forward_lstms, lm.backward_lstms = lm.backward_lstms, lm.forward_lstms
    forward, _ = lm.directions(reverse(ids, attention_mask))
    for one, other in zip(backward, forward, strict=True):
        np.testing.assert_array_equal(reverse(one, attention_mask).data, other.data)


def test_no_layer_of_a_direction_knows_the_other_side():
    lm, ids = model(), random_ids(2, 8)
    forward, backward = lm.directions(ids)
    for position in range(8):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % CONFIG.vocab_size
        new_forward, new_backward = lm.directions(changed)
        for layer in range(1, CONFIG.n_layers + 1):
            is_changed = np.any(np.abs(new_forward[layer].data - forward[layer].data) > 1e-7, axis=(0, 2))
            np.testing.assert_array_equal(is_changed, np.arange(8) >= position)
            is_changed = np.any(np.abs(new_backward[layer].data - backward[layer].data) > 1e-7, axis=(0, 2))
            np.testing.assert_array_equal(is_changed, np.arange(8) <= position)


def test_no_logits_depend_on_the_token_that_they_predict():
    lm, ids = model(), random_ids(2, 8)
    forward, backward = lm(ids)
    for position in range(8):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % CONFIG.vocab_size
        new_forward, new_backward = lm(changed)
        np.testing.assert_array_equal(new_forward.data[:, :position], forward.data[:, :position])
        np.testing.assert_array_equal(new_backward.data[:, position + 1 :], backward.data[:, position + 1 :])


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.uint8])
def test_padding_in_a_batch_changes_no_layer_and_no_logits(dtype):
    lm, ids, lengths = model(), random_ids(3, 9), (4, 9, 1)
    attention_mask = right_padded(*lengths).astype(dtype)
    together = [*lm.layers(ids, attention_mask), *lm(ids, attention_mask)]
    for row, length in enumerate(lengths):
        alone = [*lm.layers(ids[row : row + 1, :length]), *lm(ids[row : row + 1, :length])]
        for one, of_batch in zip(alone, together, strict=True):
            np.testing.assert_allclose(one.data[0], of_batch.data[row, :length], rtol=1e-5, atol=1e-6)


def test_padding_carries_no_loss_and_no_gradient():
    lm, lengths = model(), (4, 6, 2)
    ids, attention_mask, padding = random_ids(3, 6) % 29, right_padded(*lengths), 29
    loss = lm.loss(np.where(attention_mask == 1, ids, padding), attention_mask)
    alone = [lm.loss(ids[row : row + 1, :length]).item() for row, length in enumerate(lengths)]
    assert loss.item() == pytest.approx(np.average(alone, weights=np.array(lengths) - 1), rel=1e-5)

    lm = model()
    states = lm.layers(np.where(attention_mask == 1, ids, padding), attention_mask)
    (states[-1] * attention_mask[..., None].astype(np.float32)).sum().backward()
    assert not lm.token_embedding.weight.grad[padding].any()
    assert lm.token_embedding.weight.grad[ids[0, 0]].any()


def test_padding_before_a_token_and_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="pad sequences on the right"):
        model().layers(random_ids(2, 3), np.array([[1, 1, 1], [0, 1, 1]]))
    with pytest.raises(ValueError, match="pad sequences on the right"):
        model()(random_ids(1, 3), np.array([[True, False, True]]))
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        model().layers(random_ids(2, 3), np.ones((2, 4), np.int64))
    with pytest.raises(ValueError, match="ids must have shape"):
        model().layers(random_ids(3))


def test_the_loss_adds_both_directions_and_starts_at_a_guess():
    lm, ids, attention_mask = model(), random_ids(8, 16), right_padded(*range(9, 17))
    labels = bidirectional_labels(ids, attention_mask)
    losses = [ops.cross_entropy(*pair).item() for pair in zip(lm(ids, attention_mask), labels, strict=True)]
    assert lm.loss(ids, attention_mask).item() == pytest.approx(sum(losses), rel=1e-6)
    assert losses == pytest.approx([np.log(CONFIG.vocab_size)] * 2, abs=0.1)


@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_directions_share_the_embedding_which_is_the_output_layer_too(n_layers: int):
    lm, layer = model(replace(CONFIG, n_layers=n_layers)), 4 * 12 * (12 + 12 + 1)
    assert lm.num_parameters() == 30 * 12 + 2 * n_layers * layer
    ids = random_ids(1, 4)
    for states, logits in zip(lm.directions(ids), lm(ids), strict=True):
        expected = states[-1].data @ lm.token_embedding.weight.data.T
        np.testing.assert_allclose(logits.data, expected, rtol=1e-4, atol=1e-5)


def test_every_gradient_of_the_loss_agrees_with_finite_differences():
    lm, ids, attention_mask = model(BiLSTMConfig(7, d_model=3)), random_ids(3, 5) % 7, right_padded(5, 3, 1)

    def loss(*arrays: Tensor) -> Tensor:
        put_in(lm, names, arrays)
        return lm.loss(ids, attention_mask)

    names = [name for name, _ in lm.named_parameters()]
    gradcheck(loss, [array.astype(np.float64) for array in lm.state_dict().values()], directions=2)


def put_in(module: nn.Module, names: list[str], tensors: tuple[Tensor, ...]) -> None:
    """Tensors in place of a module's parameters of these names."""
    modules = dict(module.named_modules())
    for name, tensor in zip(names, tensors, strict=True):
        path, _, attribute = name.rpartition(".")
        setattr(modules[path], attribute, tensor)


def test_counting_is_learnt_from_both_sides():
    """Each text counts on from a random start, so only the first token that a direction reads is a surprise."""
    lm, rng = model(), np.random.default_rng(0)
    optimizer = optim.Adam(lm.parameters(), lr=2e-2)
    for _ in range(80):
        ids, attention_mask = counting(rng)
        loss = lm.loss(ids, attention_mask)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    ids, attention_mask = counting(rng)
    for logits, labels in zip(lm(ids, attention_mask), bidirectional_labels(ids, attention_mask), strict=True):
        assert ops.cross_entropy(logits, labels).item() < 0.1


def counting(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    ids = (rng.integers(CONFIG.vocab_size, size=(16, 1)) + np.arange(7)) % CONFIG.vocab_size
    return ids, right_padded(7, *rng.integers(2, 8, size=15))


def test_a_model_takes_its_weights_from_the_generator_it_is_handed():
    minigrad.manual_seed(0)
    first = model().state_dict()
    minigrad.manual_seed(1)
    second = model().state_dict()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
    other = BiLSTMLanguageModel(CONFIG, np.random.default_rng(1)).state_dict()
    assert not any(np.array_equal(array, other[name]) for name, array in first.items())


def test_dropout_acts_on_the_embeddings_and_on_the_outputs_of_each_layer(monkeypatch):
    seen = []
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: seen.append((self.p, x.data)) or x)
    lm, ids = model(replace(CONFIG, dropout=0.5)), random_ids(2, 7)
    (tokens, first, second), _ = lm.directions(ids)
    assert [p for p, _ in seen] == [0.5] * 6
    for (_, found), expected in zip(seen, [tokens.data, first.data, second.data - first.data], strict=False):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


# -- the mixture and the vectors ------------------------------------------------------------------


def test_a_new_mixture_is_the_mean_of_the_layers():
    layers = np.random.default_rng(0).standard_normal((3, 2, 4, 6)).astype(np.float32)
    np.testing.assert_allclose(LayerMixture(3)(list(map(Tensor, layers))).data, layers.mean(axis=0), atol=1e-6)


def test_a_mixture_is_gamma_times_the_layers_weighted_by_the_softmax_of_the_scores():
    mixture = LayerMixture(2)
    mixture.scores.data, mixture.gamma.data = np.log([1.0, 3.0]), np.array([10.0])
    mixed = mixture([Tensor(np.array([[4.0, 8.0]])), Tensor(np.array([[0.0, 4.0]]))])
    np.testing.assert_allclose(mixed.data, [[10.0, 50.0]])


def test_a_mixture_of_another_number_of_layers_is_refused():
    with pytest.raises(ValueError, match="layers must be 3 tensors, got 2"):
        LayerMixture(3)([Tensor(np.ones(2))] * 2)


def test_the_gradients_of_a_mixture_agree_with_finite_differences():
    mixture, rng = LayerMixture(3), np.random.default_rng(0)

    def mix(scores: Tensor, gamma: Tensor, *layers: Tensor) -> Tensor:
        put_in(mixture, ["scores", "gamma"], (scores, gamma))
        return mixture(list(layers))

    gradcheck(mix, [rng.standard_normal(3), rng.standard_normal(1), *rng.standard_normal((3, 2, 4, 5))])


def test_a_frozen_language_model_gets_no_gradient_and_draws_no_dropout():
    elmo, ids = ELMo(model(replace(CONFIG, dropout=0.5))), random_ids(2, 5)
    attention_mask = right_padded(5, 3)
    elmo.train()
    vectors = elmo(ids, attention_mask)
    assert vectors.shape == (2, 5, elmo.d_vector) == (2, 5, 24)
    expected = elmo.mixture(model().layers(ids, attention_mask))
    np.testing.assert_array_equal(vectors.data, expected.data)
    (vectors * vectors).sum().backward()
    assert {name for name, p in elmo.named_parameters() if p.grad is not None} == {"mixture.scores", "mixture.gamma"}


def test_a_language_model_that_is_not_frozen_is_trained_and_draws_dropout():
    elmo, ids = ELMo(model(replace(CONFIG, dropout=0.5)), frozen=False), random_ids(2, 5)
    vectors = elmo(ids)
    assert not np.array_equal(vectors.data, elmo(ids).data)
    (vectors * vectors).sum().backward()
    assert all(np.any(parameter.grad) for parameter in elmo.parameters())
