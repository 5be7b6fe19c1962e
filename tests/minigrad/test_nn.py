"""The layers: shapes, starts, and what each must and must not depend on."""

import numpy as np
import pytest

from minigrad import Tensor, manual_seed, nn


def draw(*shape: int, seed: int = 0) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


LAYERS = {
    "Linear": (lambda g: nn.Linear(4, 3, generator=g), (2, 5, 4), (2, 5, 3)),
    "LayerNorm": (lambda g: nn.LayerNorm(4), (2, 5, 4), (2, 5, 4)),
    "RMSNorm": (lambda g: nn.RMSNorm(4), (2, 5, 4), (2, 5, 4)),
    "MultiHeadAttention": (lambda g: nn.MultiHeadAttention(4, 2, generator=g), (2, 5, 4), (2, 5, 4)),
    "Dropout": (lambda g: nn.Dropout(0.5, g), (2, 5), (2, 5)),
    "ReLU": (lambda g: nn.ReLU(), (2, 5), (2, 5)),
    "Tanh": (lambda g: nn.Tanh(), (2, 5), (2, 5)),
    "GELU": (lambda g: nn.GELU(), (2, 5), (2, 5)),
    "GELUTanh": (lambda g: nn.GELUTanh(), (2, 5), (2, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_its_shape_in_float32_and_every_parameter_a_gradient(name: str):
    build, shape_in, shape_out = LAYERS[name]
    layer = build(np.random.default_rng(1))
    x = draw(*shape_in)
    x.requires_grad = True
    out = layer(x)
    assert out.shape == shape_out
    assert out.dtype == np.float32
    out.backward(draw(*shape_out, seed=1))
    for tensor in [x, *layer.parameters()]:
        assert tensor.grad.shape == tensor.shape
        assert np.abs(tensor.grad).max() > 0


@pytest.mark.parametrize("build", [LAYERS["Linear"][0], LAYERS["MultiHeadAttention"][0]])
def test_a_generator_that_is_passed_is_drawn_from_instead_of_the_librarys(build):
    first, second = build(np.random.default_rng(3)), build(np.random.default_rng(3))
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    third = build(None)
    assert not np.array_equal(first.parameters()[0].data, third.parameters()[0].data)


def test_linear_starts_uniform_within_the_inverse_root_of_its_inputs():
    layer = nn.Linear(16, 200)
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= 0.25
        assert abs(parameter.data.std() - 0.5 / np.sqrt(12)) < 0.02
    assert layer.weight.shape == (200, 16)
    assert nn.Linear(16, 2, bias=False).bias is None


def test_linear_names_the_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"x \(\.\.\., 4\) .* got x \(2, 3\)"):
        nn.Linear(4, 1)(draw(2, 3))


def test_embedding_looks_rows_up_and_starts_standard_normal():
    table = nn.Embedding(1000, 8)
    ids = np.array([[3, 999], [3, 0]])
    np.testing.assert_array_equal(table(ids).data, table.weight.data[ids])
    assert abs(table.weight.data.std() - 1) < 0.05


@pytest.mark.parametrize("ids", [[7], [-1]])
def test_embedding_refuses_ids_outside_of_the_table(ids: list[int]):
    with pytest.raises(ValueError, match=rf"\[0, 7\).* got {ids[0]}"):
        nn.Embedding(7, 2)(np.array(ids))


def test_embedding_refuses_ids_that_are_not_integers():
    with pytest.raises(TypeError, match="integers"):
        nn.Embedding(7, 2)(np.array([1.0]))


def test_norms_start_by_only_normalising():
    x = Tensor(5 + 3 * draw(6, 64).data)
    normed = nn.LayerNorm(64)(x).data
    np.testing.assert_allclose(normed.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(normed.var(axis=-1), 1, rtol=1e-4)
    scaled = nn.RMSNorm(64)(x).data
    np.testing.assert_allclose((scaled**2).mean(axis=-1), 1, rtol=1e-4)
    np.testing.assert_allclose(scaled / x.data, np.broadcast_to((scaled / x.data)[:, :1], x.shape), rtol=1e-5)


@pytest.mark.parametrize("norm", [nn.LayerNorm, nn.RMSNorm])
def test_norms_scale_the_result_and_refuse_another_width(norm):
    layer = norm(4)
    x = draw(2, 4)
    before = layer(x).data
    layer.weight.data *= 2
    np.testing.assert_allclose(layer(x).data, 2 * before, rtol=1e-6)
    with pytest.raises(ValueError, match=r"weight must have the shape of x's last axis, \(5,\), got \(4,\)"):
        layer(draw(2, 5))


def test_dropout_zeroes_a_share_and_scales_the_rest_while_training_only():
    x = Tensor(np.full((200, 200), 3.0, np.float32))
    layer = nn.Dropout(0.25, np.random.default_rng(0))
    out = layer(x).data
    np.testing.assert_allclose(np.unique(out), [0, 4], rtol=1e-6)
    assert abs((out == 0).mean() - 0.25) < 0.01
    assert layer.eval()(x) is x
    assert nn.Dropout(0.0)(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_dropout_refuses_what_is_no_probability_below_one(p: float):
    with pytest.raises(ValueError, match="p must be a finite number at least 0 and below 1"):
        nn.Dropout(p)


def test_dropout_draws_a_new_mask_each_time():
    manual_seed(0)
    x, layer = Tensor(np.ones(100, np.float32)), nn.Dropout(0.5)
    first, second = layer(x).data, layer(x).data
    assert not np.array_equal(first, second)


def test_dropout_passes_gradients_where_it_passed_values():
    x = Tensor(np.ones(100, np.float32), requires_grad=True)
    out = nn.Dropout(0.5)(x)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, out.data)


# -- LSTM ---------------------------------------------------------------------------------------


def test_lstm_gives_the_top_layers_outputs_and_every_layers_final_state():
    lstm = nn.LSTM(3, 5, n_layers=2)
    outputs, state = lstm(draw(2, 4, 3))
    assert outputs.shape == (2, 4, 5)
    assert [(h.shape, c.shape) for h, c in state] == [((2, 5), (2, 5))] * 2
    np.testing.assert_array_equal(outputs.data[:, -1], state[1][0])
    assert [layer.weight_ih.shape for layer in lstm.layers] == [(20, 3), (20, 5)]


def test_lstm_continues_from_a_state_as_if_it_had_never_stopped():
    lstm = nn.LSTM(3, 5, n_layers=2)
    x = draw(2, 7, 3)
    whole, final = lstm(x)
    first, state = lstm(x[:, :4])
    second, end = lstm(x[:, 4:], state)
    np.testing.assert_allclose(np.concatenate([first.data, second.data], axis=1), whole.data, rtol=1e-5, atol=1e-6)
    for (h, c), (h_end, c_end) in zip(final, end, strict=True):
        np.testing.assert_allclose(h, h_end, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(c, c_end, rtol=1e-5, atol=1e-6)


def test_lstm_does_not_look_ahead():
    lstm = nn.LSTM(3, 5)
    x = draw(1, 6, 3)
    changed = x.data.copy()
    changed[:, 4:] += 1
    np.testing.assert_array_equal(lstm(x)[0].data[:, :4], lstm(Tensor(changed))[0].data[:, :4])


def test_lstm_starts_with_open_forget_gates():
    layer = nn.LSTM(3, 5).layers[0]
    np.testing.assert_array_equal(layer.bias.data[5:10], 1)
    others = np.concatenate([layer.bias.data[:5], layer.bias.data[10:]])
    assert np.abs(others).max() <= 5**-0.5
    assert len(np.unique(others)) > 1


def test_lstm_names_the_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"lstm needs x \(B, T, D\).*got x \(2, 4, 7\)"):
        nn.LSTM(3, 5)(draw(2, 4, 7))


# -- attention ----------------------------------------------------------------------------------


def attention() -> nn.MultiHeadAttention:
    return nn.MultiHeadAttention(8, 2, generator=np.random.default_rng(0))


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="n_heads must divide d_model, got 3 heads for 8"):
        nn.MultiHeadAttention(8, 3)


def test_causal_attention_does_not_depend_on_what_comes_later():
    layer, x = attention(), draw(1, 6, 8)
    changed = x.data.copy()
    changed[:, 4:] += 1
    ours, theirs = (layer(Tensor(data), causal=True).data for data in (x.data, changed))
    np.testing.assert_allclose(ours[:, :4], theirs[:, :4], rtol=1e-5, atol=1e-6)
    assert np.abs(ours[:, 4:] - theirs[:, 4:]).min(axis=-1).max() > 1e-4
    free, free_changed = (layer(Tensor(data)).data for data in (x.data, changed))
    assert np.abs(free[:, :4] - free_changed[:, :4]).max() > 1e-3


def test_masked_positions_are_not_attended_to():
    layer, x = attention(), draw(2, 5, 8)
    mask = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]])
    changed = x.data.copy()
    changed[mask == 0] += 10
    ours, theirs = (layer(Tensor(data), mask=mask).data for data in (x.data, changed))
    np.testing.assert_allclose(ours[mask == 1], theirs[mask == 1], rtol=1e-5, atol=1e-6)
    alone = layer(x[:1, :3]).data
    np.testing.assert_allclose(ours[:1, :3], alone, rtol=1e-5, atol=1e-6)


