"""Optimizers, clipping and schedules against PyTorch and transformers, over twenty steps."""

from typing import Any

import numpy as np
import pytest

from minigrad import nn, optim

torch = pytest.importorskip("torch")

STEPS = 20
SHAPES = [(3, 4), (4,), (2, 3, 2)]


def draw(shape: tuple[int, ...], *seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def both_parameters(dtype: Any = np.float64) -> tuple[list[nn.Parameter], list[Any]]:
    arrays = [draw(shape, 0, i).astype(dtype) for i, shape in enumerate(SHAPES)]
    return [nn.Parameter(array.copy()) for array in arrays], [torch.nn.Parameter(torch.tensor(a)) for a in arrays]


def give_gradients(ours: list[nn.Parameter], theirs: list[Any], step: int) -> None:
    for i, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        if i == 1 and step % 3 == 0:  # a parameter that this step did not use
            our.grad = their.grad = None
            continue
        gradient = draw(our.shape, 1, step, i).astype(our.dtype) * 10.0 ** (i - 1)
        our.grad, their.grad = gradient.copy(), torch.tensor(gradient)


def assert_equal(ours: list[nn.Parameter], theirs: list[Any], tolerance: float = 1e-10) -> None:
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our.data, their.detach().numpy(), rtol=tolerance, atol=tolerance)


