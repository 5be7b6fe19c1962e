"""Optimizers against steps computed by hand, clipping, and the state that a checkpoint keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import nn, optim
from minigrad.errors import InPlaceError


def parameter(*values: float) -> nn.Parameter:
    return nn.Parameter(np.array(values))


def step(optimizer: optim.Optimizer, *gradients: float) -> None:
    """Give each parameter of the optimizer, of one element, its gradient, and take a step."""
    for p, gradient in zip(optimizer.params, gradients, strict=True):
        p.grad = np.array([gradient])
    optimizer.step()


# -- steps by hand ------------------------------------------------------------------------------


def test_sgd_goes_against_the_gradient():
    p = parameter(1.0)
    step(optim.SGD([p], lr=0.1), 0.5)
    np.testing.assert_allclose(p.data, [1 - 0.1 * 0.5])


def test_momentum_adds_up_past_gradients():
    p = parameter(1.0)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    step(optimizer, 0.5)  # velocity 0.5
    np.testing.assert_allclose(p.data, [0.95])
    step(optimizer, 0.2)  # velocity 0.9 · 0.5 + 0.2 = 0.65
    np.testing.assert_allclose(p.data, [0.885])


def test_sgd_adds_weight_decay_to_the_gradient():
    p = parameter(2.0)
    step(optim.SGD([p], lr=0.1, weight_decay=0.3), 0.5)
    np.testing.assert_allclose(p.data, [2 - 0.1 * (0.5 + 0.3 * 2)])


def test_adam_takes_two_steps_as_by_hand():
    p = parameter(1.0)
    optimizer = optim.Adam([p], lr=0.1, betas=(0.9, 0.99), eps=1e-8)
    step(optimizer, 0.5)  # both averages, corrected, are those of one gradient: the step is lr · sign
    np.testing.assert_allclose(p.data, [0.9], rtol=1e-7)
    step(optimizer, -0.25)
    m = (0.9 * 0.05 - 0.1 * 0.25) / (1 - 0.9**2)  # 0.02 / 0.19
    v = (0.99 * 0.0025 + 0.01 * 0.0625) / (1 - 0.99**2)  # 0.0031 / 0.0199
    np.testing.assert_allclose(p.data, [0.9 - 0.1 * m / (v**0.5 + 1e-8)], rtol=1e-7)


def test_adams_eps_is_added_to_the_root_of_the_corrected_average():
    p = parameter(1.0)
    step(optim.Adam([p], lr=0.1, eps=0.5), 0.5)
    np.testing.assert_allclose(p.data, [1 - 0.1 * 0.5 / (0.5 + 0.5)])


def test_adam_adds_weight_decay_to_the_gradient_and_adamw_does_not():
    coupled, decoupled = parameter(2.0), parameter(2.0)
    step(optim.Adam([coupled], lr=0.1, weight_decay=0.3), 0.0)
    step(optim.AdamW([decoupled], lr=0.1, weight_decay=0.3), 0.0)
    np.testing.assert_allclose(coupled.data, [1.9], rtol=1e-6)  # the decay is scaled like a gradient: lr · sign
    np.testing.assert_allclose(decoupled.data, [2 * (1 - 0.1 * 0.3)])


def test_adamw_decays_and_then_steps():
    p = parameter(2.0)
    step(optim.AdamW([p], lr=0.1, weight_decay=0.3), -7.0)
    np.testing.assert_allclose(p.data, [2 * 0.97 + 0.1], rtol=1e-7)


# -- parameters ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW])
def test_a_parameter_without_a_gradient_stays_as_it_is(kind):
    moving, resting = parameter(1.0), parameter(1.0)
    optimizer = kind([moving, resting], lr=0.1, weight_decay=0.5)
    moving.grad = np.array([1.0])
    optimizer.step()
    assert moving.data[0] < 1
    np.testing.assert_array_equal(resting.data, [1.0])


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW])
def test_a_groups_weight_decay_stands_in_for_the_argument(kind):
    first, second, third = (parameter(1.0) for _ in range(3))
    groups = [{"params": [first]}, {"params": [second, third], "weight_decay": 0.0}]
    optimizer = kind(groups, lr=0.1, weight_decay=0.5)
    assert optimizer.params == [first, second, third]
    step(optimizer, 0.0, 0.0, 0.0)
    assert first.data[0] < 1
    assert second.data[0] == third.data[0] == 1


GROUPS = {
    "SGD": lambda groups: optim.SGD(groups, lr=0.1),
    "Adam": lambda groups: optim.Adam(groups, lr=0.1),
    "AdamW": lambda groups: optim.AdamW(groups, lr=0.1, weight_decay=0.5),
    "Adafactor": lambda groups: optim.Adafactor(groups, lr=0.1, relative_step=False, weight_decay=0.5),
}


@pytest.mark.parametrize("name", GROUPS)
@given(share=st.floats(0, 100), factor=st.floats(0, 2))
def test_a_groups_learning_rate_keeps_its_ratio_to_the_optimizers(name, share, factor):
    """A parameter in a group moves as with an optimizer of its own, whose learning rate the schedule scales as well."""
    base, own, alone = parameter(1.0), parameter(1.0), parameter(1.0)
    optimizer = GROUPS[name]([{"params": [base]}, {"params": own, "lr": 0.1 * share}])
    single = GROUPS[name]([alone])
    optimizer.lr *= factor
    single.lr *= factor * share
    step(optimizer, 0.5, 0.5)
    step(single, 0.5)
    np.testing.assert_allclose(own.data, alone.data, rtol=1e-12)
    assert optimizer.lr_ratios[0] == 1


@pytest.mark.parametrize("name", GROUPS)
def test_a_learning_rate_that_all_groups_share_gives_the_bits_of_no_groups(name):
    grouped, plain = two_parameters(), two_parameters()
    one = GROUPS[name]([{"params": [grouped[0]], "lr": 0.1}, {"params": [grouped[1]]}])
    other = GROUPS[name](plain)
    for optimizer in (one, other):
        train(optimizer, 3, seed=0)
    for p, q in zip(grouped, plain, strict=True):
        assert p.data.tobytes() == q.data.tobytes()


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW])
def test_the_learning_rate_may_change_between_steps_and_steps_write_in_place(kind):
    p = parameter(1.0)
    array = p.data
    optimizer = kind([p], lr=0.1)
    optimizer.lr = 0.0
    step(optimizer, 1.0)
    np.testing.assert_array_equal(p.data, [1.0])
    optimizer.lr = 0.1
    step(optimizer, 1.0)
    assert p.data[0] < 1
    assert p.data is array


def test_the_gradient_is_not_written_to():
    for kind in (optim.SGD, optim.Adam, optim.AdamW):
        p = parameter(1.0)
        step(kind([p], lr=0.1, weight_decay=0.5), 0.25)
        np.testing.assert_array_equal(p.grad, [0.25])


def test_zero_grad_forgets_the_gradients():
    p = parameter(1.0)
    p.grad = np.ones(1)
    optim.SGD([p], lr=0.1).zero_grad()
    assert p.grad is None


def test_backward_after_a_step_through_the_old_values_is_refused():
    p = parameter(1.0)
    loss = (p * p).sum()
    step(optim.SGD([p], lr=0.1), 1.0)
    with pytest.raises(InPlaceError, match="optimizer step"):
        loss.backward()


def test_a_quadratic_is_minimised():
    target = np.array([1.0, -2.0, 3.0])
    for optimizer_for in (
        lambda p: optim.SGD([p], lr=0.1, momentum=0.5),
        lambda p: optim.Adam([p], lr=0.1),
        lambda p: optim.AdamW([p], lr=0.1, weight_decay=0.0),
    ):
        p = nn.Parameter(np.zeros(3))
        optimizer = optimizer_for(p)
        for _ in range(300):
            ((p - target) ** 2).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        np.testing.assert_allclose(p.data, target, atol=1e-2)


# -- misuse -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda p: optim.SGD([], lr=0.1), "params is empty"),
        (lambda p: optim.SGD([p], lr=-0.1), "lr must be a finite number at least 0, got -0.1"),
        (lambda p: optim.SGD([p, p], lr=0.1), "the same parameter twice"),
        (lambda p: optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1), "the same parameter twice"),
        (
            lambda p: optim.SGD([{"params": [p], "momentum": 0.9}], lr=0.1),
            r"group with \['momentum'\]; only lr and weight_decay",
        ),
        (
            lambda p: optim.SGD([{"params": [p], "lr": -1.0}], lr=0.1),
            "lr of a group must be a finite number at least 0, got -1.0",
        ),
        (lambda p: optim.SGD([{"params": [p], "lr": 1.0}], lr=0.0), "lr must be above 0 if a group has its own.*got 0"),
        (
            lambda p: optim.Adafactor([{"params": [p], "lr": 1.0}]),
            "lr must be above 0 if a group has its own.*got None",
        ),
        (
            lambda p: optim.SGD([p], lr=0.1, momentum=1.0),
            "momentum must be a finite number at least 0 and below 1, got 1.0",
        ),
        (
            lambda p: optim.Adam([p], betas=(0.9, 1.0)),
            r"betas\[1\] must be a finite number at least 0 and below 1, got 1.0",
        ),
        (
            lambda p: optim.AdamW([p], betas=(-0.1, 0.9)),
            r"betas\[0\] must be a finite number at least 0 and below 1, got -0.1",
        ),
    ],
)
def test_wrong_arguments_are_refused(build, message: str):
    with pytest.raises(ValueError, match=message):
        build(parameter(1.0))


# -- state --------------------------------------------------------------------------------------


def two_parameters() -> list[nn.Parameter]:
    return [nn.Parameter(np.ones((2, 3))), nn.Parameter(np.ones(2))]


def train(optimizer: optim.Optimizer, steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        for p in optimizer.params:
            p.grad = rng.standard_normal(p.shape)
        optimizer.step()


@pytest.mark.parametrize(
    "build",
    [
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: optim.Adam(p),
        lambda p: optim.AdamW(p),
        lambda p: optim.AdamW([{"params": p[:1], "lr": 1e-2}, {"params": p[1:], "weight_decay": 0.0}]),
        lambda p: optim.Adafactor([{"params": p[:1], "lr": 1e-2}, {"params": p[1:]}], lr=1e-3, relative_step=False),
    ],
)
def test_an_optimizer_goes_on_from_a_state_as_if_it_had_never_stopped(build):
    optimizer = build(two_parameters())
    train(optimizer, 3, seed=0)
    parameters = two_parameters()
    for ours, theirs in zip(parameters, optimizer.params, strict=True):
        ours.data[...] = theirs.data
    other = build(parameters)
    other.load_state_dict({name: array.copy() for name, array in optimizer.state_dict().items()})
    train(optimizer, 3, seed=1)
    train(other, 3, seed=1)
    for ours, theirs in zip(other.params, optimizer.params, strict=True):
        np.testing.assert_array_equal(ours.data, theirs.data)


def test_the_state_is_named_by_what_it_is_and_the_number_of_its_parameter():
    names = set(optim.Adam(two_parameters()).state_dict())
    assert names == {"step.0", "step.1", "exp_avg.0", "exp_avg.1", "exp_avg_sq.0", "exp_avg_sq.1"}
    assert set(optim.SGD(two_parameters(), lr=0.1).state_dict()) == {"step.0", "step.1", "velocity.0", "velocity.1"}


def test_a_state_that_does_not_fit_is_refused_with_all_names_and_nothing_changes():
    optimizer = optim.Adam(two_parameters())
    train(optimizer, 2, seed=0)
    before = {name: array.copy() for name, array in optimizer.state_dict().items()}
    state = {name: array + 1 for name, array in before.items()}
    state["velocity.0"] = state.pop("exp_avg.0")
    state["exp_avg_sq.1"] = np.ones(3)
    with pytest.raises(ValueError, match="the state does not fit Adam") as error:
        optimizer.load_state_dict(state)
    assert "missing: exp_avg.0; unexpected: velocity.0; " in str(error.value)
    assert "wrong shape: exp_avg_sq.1 is (3,), expected (2,)" in str(error.value)
    for name, array in optimizer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


# -- clipping -----------------------------------------------------------------------------------


def with_gradients(*gradients: list[float]) -> list[nn.Parameter]:
    parameters = [nn.Parameter(np.zeros(len(gradient))) for gradient in gradients]
    for p, gradient in zip(parameters, gradients, strict=True):
        p.grad = np.array(gradient)
    return parameters


def test_gradients_are_scaled_by_one_factor_to_their_joint_norm():
    parameters = with_gradients([3.0, 0.0], [4.0], [12.0])  # the norm is 13
    assert optim.clip_grad_norm(parameters, 1.3) == pytest.approx(13)
    np.testing.assert_allclose(np.concatenate([p.grad for p in parameters]), [0.3, 0, 0.4, 1.2], rtol=1e-6)


def test_gradients_within_the_norm_are_left_alone():
    parameters = with_gradients([3.0], [4.0])
    assert optim.clip_grad_norm(parameters, 5.0) == 5
    np.testing.assert_array_equal(parameters[0].grad, [3.0])


def test_parameters_without_gradients_do_not_count():
    parameters = [parameter(100.0), *with_gradients([3.0], [4.0])]
    assert optim.clip_grad_norm(parameters, 1.0) == 5
    assert parameters[0].grad is None
    assert optim.clip_grad_norm([parameter(1.0)], 1.0) == 0


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_gradients_that_are_not_finite_are_reported_and_left_alone(bad: float):
    parameters = with_gradients([3.0], [bad, 1.0])
    norm = optim.clip_grad_norm(parameters, 1.0)
    assert not np.isfinite(norm)
    np.testing.assert_array_equal(parameters[0].grad, [3.0])
    np.testing.assert_array_equal(parameters[1].grad, [bad, 1.0])


@pytest.mark.parametrize("max_norm", [0.0, -1.0, float("nan")])
def test_a_norm_that_is_not_positive_is_refused(max_norm: float):
    with pytest.raises(ValueError, match="max_norm must be a finite number above 0"):
        optim.clip_grad_norm(with_gradients([1.0]), max_norm)
