"""Adafactor by hand, its state in checkpoints, on a GPU's arrays, and what it refuses. Against transformers' it is
held in tests/parity/test_adafactor.py."""

import numpy as np
import pytest

from minigrad import nn, optim
from minigrad.checkpoint import load_checkpoint, save_checkpoint
from minigrad.device import to_device
from tests.gpu_double import FakeGPUArray

FIXED = {"lr": 0.1, "relative_step": False, "scale_parameter": False, "clip_threshold": 1e9}


def parameter(*values: float) -> nn.Parameter:
    return nn.Parameter(np.array(values))


def step(optimizer: optim.Optimizer, *gradients: np.ndarray) -> None:
    for p, gradient in zip(optimizer.params, gradients, strict=True):
        p.grad = np.asarray(gradient, p.dtype)
    optimizer.step()


# -- by hand ------------------------------------------------------------------------------------


def test_a_vector_has_the_root_of_its_own_average():
    p = parameter(1.0, 1.0)
    optimizer = optim.Adafactor([p], **FIXED)
    step(optimizer, [2.0, -0.5])  # the average of the first step is the squared gradient: lr · sign
    np.testing.assert_allclose(p.data, [0.9, 1.1])
    step(optimizer, [1.0, 1.0])
    beta2 = 1 - 2**-0.8
    v = beta2 * np.array([4, 0.25]) + (1 - beta2)
    np.testing.assert_allclose(p.data, [0.9, 1.1] - 0.1 / np.sqrt(v))


def test_a_matrix_of_rank_one_has_the_squares_themselves():
    row, column = np.array([[1.0], [2.0], [0.5]]), np.array([[3.0, 0.1]])
    p = nn.Parameter(np.ones((3, 2)))
    step(optim.Adafactor([p], **FIXED), row * column)  # rows times columns: the means say everything
    np.testing.assert_allclose(p.data, np.full((3, 2), 0.9))


def test_a_matrix_has_the_means_of_its_rows_and_columns():
    p = nn.Parameter(np.zeros((2, 2)))
    gradient = np.array([[1.0, 3.0], [2.0, 0.0]])
    step(optim.Adafactor([p], **FIXED), gradient)
    rows, columns = np.array([5.0, 2.0]), np.array([2.5, 4.5])
    np.testing.assert_allclose(p.data, -0.1 * gradient / np.sqrt(np.outer(rows, columns) / 3.5))


def test_an_update_is_scaled_down_to_the_threshold():
    p = parameter(0.0, 0.0)
    optimizer = optim.Adafactor([p], **FIXED | {"clip_threshold": 0.5})
    step(optimizer, [1.0, -1.0])  # an update of root mean square 1
    np.testing.assert_allclose(p.data, [-0.05, 0.05])


def test_a_relative_step_is_a_hundredth_of_the_parameter_and_later_less():
    for size, t, expected in ((2.0, 1, 0.02), (1e-9, 1, 1e-5), (1.0, 40_000, 0.005)):
        p = parameter(size)
        optimizer = optim.Adafactor([p])
        optimizer.state[0]["step"][0] = t - 1
        optimizer.state[0]["exp_avg_sq"][0] = 1.0
        step(optimizer, [1.0])
        np.testing.assert_allclose(p.data, [size - expected])


def test_the_warm_up_rises_by_a_millionth_a_step():
    p = parameter(1.0)
    optimizer = optim.Adafactor([p], warmup_init=True)
    step(optimizer, [1.0])
    np.testing.assert_allclose(p.data, [1 - 1e-6], rtol=1e-12)


def test_a_quadratic_is_minimised():
    target = np.array([[1.0, -2.0], [3.0, 0.5]])
    p = nn.Parameter(np.ones((2, 2)))
    optimizer = optim.Adafactor([p])
    for _ in range(1000):
        ((p - target) ** 2).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    np.testing.assert_allclose(p.data, target, atol=0.05)


# -- state --------------------------------------------------------------------------------------


def test_a_matrix_costs_the_memory_of_a_row_and_a_column():
    optimizer = optim.Adafactor([nn.Parameter(np.zeros((300, 200), np.float32)), parameter(0.0)])
    shapes = {name: array.shape for name, array in optimizer.state_dict().items()}
    assert shapes == {
        "step.0": (1,),
        "exp_avg_sq_row.0": (300,),
        "exp_avg_sq_col.0": (200,),
        "step.1": (1,),
        "exp_avg_sq.1": (1,),
    }
    assert optimizer.state[0]["exp_avg_sq_row"].dtype == np.float32


