"""What optimizers are given: parameters, settings, gradients and states. What they cannot use is refused by name, on
every kernel set, before anything has changed."""

import numpy as np
import pytest

from minigrad import Tensor, nn, optim, use_kernels
from minigrad.errors import DeviceError
from minigrad.kernels.adam import AdamHyperparameters, adam_step
from tests.gpu_double import FakeGPUArray

KERNELS = ["reference", "fast", "cuda_on_host"]
OPTIMIZERS = {
    "SGD": lambda params: optim.SGD(params, lr=0.1, momentum=0.9),
    "Adam": lambda params: optim.Adam(params, lr=0.1, weight_decay=0.1),
    "AdamW": lambda params: optim.AdamW(params, lr=0.1),
    "Adafactor": lambda params: optim.Adafactor(params, beta1=0.9),
}


def parameter(*shape: int, dtype: type = np.float32) -> nn.Parameter:
    return nn.Parameter(np.ones(shape, dtype))


# -- gradients ----------------------------------------------------------------------------------

BAD_GRADIENTS = [
    (
        np.ones(1, np.float32),
        ValueError,
        r"params\[1\].grad must have the shape of its parameter, \(4, 3\); got \(1,\)",
    ),
    (np.ones((1, 3), np.float32), ValueError, r"\(4, 3\); got \(1, 3\)"),
    (np.ones(12, np.float32), ValueError, r"\(4, 3\); got \(12,\)"),
    (np.ones((4, 3)), TypeError, r"params\[1\].grad must have the dtype of its parameter, float32; got float64"),
    (np.ones((4, 3), np.float16), TypeError, "float32; got float16"),
    (np.ones((4, 3), np.int64), TypeError, "float32; got int64"),
    (np.ones((4, 3), ">f4"), TypeError, "float32; got >f4"),
    (1.0, TypeError, r"params\[1\].grad must be an array, got float"),
    ([[1.0] * 3] * 4, TypeError, "must be an array, got list"),
    (Tensor(np.ones((4, 3))), TypeError, "must be an array, got Tensor"),
    (FakeGPUArray(np.ones((4, 3), np.float32)), DeviceError, r'params\[1\].grad is on "cuda", its parameter on "cpu"'),
]


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("grad", "error", "message"), BAD_GRADIENTS)
def test_a_gradient_that_does_not_fit_is_refused_and_nothing_changes(name, kernels, grad, error, message):
    first, second = parameter(4, 3), parameter(4, 3)
    optimizer = OPTIMIZERS[name]([first, second])
    before = {key: array.copy() for key, array in optimizer.state_dict().items()}
    first.grad, second.grad = np.ones((4, 3), np.float32), grad
    with use_kernels(kernels), pytest.raises(error, match=message):
        optimizer.step()
    np.testing.assert_array_equal(first.data, np.ones((4, 3)))
    np.testing.assert_array_equal(second.data, np.ones((4, 3)))
    for key, array in optimizer.state_dict().items():
        np.testing.assert_array_equal(array, before[key], err_msg=key)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("grad", "error", "message"), BAD_GRADIENTS)
def test_clipping_refuses_it_too_and_scales_nothing(kernels, grad, error, message):
    first, second = parameter(4, 3), parameter(4, 3)
    first.grad, second.grad = np.ones((4, 3), np.float32), grad
    with use_kernels(kernels), pytest.raises(error, match=message):
        optim.clip_grad_norm([first, second], 0.1)
    np.testing.assert_array_equal(first.grad, np.ones((4, 3)))