OPTIMIZERS = {
    "SGD": (optim.SGD, "SGD", {"lr": 0.1}),
    "SGD with momentum": (optim.SGD, "SGD", {"lr": 0.1, "momentum": 0.9}),
    "SGD with weight decay": (optim.SGD, "SGD", {"lr": 0.1, "weight_decay": 0.3}),
    "SGD with both": (optim.SGD, "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.3}),
    "Adam": (optim.Adam, "Adam", {}),
    "Adam with everything": (optim.Adam, "Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 0.1, "weight_decay": 0.3}),
    "AdamW": (optim.AdamW, "AdamW", {}),
    "AdamW with everything": (optim.AdamW, "AdamW", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 0.1, "weight_decay": 0.3}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
def test_twenty_steps(name: str, dtype, tolerance: float):
    kind, their_name, arguments = OPTIMIZERS[name]
    ours, theirs = both_parameters(dtype)
    optimizer = kind(ours, **arguments)
    their_optimizer = getattr(torch.optim, their_name)(theirs, **arguments)
    for step in range(STEPS):
        give_gradients(ours, theirs, step)
        optimizer.step()
        their_optimizer.step()
        assert_equal(ours, theirs, tolerance)


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_groups_and_a_learning_rate_that_changes(name: str):
    ours, theirs = both_parameters()
    optimizer = getattr(optim, name)([{"params": ours[:1]}, {"params": ours[1:], "weight_decay": 0.0}], 0.1)
    groups = [{"params": theirs[:1]}, {"params": theirs[1:], "weight_decay": 0.0}]
    their_optimizer = getattr(torch.optim, name)(groups, 0.1)
    for step in range(STEPS):
        optimizer.lr = 0.1 * optim.warmup_linear(step, 5, STEPS)
        for group in their_optimizer.param_groups:
            group["lr"] = optimizer.lr
        give_gradients(ours, theirs, step)
        optimizer.step()
        their_optimizer.step()
    assert_equal(ours, theirs)


GROUP_OPTIMIZERS = {
    "SGD": (optim.SGD, torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    "Adam": (optim.Adam, torch.optim.Adam, {"weight_decay": 0.1}),
    "AdamW": (optim.AdamW, torch.optim.AdamW, {"weight_decay": 0.1}),
    "Adafactor": (optim.Adafactor, "transformers", {"relative_step": False, "weight_decay": 0.1, "beta1": 0.9}),
}


@pytest.mark.parametrize("name", GROUP_OPTIMIZERS)
def test_learning_rates_of_groups_under_a_schedule(name: str):
    """PyTorch's LambdaLR multiplies the learning rate that each group began with by the factor of the schedule."""
    kind, their_kind, options = GROUP_OPTIMIZERS[name]
    if their_kind == "transformers":
        their_kind = pytest.importorskip("transformers.optimization").Adafactor
    (ours, theirs), optimizers = both_parameters(), []
    for build, (first, second, third) in ((kind, ours), (their_kind, theirs)):
        groups = [
            {"params": [first], "lr": 0.003},
            {"params": [second]},
            {"params": [third], "lr": 0.5, "weight_decay": 0.0},
        ]
        optimizers.append(build(groups, lr=0.1, **options))
    optimizer, their_optimizer = optimizers
    schedule = torch.optim.lr_scheduler.LambdaLR(their_optimizer, lambda step: optim.warmup_linear(step, 5, STEPS))
    for step in range(STEPS):
        optimizer.lr = 0.1 * optim.warmup_linear(step, 5, STEPS)
        give_gradients(ours, theirs, step)
        optimizer.step()
        their_optimizer.step()
        schedule.step()
        assert_equal(ours, theirs)
    assert all((our.data != start.data).all() for our, start in zip(ours, both_parameters()[0], strict=True))


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_a_parameter_that_is_frozen_and_unfrozen(name: str):
    """Frozen for the first ten steps: it has no state before its first own step, as in PyTorch."""
    ours, theirs = both_parameters()
    optimizer, their_optimizer = getattr(optim, name)(ours, lr=0.1), getattr(torch.optim, name)(theirs, lr=0.1)
    for step in range(STEPS):
        ours[0].requires_grad = theirs[0].requires_grad = step >= 10
        for each, scale in ((ours, draw((3, 4), 5, step)), (theirs, torch.tensor(draw((3, 4), 5, step)))):
            ((each[0] * scale).sum() + (each[1] ** 2).sum() + (each[2] ** 2).sum()).backward()
        assert (ours[0].grad is None) == (theirs[0].grad is None) == (step < 10)
        for either in (optimizer, their_optimizer):
            either.step()
            either.zero_grad()
        assert_equal(ours, theirs)


def test_a_parameter_that_never_has_a_gradient():
    ours, theirs = both_parameters()
    optimizer, their_optimizer = optim.AdamW(ours, lr=0.1), torch.optim.AdamW(theirs, lr=0.1)
    for step in range(STEPS):
        give_gradients(ours, theirs, step)
        ours[1].grad = theirs[1].grad = None
        optimizer.step()
        their_optimizer.step()
    assert_equal(ours, theirs)


@pytest.mark.parametrize("max_norm", [0.1, 1.0, 1000.0])
def test_clipping(max_norm: float):
    ours, theirs = both_parameters()
    give_gradients(ours, theirs, 0)
    ours[1].grad = theirs[1].grad = None
    norm = optim.clip_grad_norm(ours, max_norm)
    their_norm = torch.nn.utils.clip_grad_norm_(theirs, max_norm)
    assert norm == pytest.approx(their_norm.item(), rel=1e-12)
    for our, their in zip(ours, theirs, strict=True):
        if their.grad is not None:
            np.testing.assert_allclose(our.grad, their.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("warmup_steps", [0, 1, 10])
def test_schedules(warmup_steps: int):
    transformers = pytest.importorskip("transformers")
    pairs = [
        (
            lambda step: optim.warmup_cosine(step, warmup_steps, 50),
            lambda optimizer: transformers.get_cosine_schedule_with_warmup(optimizer, warmup_steps, 50),
        ),
        (
            lambda step: optim.warmup_linear(step, warmup_steps, 50),
            lambda optimizer: transformers.get_linear_schedule_with_warmup(optimizer, warmup_steps, 50),
        ),
        (
            lambda step: optim.inverse_square_root(step, warmup_steps),
            lambda optimizer: transformers.get_inverse_sqrt_schedule(optimizer, warmup_steps, timescale=warmup_steps),
        ),
    ]
    for ours, build_theirs in pairs if warmup_steps else pairs[:2]:  # theirs divides by a time scale of zero
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        theirs = build_theirs(optimizer)
        for step in range(51):  # at step 51 theirs turns up again, ours stays at its end
            assert ours(step) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12), step
            optimizer.step()
            theirs.step()


def test_training_a_network_gives_the_same_losses():
    x, y = draw((32, 5), 2), draw((32, 1), 3)
    ours = nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.Linear(8, 1))
    theirs = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.GELU(), torch.nn.Linear(8, 1)).double()
    for our, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        our.data = their.detach().numpy().copy()
    optimizer = optim.AdamW(ours.parameters(), lr=0.01)
    their_optimizer = torch.optim.AdamW(theirs.parameters(), lr=0.01)
    losses, their_losses = [], []
    for _ in range(STEPS):
        loss = ((ours(x) - y) ** 2).mean()
        their_loss = ((theirs(torch.tensor(x)) - torch.tensor(y)) ** 2).mean()
        loss.backward()
        their_loss.backward()
        optim.clip_grad_norm(optimizer.params, 0.5)
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        for either in (optimizer, their_optimizer):
            either.step()
            either.zero_grad()
        losses.append(loss.item())
        their_losses.append(their_loss.item())
    np.testing.assert_allclose(losses, their_losses, rtol=1e-8)
    assert losses[-1] < losses[0]
