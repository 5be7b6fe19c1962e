"""Adafactor against transformers', over forty steps: every option, and parameters with zero to four axes."""

from typing import Any

import numpy as np
import pytest

from minigrad import nn, optim

torch = pytest.importorskip("torch")
theirs_module = pytest.importorskip("transformers.optimization")

STEPS = 40
SHAPES = [(), (5,), (1,), (4, 3), (1, 6), (6, 1), (2, 3, 4), (2, 1, 3, 2)]
OPTIONS: dict[str, dict[str, Any]] = {
    "relative step": {},
    "relative step, warm-up": {"warmup_init": True},
    "relative step, no scale": {"scale_parameter": False},
    "relative step with everything": {
        "eps": (1e-20, 0.5),
        "clip_threshold": 0.5,
        "decay_rate": -0.6,
        "beta1": 0.9,
        "weight_decay": 0.1,
        "warmup_init": True,
    },
    "fixed rate": {"lr": 1e-2, "relative_step": False, "scale_parameter": False},
    "fixed rate, scaled": {"lr": 1e-2, "relative_step": False},
    "fixed rate with everything": {
        "lr": 0.1,
        "eps": (1e-12, 1e-2),
        "clip_threshold": 2.0,
        "decay_rate": -0.9,
        "beta1": 0.8,
        "weight_decay": 0.05,
        "relative_step": False,
    },
}


def both_parameters(dtype: Any) -> tuple[list[nn.Parameter], list[Any]]:
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.standard_normal(shape), dtype) for shape in SHAPES]
    arrays[3][...] = 0  # as biases start: eps[1] is then what the step is scaled by
    return [nn.Parameter(array.copy()) for array in arrays], [torch.nn.Parameter(torch.tensor(a)) for a in arrays]


def give_gradients(ours: list[nn.Parameter], theirs: list[Any], step: int) -> None:
    """Of many sizes; some steps leave a parameter out, and some gradients are zero."""
    rng = np.random.default_rng([1, step])
    for i, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        gradient = np.asarray(rng.standard_normal(our.shape) * 10.0 ** (i % 5 - 2), our.dtype)
        gradient *= (step + i) % 7 != 0
        our.grad, their.grad = gradient.copy(), torch.tensor(gradient)
        if (step + i) % 5 == 0:
            our.grad = their.grad = None


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-5)])
def test_forty_steps(name: str, dtype, tolerance: float):
    ours, theirs = both_parameters(dtype)
    optimizer = optim.Adafactor(ours, **OPTIONS[name])
    their_optimizer = theirs_module.Adafactor(theirs, **OPTIONS[name])
    for step in range(STEPS):
        give_gradients(ours, theirs, step)
        optimizer.step()
        their_optimizer.step()
        for our, their in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(our.data, their.detach().numpy(), rtol=tolerance, atol=tolerance)


def test_the_state_is_theirs():
    ours, theirs = both_parameters(np.float64)
    optimizer = optim.Adafactor(ours, beta1=0.9)
    their_optimizer = theirs_module.Adafactor(theirs, beta1=0.9)
    for step in range(STEPS):
        give_gradients(ours, theirs, step)
        optimizer.step()
        their_optimizer.step()
    for state, their in zip(optimizer.state, theirs, strict=True):
        their_state = dict(their_optimizer.state[their])
        assert state["step"].item() == their_state.pop("step")
        del their_state["RMS"]  # that of the parameter, which says it as well
        assert state.keys() - {"step"} == their_state.keys()
        for slot, array in their_state.items():
            np.testing.assert_allclose(state[slot], array.numpy(), rtol=1e-9, err_msg=slot)


def test_groups_with_their_own_weight_decay_and_a_rate_that_changes():
    ours, theirs = both_parameters(np.float64)
    options = {"lr": 0.1, "relative_step": False, "weight_decay": 0.2}
    optimizer = optim.Adafactor([{"params": ours[:4]}, {"params": ours[4:], "weight_decay": 0.0}], **options)
    their_groups = [{"params": theirs[:4]}, {"params": theirs[4:], "weight_decay": 0.0}]
    their_optimizer = theirs_module.Adafactor(their_groups, **options)
    for step in range(STEPS):
        optimizer.lr = 0.1 * optim.inverse_square_root(step, 10)
        for group in their_optimizer.param_groups:
            group["lr"] = optimizer.lr
        give_gradients(ours, theirs, step)
        optimizer.step()
        their_optimizer.step()
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our.data, their.detach().numpy(), rtol=1e-9, atol=1e-9)