def test_clipping_refuses_a_read_only_gradient_and_scales_nothing():
    first, second = parameter(4, 3), parameter(4, 3)
    first.grad, second.grad = np.ones((4, 3), np.float32), np.broadcast_to(np.float32(1), (4, 3))
    with pytest.raises(ValueError, match=r"the gradient of shape \(4, 3\) at \[1\] of those to clip is read-only"):
        optim.clip_grad_norm([first, second], 0.1)
    np.testing.assert_array_equal(first.grad, np.ones((4, 3)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_without_memory_is_refused_and_nothing_changes(name):
    with nn.unallocated():
        empty = nn.Linear(3, 4, bias=False).weight
    full = parameter(4, 3)
    optimizer = OPTIMIZERS[name]([full, empty])
    full.grad = np.ones((4, 3), np.float32)
    optimizer.step()  # the other one has no gradient yet
    after_one = full.data.copy()
    empty.grad = np.ones((4, 3), np.float32)
    with pytest.raises(ValueError, match=r"params\[1\] is read-only, .* nn.unallocated"):
        optimizer.step()
    np.testing.assert_array_equal(full.data, after_one)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_that_has_changed_its_dtype_is_refused(name):
    p = parameter(4, 3)
    optimizer = OPTIMIZERS[name]([p])
    p.data = p.data.astype(np.float64)
    p.grad = np.ones((4, 3))
    with pytest.raises(TypeError, match=r"params\[0\] was float32 when the optimizer was made, and now is float64"):
        optimizer.step()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_any_strides_give_the_same_step(name, kernels):
    rng = np.random.default_rng(0)
    values, grad = rng.standard_normal((2, 4, 3)).astype(np.float32)
    layouts = {
        "in order": np.ascontiguousarray,
        "transposed": np.asfortranarray,
        "every second": lambda array: np.stack([array, array], axis=-1)[..., 0],
        "reversed": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
    }
    stepped = {}
    for of_data, data_layout in layouts.items():
        for of_grad, grad_layout in layouts.items():
            p = nn.Parameter(data_layout(values.copy()))
            optimizer = OPTIMIZERS[name]([p])
            with use_kernels(kernels):
                for _ in range(2):
                    p.grad = grad_layout(grad.copy())
                    optimizer.step()
            stepped[of_data, of_grad] = p.data.copy()
    for layout, result in stepped.items():
        np.testing.assert_allclose(result, stepped["in order", "in order"], rtol=1e-6, err_msg=str(layout))


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_without_axes_may_be_a_number(name, kernels):
    one, other = parameter(), parameter()
    one.grad, other.grad = np.float32(2), np.array(2, np.float32)
    with use_kernels(kernels):
        for p in (one, other):
            assert optim.clip_grad_norm([p], 0.5) == 2
            np.testing.assert_allclose(p.grad, 0.5, rtol=1e-5)
            p.grad = p.grad * np.float32(1)  # a number again
            OPTIMIZERS[name]([p]).step()
    assert one.data == other.data != 1


# -- the kernel of Adam -------------------------------------------------------------------------

HYPERPARAMETERS = AdamHyperparameters(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, step=3, decay=0.99)
NAMES = "data", "grad", "m", "v"


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", NAMES[1:])
def test_adams_kernels_refuse_an_array_that_is_not_like_data(kernels, name):
    arrays = {each: np.ones(3, np.float32) for each in NAMES}
    with use_kernels(kernels):
        for shape in ((4,), (1,), (), (3, 1)):
            with pytest.raises(ValueError, match=rf"{name} must have the shape of data, \(3,\); got \("):
                adam_step(**{**arrays, name: np.ones(shape, np.float32)}, hyperparameters=HYPERPARAMETERS)
        for dtype in (np.float64, np.float16, np.int32):
            with pytest.raises(TypeError, match=f"{name} must have the dtype of data, float32; got {np.dtype(dtype)}"):
                adam_step(**{**arrays, name: np.ones(3, dtype)}, hyperparameters=HYPERPARAMETERS)
    for each in NAMES:
        np.testing.assert_array_equal(arrays[each], np.ones(3))


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_adams_kernels_refuse_a_number_in_place_of_an_array_without_axes(kernels, name):
    arrays = {each: np.ones((), np.float32) for each in NAMES}
    with use_kernels(kernels), pytest.raises(TypeError, match=f"{name} must be an array, got float32"):
        adam_step(**{**arrays, name: np.float32(1)}, hyperparameters=HYPERPARAMETERS)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.int64, ">f4"])
def test_adams_kernels_refuse_other_dtypes_alike(kernels, dtype):
    message = f"data must be float32 or float64, got {np.dtype(dtype)}"
    with use_kernels(kernels), pytest.raises(TypeError, match=message):
        adam_step(*(np.ones(3, dtype) for _ in NAMES), hyperparameters=HYPERPARAMETERS)


# -- parameters ---------------------------------------------------------------------------------

