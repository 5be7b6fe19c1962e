"""Ops on a GPU, for which tests/gpu_double.py stands in: the same numbers as on the CPU, and nothing is mixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import IGNORE, Tensor, anomaly_mode, ops, use_kernels
from minigrad.errors import DeviceError, InPlaceError, NonFiniteError
from tests.gpu_double import waits
from tests.minigrad.cases import CASES, Case, draw_inputs

pytestmark = pytest.mark.usefixtures("gpu")


def gradients_on(device: str, case: Case, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The output and the gradients of a random projection of it."""
    leaves = [Tensor(x.copy()).to(device) for x in inputs]
    for leaf in leaves:
        leaf.requires_grad = True
    out = case.call(*leaves)
    assert out.device == device
    out.backward(np.random.default_rng(0).standard_normal(out.shape))
    assert all(leaf.device == device and type(leaf.grad) is type(leaf.data) for leaf in leaves)
    return [out.numpy(), *(Tensor(leaf.grad).numpy() for leaf in leaves)]


RUNS = [(case, kernels) for case in CASES for kernels in ("reference", "fast")]


@pytest.mark.parametrize(
    ("case", "kernels"), RUNS, ids=[f"{case.op}-{kernels}-{i}" for i, (case, kernels) in enumerate(RUNS)]
)
@settings(max_examples=3)
@given(data=st.data(), seed=st.integers(0, 100))
def test_an_op_gives_the_same_on_both_devices(case, kernels, data, seed):
    inputs = draw_inputs(case, data.draw(case.shapes), seed)
    with use_kernels("reference"):
        expected = gradients_on("cpu", case, inputs)
    with use_kernels(kernels):
        found = gradients_on("cuda", case, inputs)
    for one, other in zip(found, expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def tensor(*shape: int, device: str = "cpu", requires_grad: bool = False) -> Tensor:
    moved = Tensor(np.ones(shape, np.float32)).to(device)
    moved.requires_grad = requires_grad
    return moved


MIXED = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "where": lambda a, b: ops.where(np.ones((2, 2), bool), a, b),
    "mse_loss": ops.mse_loss,
    "binary_cross_entropy_with_logits": ops.binary_cross_entropy_with_logits,
    "matmul": lambda a, b: a @ b,
    "linear": ops.linear,
    "concatenate": lambda a, b: ops.concatenate([a, b]),
    "stack": lambda a, b: ops.stack([a, a, b]),
    "rms_norm": lambda a, b: ops.rms_norm(a, b[0]),
    "layer_norm": lambda a, b: ops.layer_norm(a, a[0], b[0]),
    "attention": lambda a, b: ops.attention(a[None, None], a[None, None], b[None, None]),
    "lstm": lambda a, b: ops.lstm(a[None], ARRAY[:1], ARRAY[:1], *lstm_weights(a, b)),
}