def test_attention_from_a_context_takes_keys_and_values_from_there():
    layer, x, context = attention(), draw(2, 3, 8), draw(2, 5, 8, seed=1)
    assert layer(x, context).shape == (2, 3, 8)
    np.testing.assert_array_equal(layer(x, x).data, layer(x).data)
    assert np.abs(layer(x, context).data - layer(x).data).max() > 1e-3
    order = np.array([4, 2, 0, 1, 3])  # a context is a set: its order says nothing
    shuffled = layer(x, Tensor(context.data[:, order])).data
    np.testing.assert_allclose(layer(x, context).data, shuffled, rtol=1e-5, atol=1e-6)


def test_heads_work_in_spaces_of_their_own():
    layer, x = attention(), draw(1, 4, 8)
    layer.out.weight.data[...] = np.eye(8)
    before = layer(x).data
    layer.v.weight.data[4:] *= -2  # the second head's values
    layer.k.weight.data[4:] += 1  # and keys
    after = layer(x).data
    np.testing.assert_array_equal(before[..., :4], after[..., :4])
    assert np.abs(before[..., 4:] - after[..., 4:]).min() > 1e-4


def test_attention_names_a_mask_that_does_not_fit():
    with pytest.raises(ValueError, match=r"mask must have shape \(B, S\) = \(2, 5\)"):
        attention()(draw(2, 5, 8), mask=np.ones((2, 4)))


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda n: nn.Linear(n, 2), "in_features"),
        (lambda n: nn.Linear(2, n), "out_features"),
        (lambda n: nn.Embedding(n, 2), "num_embeddings"),
        (lambda n: nn.Embedding(2, n), "embedding_dim"),
        (lambda n: nn.LayerNorm(n), "width"),
        (lambda n: nn.RMSNorm(n), "width"),
        (lambda n: nn.LSTMLayer(n, 2), "input_size"),
        (lambda n: nn.LSTMLayer(2, n), "hidden_size"),
        (lambda n: nn.LSTM(n, 2), "input_size"),
        (lambda n: nn.LSTM(2, n), "hidden_size"),
        (lambda n: nn.LSTM(2, 2, n), "n_layers"),
        (lambda n: nn.MultiHeadAttention(n, 2), "d_model"),
        (lambda n: nn.MultiHeadAttention(8, n), "n_heads"),
        (lambda n: nn.MultiHeadAttention(8, 2, head_size=n), "head_size"),
    ],
)
def test_sizes_are_whole_numbers_from_one(build, name: str):
    for value in (0, -1):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got {value}"):
            build(value)
    for value in (2.0, float("nan"), "2", True):
        with pytest.raises(TypeError, match=f"{name} must be an integer, got {value!r}"):
            build(value)
    build(np.int64(4))


@pytest.mark.parametrize("layer", [nn.LayerNorm, nn.RMSNorm])
@pytest.mark.parametrize(
    ("eps", "error"), [(-1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError), (None, TypeError)]
)
def test_an_eps_that_makes_nan_is_refused(layer, eps, error: type[Exception]):
    with pytest.raises(error, match="eps must be a"):
        layer(3, eps)
    assert layer(3, 0).eps == 0


@pytest.mark.parametrize("modules", [[nn.Linear], [[nn.Linear(2, 2)]], [None], [nn.Linear(2, 2).weight]])
def test_a_list_of_modules_holds_modules(modules):
    for build in (nn.ModuleList, lambda modules: nn.Sequential(*modules)):
        with pytest.raises(TypeError, match=r"modules\[0\] must be a Module, got"):
            build(modules)