LAYER = nn.Linear(2, 2)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW])
@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (parameter(2, 2), TypeError, r"params must be a list of parameters, got a Parameter; pass \[parameter\]"),
        (LAYER, TypeError, r"params must be a list of parameters, got a Linear; pass its .parameters\(\)"),
        (nn.Sequential(LAYER), TypeError, "got a Sequential; pass its .parameters"),
        ({"params": [parameter(2)]}, TypeError, "params must be a list of parameters, got dict"),
        ({parameter(2)}, TypeError, "params must be a list of parameters, got set"),
        ("weights", TypeError, "params must be a list of parameters, got str"),
        (np.ones((2, 2)), TypeError, r"params must be a list of parameters, got ndarray"),
        (None, TypeError, "params must be a list of parameters, got NoneType"),
        ([parameter(2), np.ones(2)], TypeError, r"params\[1\] must be a Tensor, got ndarray"),
        ([LAYER], TypeError, r"params\[0\] must be a Tensor, got Linear"),
        (list(LAYER.named_parameters()), TypeError, r"params\[0\] must be a Tensor, got tuple"),
        ([parameter(2), parameter(2) * 2], ValueError, r"params\[1\] is the result of an op; only leaves"),
        ([Tensor([1.0])], ValueError, r"params\[0\] has requires_grad=False, so it never gets a gradient"),
        ([Tensor([1])], ValueError, r"params\[0\] has requires_grad=False"),
        ([parameter(2, dtype=np.float16)], TypeError, r"params\[0\] must be float32 or float64, got "),
        (
            [{"params": parameter(2)}, parameter(2)],
            TypeError,
            r"all groups or all parameters, got a Parameter at \[1\]",
        ),
        (
            [parameter(2), {"params": parameter(2)}],
            TypeError,
            r"all groups or all parameters, got a Parameter at \[0\]",
        ),
        ([{"weight_decay": 0.1}], ValueError, r'params has a group without "params" at \[0\]'),
        ([{"params": "ab"}], TypeError, "params must be a list of parameters, got str"),
        ([{"params": []}], ValueError, "params is empty"),
    ],
)
def test_what_is_no_list_of_parameters_is_refused(kind, params, error, message):
    with pytest.raises(error, match=message):
        kind(params, lr=0.1)


def test_iterables_and_a_single_tensor_in_a_group_are_taken():
    assert len(optim.SGD(iter(LAYER.parameters()), lr=0.1).params) == 2
    assert len(optim.SGD([{"params": LAYER.weight}, {"params": (LAYER.bias,)}], lr=0.1).params) == 2


def test_clipping_takes_a_single_tensor():
    p = parameter(3, 4)
    p.grad = np.full((3, 4), 2, np.float32)
    assert optim.clip_grad_norm(p, 1.0) == pytest.approx(48**0.5, rel=1e-6)
    np.testing.assert_allclose(np.square(p.grad).sum(), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (LAYER, "params must be a list of parameters, got a Linear; pass its .parameters"),
        ([np.ones(2)], r"params\[0\] must be a Tensor"),
        ({"weight": LAYER.weight}, "params must be a list of parameters, got dict"),
        (1.0, "params must be a list of parameters, got float"),
    ],
)
def test_clipping_refuses_what_are_no_tensors(params, message: str):
    with pytest.raises(TypeError, match=message):
        optim.clip_grad_norm(params, 1.0)


def test_clipping_refuses_a_tensor_that_is_named_twice():
    p = parameter(1)
    with pytest.raises(ValueError, match="params names the same parameter twice"):
        optim.clip_grad_norm([p, p], 1.0)


# -- settings -----------------------------------------------------------------------------------

SETTINGS = {
    "SGD": ["lr", "momentum", "weight_decay"],
    "Adam": ["lr", "eps", "weight_decay"],
    "AdamW": ["lr", "eps", "weight_decay"],
}
BAD_NUMBERS = [
    (float("nan"), ValueError),
    (float("inf"), ValueError),
    (-0.1, ValueError),
    ("0.1", TypeError),
    (None, TypeError),
    (True, TypeError),
    (np.array([0.1]), TypeError),
]


@pytest.mark.parametrize(("kind", "setting"), [(kind, each) for kind, names in SETTINGS.items() for each in names])
@pytest.mark.parametrize(("value", "error"), BAD_NUMBERS)
def test_settings_that_are_no_numbers_in_their_range_are_refused(kind: str, setting: str, value, error):
    with pytest.raises(error, match=f"{setting} must be a"):
        getattr(optim, kind)([parameter(2)], **{"lr": 0.1, setting: value})


@pytest.mark.parametrize(("kind", "setting"), [(kind, each) for kind in SETTINGS for each in SETTINGS[kind][:2]])
@pytest.mark.parametrize(("value", "error"), BAD_NUMBERS)
def test_a_setting_that_is_assigned_later_is_refused_by_the_next_step(kind: str, setting: str, value, error):
    p = parameter(2)
    optimizer = getattr(optim, kind)([p], lr=0.1)
    p.grad = np.ones(2, np.float32)
    setattr(optimizer, setting, value)
    with pytest.raises(error, match=f"{setting} must be a"):
        optimizer.step()
    np.testing.assert_array_equal(p.data, [1, 1])
    assert optimizer.state[0]["step"] == 0