def lstm_weights(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return (tensor(8, 2, device=a.device), tensor(8, 2, device=a.device), tensor(8, device=b.device))


@pytest.mark.parametrize("order", [("cpu", "cuda"), ("cuda", "cpu")])
@pytest.mark.parametrize("op", MIXED)
def test_an_op_on_tensors_of_two_devices_says_so(op, order):
    a, b = (tensor(2, 2, device=device) for device in order)
    message = rf'{op} needs tensors on one device, got one on "{order[0]}" and one on "{order[1]}"; .*\.to\("cuda"\)'
    with pytest.raises(DeviceError, match=message):
        MIXED[op](a, b)
    for device in order:
        MIXED[op](tensor(2, 2, device=device), tensor(2, 2, device=device))


def test_the_bias_of_linear_and_of_attention_must_be_there_too():
    x, elsewhere = tensor(2, 2), tensor(2, device="cuda")
    with pytest.raises(DeviceError, match="linear needs tensors on one device"):
        ops.linear(x, x, elsewhere)
    q, bias = tensor(1, 1, 2, 2), tensor(1, 1, 2, 2, device="cuda")
    with pytest.raises(DeviceError, match="attention needs tensors on one device"):
        ops.attention(q, q, q, bias=bias)


ARRAY = np.full((2, 2), 3.0, np.float32)
CONSTANTS = {
    "a number": lambda x: 2 * x + 0.5,
    "an integer beside integers": lambda x: (x * 0 + 1) * 2,
    "a NumPy number": lambda x: x * np.float32(2) + np.float32(1) * x,
    "an array on the right": lambda x: x / ARRAY,
    "an array on the left": lambda x: ARRAY - x,
    "nested lists": lambda x: ops.add(x, [[1, 2], [3, 4]]),
    "an array in concatenate": lambda x: ops.concatenate([ARRAY, x]),
    "an array in stack": lambda x: ops.stack([ARRAY, x, [[1, 2], [3, 4]]]),
    "an array to be multiplied": lambda x: ARRAY @ x,
    "the input of linear": lambda x: ops.linear(ARRAY, x),
    "the input of a norm": lambda x: ops.rms_norm(ARRAY, x[0]),
    "a condition": lambda x: ops.where(ARRAY > 1, x, ARRAY),
    "an index": lambda x: x[np.array([1, 0, 1])],
    "a mask as an index": lambda x: x[np.array([True, False])],
    "a list as an index": lambda x: x[[1, 1]],
    "a NumPy integer as an index": lambda x: x[np.int64(1)],
    "an index of two arrays": lambda x: x[np.array([[1], [0]]), np.array([0, 1])],
    "ids": lambda x: ops.embedding([[0, 1], [1, 1]], x),
    "labels": lambda x: ops.cross_entropy(x, np.array([1, IGNORE])),
    "targets": lambda x: ops.binary_cross_entropy_with_logits(x, ARRAY / 4),
    "dropout's mask": lambda x: ops.dropout(x, 0.5, np.random.default_rng(0)),
    "an attention mask": lambda x: ops.attention(*[x[None, None]] * 3, mask=np.array([[1, 0]])),
    "a state": lambda x: ops.lstm(x[None], ARRAY[:1], ARRAY[:1], *lstm_weights(x, x))[0],
}


@pytest.mark.parametrize("constant", CONSTANTS)
def test_a_constant_goes_where_the_tensor_is(constant):
    with use_kernels("fast"):
        results = []
        for device in ("cpu", "cuda"):
            x = tensor(2, 2, device=device, requires_grad=True)
            out = CONSTANTS[constant](x)
            out.sum().backward()
            assert out.device == x.device == device
            results.append((out.numpy(), Tensor(x.grad).numpy()))
    for one, other in zip(*results, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_integers_beside_integers_stay_on_their_device():
    out = Tensor(np.array([1, 2])).to("cuda") * 2
    assert (out.device, out.dtype) == ("cuda", np.int64)
    np.testing.assert_array_equal(out.numpy(), [2, 4])


def test_ids_and_labels_from_the_host_are_checked_there_without_waiting_for_the_gpu():
    table = tensor(3, 4, device="cuda")
    logits = tensor(2, 3, device="cuda")
    with waits() as n_waits:
        ops.embedding(np.array([0, 2]), table)
        ops.cross_entropy(logits, np.array([0, IGNORE]))
        with pytest.raises(ValueError, match=r"ids must lie in \[0, 3\), .* got 3"):
            ops.embedding(np.array([0, 3]), table)
        with pytest.raises(ValueError, match=r"labels must lie in \[0, 3\), .* got -1"):
            ops.cross_entropy(logits, np.array([0, -1]))
    assert n_waits == [0]


def test_ids_labels_and_masks_may_be_on_the_gpu_themselves():
    def on_gpu(numbers: list) -> Tensor:
        return Tensor(np.array(numbers)).to("cuda")

    x = tensor(2, 2, device="cuda")
    assert ops.embedding(on_gpu([0, 1]), x).device == "cuda"
    with pytest.raises(ValueError, match=r"ids must lie in \[0, 2\), .* got 5"):
        ops.embedding(on_gpu([5, 1]), x)
    assert ops.cross_entropy(x, on_gpu([0, 1])).item() == pytest.approx(np.log(2))
    assert ops.attention(*[x[None, None]] * 3, mask=on_gpu([[1, 0]])).device == "cuda"
    assert x[on_gpu([1, 1])].device == ops.where(on_gpu([True, False]), x, 0.0).device == "cuda"


def test_indices_from_the_gpu_find_their_gradient():
    x = tensor(3, 2, device="cuda", requires_grad=True)
    x[Tensor(np.array([0, 0, -1])).to("cuda")].sum().backward()
    np.testing.assert_array_equal(Tensor(x.grad).numpy(), [[2, 2], [0, 0], [1, 1]])


def test_a_gradient_flows_back_to_the_device_that_the_tensor_came_from():
    x = tensor(2, requires_grad=True)
    (x.to("cuda") * 3).sum().to("cpu").backward()
    assert type(x.grad) is np.ndarray
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_backward_may_start_from_an_array_on_the_host():
    x = tensor(2, device="cuda", requires_grad=True)
    (x * 2).backward(np.array([1.0, 5.0]))
    np.testing.assert_array_equal(Tensor(x.grad).numpy(), [2, 10])


def test_two_leaves_on_the_gpu_do_not_share_a_gradient():
    x, y = (tensor(2, device="cuda", requires_grad=True) for _ in range(2))
    (x + y).sum().backward()
    (x + x).sum().backward()
    np.testing.assert_array_equal(Tensor(x.grad).numpy(), [3, 3])
    np.testing.assert_array_equal(Tensor(y.grad).numpy(), [1, 1])


def test_writing_into_a_tensor_on_the_gpu():
    x = tensor(2, 2, device="cuda")
    x[0] = np.array([5.0, 6.0])
    x[1, 0] = 7.0
    x[np.array([1]), 1] = Tensor([8.0])
    np.testing.assert_array_equal(x.numpy(), [[5, 6], [7, 8]])


def test_reading_a_tensor_on_the_gpu():
    x = tensor(2, device="cuda")
    assert repr(x) == "Tensor([1., 1.], dtype=float32)"
    assert float(x[0]) == x[1].item() == 1
    assert len(x) == 2
    assert bool(x[0])
    assert x.to("cuda") is x


def test_anomaly_mode_looks_at_arrays_on_the_gpu():
    x = tensor(2, device="cuda", requires_grad=True)
    with anomaly_mode():
        with pytest.raises(NonFiniteError, match="the output of `add`"):
            x + np.inf
        y = x * x
        x.data[0] = 4.0
        with pytest.raises(InPlaceError):
            y.sum().backward()
