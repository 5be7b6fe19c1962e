"""Modules: how parameters and submodules are found, named, saved and switched."""

import numpy as np
import pytest

from minigrad import Tensor, nn
from minigrad.errors import InPlaceError


class Block(nn.Module):
    def __init__(self) -> None:
        self.scale = nn.Parameter(np.ones(2, np.float32))
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * self.scale


class Model(nn.Module):
    def __init__(self) -> None:
        self.blocks = nn.ModuleList([Block(), Block()])
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(2, 3, bias=False)
        self.width = 2  # plain attributes are nobody's parameters
        self.constant = Tensor([1.0])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(self.dropout(x))


NAMES = [f"blocks.{i}.{name}" for i in (0, 1) for name in ("scale", "layer.weight", "layer.bias")] + ["head.weight"]


def test_parameters_are_named_by_the_path_of_attributes_in_the_order_they_were_set():
    model = Model()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert dict(model.named_parameters())["blocks.1.layer.bias"] is model.blocks[1].layer.bias
    assert model.num_parameters() == 2 * (2 + 4 + 2) + 6


def test_modules_are_named_by_their_paths_the_outermost_by_nothing():
    names = [name for name, _ in Model().named_modules()]
    assert names == ["", "blocks", "blocks.0", "blocks.0.layer", "blocks.1", "blocks.1.layer", "dropout", "head"]


def test_a_parameter_at_two_places_is_one_parameter_under_its_first_name():
    model = Model()
    model.blocks[1].layer.weight = model.blocks[0].layer.weight
    model.again = model.blocks[0]
    names = [name for name, _ in model.named_parameters()]
    assert names == [name for name in NAMES if name != "blocks.1.layer.weight"]
    assert len(model.parameters()) == len(set(map(id, model.parameters()))) == 6
    assert model.num_parameters() == 2 * (2 + 4 + 2) + 6 - 4


def test_train_and_eval_reach_every_module_and_return_the_model():
    model = Model()
    assert all(module.training for _, module in model.named_modules())
    assert model.eval() is model
    assert not any(module.training for _, module in model.named_modules())
    assert model.train() is model
    assert all(module.training for _, module in model.named_modules())


def test_zero_grad_forgets_all_gradients():
    model = Model()
    model(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    model.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_state_dict_goes_into_another_model():
    model, other = Model(), Model()
    other.load_state_dict(model.state_dict())
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)
        assert not np.shares_memory(other.state_dict()[name], array)


def test_a_state_that_does_not_fit_is_refused_with_all_names_and_nothing_changes():
    model = Model()
    before = {name: array.copy() for name, array in model.state_dict().items()}
    state = {name: array + 1 for name, array in before.items()}
    state["heads.weight"] = state.pop("head.weight")
    state["blocks.0.scale"] = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="the state does not fit Model") as error:
        model.load_state_dict(state)
    assert "missing: head.weight; unexpected: heads.weight; " in str(error.value)
    assert "wrong shape: blocks.0.scale is (3,), expected (2,)" in str(error.value)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0, 2.0], "not an array: blocks.0.scale is a list"),
        (None, "not an array: blocks.0.scale is a NoneType"),
        (Tensor([1.0, 2.0]), "not an array: blocks.0.scale is a Tensor"),
        (np.array([1, 2]), "wrong dtype: blocks.0.scale is int64, expected float32"),
        (np.array([True, False]), "wrong dtype: blocks.0.scale is bool, expected float32"),
        (np.array([1j, 2]), "wrong dtype: blocks.0.scale is complex128, expected float32"),
        (np.array(["1", "x"]), "wrong dtype: blocks.0.scale is <U1, expected float32"),
        (np.array([1, None]), "wrong dtype: blocks.0.scale is object, expected float32"),
        (np.float32(1), r"wrong shape: blocks.0.scale is \(\), expected \(2,\)"),
    ],
)
def test_what_is_no_array_of_floats_is_refused_with_all_else_and_nothing_changes(value: object, message: str):
    model = Model()
    before = {name: array.copy() for name, array in model.state_dict().items()}
    state = {name: array + 1 for name, array in before.items()} | {"blocks.0.scale": value, 3: np.ones(1)}
    del state["head.weight"]
    with pytest.raises(ValueError, match=f"missing: head.weight; unexpected: 3; .*{message}"):
        model.load_state_dict(state)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("dtype", ["f2", "f8", ">f4", np.longdouble])
def test_floats_of_another_kind_are_rounded_to_the_parameters_own(dtype: str):
    model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    other.load_state_dict({name: array.astype(dtype) for name, array in model.state_dict().items()})
    assert other.weight.dtype == np.float32
    np.testing.assert_allclose(other.weight.data, model.weight.data, atol=1e-3 if dtype == "f2" else 0)


@pytest.mark.parametrize("state", [None, [np.ones(1)], "weights.safetensors"])
def test_a_state_that_is_no_dictionary_is_refused(state: object):
    with pytest.raises(TypeError, match="state must be a dictionary of arrays by name, got a "):
        nn.Linear(1, 1).load_state_dict(state)


def test_a_state_gives_memory_to_a_model_without_any():
    model = nn.Linear(3, 2)
    with nn.unallocated():
        other = nn.Linear(3, 2)
    other.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(other.weight.data, model.weight.data)
    assert other.weight.data.flags.writeable
    assert not np.shares_memory(other.weight.data, model.weight.data)


def test_loading_a_state_counts_as_a_write_into_the_parameters():
    model = nn.Linear(2, 2)
    out = model(Tensor(np.ones((1, 2), np.float32), requires_grad=True))
    model.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(InPlaceError):
        out.sum().backward()


def test_a_parameter_requires_a_gradient_and_keeps_its_dtype():
    parameter = nn.Parameter(np.ones(3))
    assert parameter.requires_grad
    assert parameter.dtype == np.float64
    with pytest.raises(TypeError, match="floating dtype"):
        nn.Parameter(np.ones(3, int))


def test_a_module_without_forward_says_so():
    with pytest.raises(TypeError, match=r"ModuleList does not define forward\(\)"):
        nn.ModuleList()(1)


def test_a_module_list_is_a_list_of_modules():
    layers = [nn.ReLU(), nn.Linear(1, 2), nn.Tanh()]
    modules = nn.ModuleList(layers)
    assert list(modules) == layers
    assert len(modules) == 3
    assert modules[-1] is layers[-1]
    assert [name for name, _ in modules.named_parameters()] == ["1.weight", "1.bias"]


def test_sequential_applies_its_modules_in_order():
    first, last = nn.Linear(2, 4), nn.Linear(4, 1)
    model = nn.Sequential(first, nn.ReLU(), last)
    x = Tensor(np.array([[1.0, -2.0]], np.float32))
    hidden = np.maximum(x.data @ first.weight.data.T + first.bias.data, 0)
    np.testing.assert_allclose(model(x).data, hidden @ last.weight.data.T + last.bias.data, rtol=1e-5)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_moving_to_the_device_where_a_model_is_changes_nothing():
    model = Model()
    arrays = model.state_dict()
    assert model.to("cpu") is model
    assert all(array is arrays[name] for name, array in model.state_dict().items())
    with pytest.raises(ValueError, match="got 'gpu'"):
        model.to("gpu")