@pytest.mark.parametrize(
    "options", [{}, {"beta1": 0.9, "warmup_init": True}, {"lr": 0.01, "relative_step": False, "weight_decay": 0.1}]
)
def test_a_checkpoint_resumes_with_the_same_bits(tmp_path, options):
    def fresh() -> tuple[nn.Module, optim.Optimizer]:
        model = nn.Sequential(nn.Linear(3, 4, generator=np.random.default_rng(0)), nn.LayerNorm(4))
        return model, optim.Adafactor(model.parameters(), **options)

    def train(optimizer: optim.Optimizer, steps: range) -> None:
        for number in steps:
            rng = np.random.default_rng(number)
            step(optimizer, *(rng.standard_normal(p.shape) for p in optimizer.params))

    model, optimizer = fresh()
    train(optimizer, range(3))
    save_checkpoint(tmp_path / "checkpoint", model, optimizer)
    train(optimizer, range(3, 6))
    other_model, other = fresh()
    load_checkpoint(tmp_path / "checkpoint", other_model, other)
    train(other, range(3, 6))
    for name, array in model.state_dict().items():
        assert array.tobytes() == other_model.state_dict()[name].tobytes(), name


@pytest.mark.parametrize("options", [{}, {"beta1": 0.9, "weight_decay": 0.1}, {"lr": 0.1, "relative_step": False}])
def test_a_gpus_arrays_give_the_same_step_without_waiting(gpu, options):
    arrays = [np.float32(0.5).reshape(()), np.ones(3, np.float32), np.arange(12, dtype=np.float32).reshape(2, 2, 3)]
    results = []
    for device in ("cpu", "cuda"):
        optimizer = optim.Adafactor([nn.Parameter(array.copy()) for array in arrays], **options)
        for p in optimizer.params:
            p.data = to_device(p.data, device)
        waits = FakeGPUArray.n_waits
        for _ in range(3):
            for p in optimizer.params:
                p.grad = np.add(p.data, 1, out=np.empty_like(p.data))
            optimizer.step()
        assert FakeGPUArray.n_waits == waits
        results.append([p.numpy() for p in optimizer.params])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


# -- misuse -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lr": 0.1}, ValueError, "lr must be None with relative_step=True, which sets the step's size; got 0.1"),
        ({"relative_step": False}, ValueError, "lr must be given with relative_step=False"),
        ({"relative_step": False, "lr": float("nan")}, ValueError, "lr must be a finite number at least 0, got nan"),
        ({"relative_step": False, "lr": 0.1, "warmup_init": True}, ValueError, "warmup_init=True needs relative_step"),
        ({"relative_step": 0}, TypeError, "relative_step must be True or False, got 0"),
        ({"scale_parameter": None}, TypeError, "scale_parameter must be True or False"),
        ({"warmup_init": "no"}, TypeError, "warmup_init must be True or False"),
        ({"eps": 1e-30}, TypeError, "eps must be two numbers"),
        ({"eps": (0.0, 1e-3)}, ValueError, r"eps\[0\] must be a finite number above 0, got 0"),
        ({"eps": (1e-30, -1.0)}, ValueError, r"eps\[1\] must be a finite number at least 0, got -1"),
        ({"clip_threshold": 0.0}, ValueError, "clip_threshold must be a finite number above 0, got 0"),
        ({"decay_rate": 0.8}, ValueError, "decay_rate must be a finite number at most 0, got 0.8"),
        ({"beta1": 1.0}, ValueError, "beta1 must be a finite number at least 0 and below 1, got 1"),
        ({"weight_decay": -0.1}, ValueError, "weight_decay must be a finite number at least 0, got -0.1"),
    ],
)
def test_wrong_arguments_are_refused(options, error, message: str):
    with pytest.raises(error, match=message):
        optim.Adafactor([parameter(1.0)], **options)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("lr", 0.1, "lr must be None with relative_step=True"),
        ("beta1", 0.9, "beta1 decides which arrays are kept"),
        ("clip_threshold", float("inf"), "clip_threshold must be a finite number above 0"),
    ],
)
def test_settings_are_looked_at_again_when_a_step_is_taken(setting: str, value: float, message: str):
    optimizer = optim.Adafactor([parameter(1.0)])
    setattr(optimizer, setting, value)
    with pytest.raises(ValueError, match=message):
        step(optimizer, [1.0])
    np.testing.assert_array_equal(optimizer.params[0].data, [1.0])
