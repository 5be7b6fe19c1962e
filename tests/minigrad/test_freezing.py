"""Freezing, as in PyTorch: a parameter that does not require a gradient gets none; steps and clipping leave it out."""

import copy
from pathlib import Path

import numpy as np
import pytest

from minigrad import load_checkpoint, nn, no_grad, optim, save_checkpoint

OPTIMIZERS = {
    "SGD": lambda params: optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda params: optim.Adam(params, lr=0.1, weight_decay=0.1),
    "AdamW": lambda params: optim.AdamW(params, lr=0.1, weight_decay=0.1),
    "Adafactor": lambda params: optim.Adafactor(params, weight_decay=0.1, beta1=0.9),
}
X = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)


class Tied(nn.Module):
    """An embedding whose matrix is the output layer too."""

    def __init__(self) -> None:
        self.embedding = nn.Embedding(6, 4, np.random.default_rng(0))
        self.layer = nn.Linear(4, 4, generator=np.random.default_rng(0))
        self.head = nn.Linear(4, 6, bias=False, generator=np.random.default_rng(0))
        self.head.weight = self.embedding.weight


def network() -> nn.Sequential:
    generator = np.random.default_rng(0)
    return nn.Sequential(nn.Linear(4, 3, generator=generator), nn.GELU(), nn.Linear(3, 1, generator=generator))


def train(model: nn.Module, optimizer: optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        (model(X) ** 2).mean().backward()
        optim.clip_grad_norm(optimizer.params, 0.5)
        optimizer.step()
        optimizer.zero_grad()


def arrays(model: nn.Module) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in model.state_dict().items()}


def moved(model: nn.Module, before: dict[str, np.ndarray]) -> set[str]:
    return {name for name, array in model.state_dict().items() if array.tobytes() != before[name].tobytes()}


# -- modules ------------------------------------------------------------------------------------


def test_a_module_freezes_and_unfreezes_everything_below_it_and_returns_itself():
    model = network()
    assert model[0].requires_grad_(False) is model[0]
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
    assert model.requires_grad_() is model
    assert all(p.requires_grad for p in model.parameters())


def test_freezing_an_embedding_freezes_the_output_layer_that_shares_its_matrix():
    model = Tied()
    model.embedding.requires_grad_(False)
    assert not model.head.weight.requires_grad
    logits = model.head(model.layer(model.embedding(np.array([1, 2]))))
    logits.sum().backward()
    assert model.embedding.weight.grad is None
    assert model.layer.weight.grad is not None


@pytest.mark.parametrize("value", [0, None, "no"])
def test_what_is_not_a_boolean_is_refused(value):
    with pytest.raises(TypeError, match="requires_grad must be True or False, got"):
        network().requires_grad_(value)


def test_a_gradient_flows_through_a_frozen_layer():
    model = network()
    model[2].requires_grad_(False)
    (model(X) ** 2).mean().backward()
    assert [p.grad is None for p in model.parameters()] == [False, False, True, True]
    assert np.abs(model[0].weight.grad).max() > 0


# -- optimizers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_frozen_parameters_keep_their_bits_and_the_others_move_as_if_they_alone_were_given(name):
    model, alone = network(), network()
    before = arrays(model)
    for each in (model, alone):
        each[0].requires_grad_(False)
    train(model, OPTIMIZERS[name](model.parameters()), 4)
    train(alone, OPTIMIZERS[name](alone[2].parameters()), 4)
    assert moved(model, before) == {"2.weight", "2.bias"}
    assert not moved(alone, arrays(model))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_from_before_freezing_moves_nothing_and_does_not_count_in_clipping(name):
    model = network()
    optimizer = OPTIMIZERS[name](model.parameters())
    (model(X) ** 2).mean().backward()
    model[0].requires_grad_(False)
    before, stale = arrays(model), model[0].weight.grad.copy()
    rest = np.sqrt(sum(float(np.square(p.grad).sum()) for p in model[2].parameters()))
    assert optim.clip_grad_norm(model.parameters(), rest / 2) == pytest.approx(rest, rel=1e-5)
    assert model[0].weight.grad.tobytes() == stale.tobytes()
    optimizer.step()
    assert moved(model, before) == {"2.weight", "2.bias"}
    assert optimizer.state[0]["step"] == 0
    optimizer.zero_grad()
    assert model[0].weight.grad is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_that_is_unfrozen_learns(name):
    model = network()
    model[0].requires_grad_(False)
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer, 2)
    model[0].requires_grad_()
    before = arrays(model)
    train(model, optimizer, 1)
    assert moved(model, before) == set(before)
    assert [int(state["step"][0]) for state in optimizer.state] == [1, 1, 3, 3]


# -- state --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_with_frozen_parameters_resumes_with_the_same_bits(name, tmp_path: Path):
    model = network()
    model[0].requires_grad_(False)
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer, 3)
    save_checkpoint(tmp_path / "it.safetensors", model, optimizer, step=3)
    resumed = network()
    resumed[0].requires_grad_(False)
    other = OPTIMIZERS[name](resumed.parameters())
    load_checkpoint(tmp_path / "it.safetensors", resumed, other)
    for each, its in ((model, optimizer), (resumed, other)):
        train(each, its, 3)
    assert not moved(resumed, arrays(model))


def test_which_parameters_are_frozen_survives_a_copy_and_loading():
    model = network()
    model[0].requires_grad_(False)
    other = copy.deepcopy(model)
    assert [p.requires_grad for p in other.parameters()] == [False, False, True, True]
    with no_grad():
        state = {name: array + 1 for name, array in model.state_dict().items()}
    other.load_state_dict(state)
    np.testing.assert_array_equal(other[0].weight.data, model[0].weight.data + 1)
    assert [p.requires_grad for p in other.parameters()] == [False, False, True, True]