@pytest.mark.parametrize(("value", "error"), BAD_NUMBERS)
def test_weight_decays_are_checked_by_group_and_when_assigned_later(value, error):
    groups = [{"params": [parameter(2)]}, {"params": [parameter(2)], "weight_decay": value}]
    with pytest.raises(error, match="weight_decay must be a"):
        optim.AdamW(groups)
    optimizer = optim.AdamW([parameter(2), parameter(2)])
    optimizer.weight_decays[1] = value
    with pytest.raises(error, match="weight_decay must be a"):
        optimizer.step()


@pytest.mark.parametrize(("value", "error"), BAD_NUMBERS)
def test_learning_rates_are_checked_by_group_and_when_assigned_later(value, error):
    groups = [{"params": [parameter(2)]}, {"params": [parameter(2)], "lr": value}]
    with pytest.raises(error, match="lr of a group must be a"):
        optim.AdamW(groups)
    optimizer = optim.AdamW([parameter(2), parameter(2)])
    optimizer.lr_ratios[1] = value
    with pytest.raises(error, match="lr_ratio must be a"):
        optimizer.step()


@pytest.mark.parametrize(
    ("betas", "error", "message"),
    [
        (0.9, TypeError, "betas must be two numbers, got 0.9"),
        ((0.9,), ValueError, r"betas must be two numbers, got \(0.9,\)"),
        ((0.9, 0.99, 0.999), ValueError, "betas must be two numbers"),
        ("ab", TypeError, "betas must be two numbers"),
        ((0.9, float("nan")), ValueError, r"betas\[1\] must be a finite number .* got nan"),
        ((1.0, 0.9), ValueError, r"betas\[0\] must be a finite number at least 0 and below 1, got 1.0"),
        ((0.9, "0.9"), TypeError, r"betas\[1\] must be a number"),
    ],
)
def test_betas_are_two_numbers_below_one(betas, error, message: str):
    with pytest.raises(error, match=message):
        optim.Adam([parameter(2)], betas=betas)
    optimizer = optim.Adam([parameter(2)])
    optimizer.betas = betas
    with pytest.raises(error, match=message):
        optimizer.step()


def test_a_wide_learning_rate_does_not_widen_a_float32_step():
    one, other = parameter(3), parameter(3)
    for p, lr in ((one, 0.1), (other, np.float64(0.1))):
        optimizer = optim.SGD([p], lr=0.5)
        optimizer.lr = lr
        p.grad = np.full(3, 0.3, np.float32)
        optimizer.step()
    np.testing.assert_array_equal(one.data, other.data)


# -- states -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("exp_avg.0", np.ones((2, 2)), ValueError, "wrong dtype: exp_avg.0 is float64, expected float32"),
        ("step.0", np.array([2.7]), ValueError, "wrong dtype: step.0 is float64, expected int64"),
        ("step.0", np.array([np.nan]), ValueError, "wrong dtype: step.0 is float64, expected int64"),
        ("step.0", np.array([-1]), ValueError, "step.0 must be at least 0, got -1"),
        ("step.0", np.array(3), ValueError, r"wrong shape: step.0 is \(\), expected \(1,\)"),
        ("step.0", [3], TypeError, r"arrays\['step.0'\] must be an array, got list"),
        (
            "exp_avg_sq.0",
            [[1.0, 1.0]] * 2,
            TypeError,
            r"arrays\['exp_avg_sq.0'\] must be an array, got list",
        ),
        ("exp_avg_sq.0", None, TypeError, r"arrays\['exp_avg_sq.0'\] must be an array, got NoneType"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_changes(name, value, error, message: str):
    optimizer = optim.Adam([parameter(2, 2)])
    before = {key: array.copy() for key, array in optimizer.state_dict().items()}
    state = {key: array + 1 for key, array in before.items()} | {name: value}
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(state)
    for key, array in optimizer.state_dict().items():
        np.testing.assert_array_equal(array, before[key])


@pytest.mark.parametrize("arrays", [None, [np.ones(1)], "state"])
def test_a_state_that_is_no_dictionary_is_refused(arrays):
    with pytest.raises(TypeError, match="arrays must be a dictionary of arrays, got"):
        optim.Adam([parameter(2)]).load_state_dict(arrays)
