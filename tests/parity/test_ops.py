"""Every op against PyTorch: output and gradients, on the reference and on the fast kernels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, use_kernels
from tests.minigrad.cases import CASES, IDS, Case, draw_inputs

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-5), (np.float32, 1e-4)])
def test_op_agrees_with_pytorch(case: Case, kernels: str, dtype, tolerance: float):
    @settings(max_examples=10)
    @given(shapes=case.shapes, seed=st.integers(0, 2**16))
    def check(shapes, seed):
        arrays = draw_inputs(case, shapes, seed, dtype)
        ours = [Tensor(array.copy(), requires_grad=True) for array in arrays]
        theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
        with use_kernels(kernels):
            our_out = case.call(*ours)
        their_out = case.torch(torch, *theirs)
        gradient = np.random.default_rng(seed).standard_normal(our_out.shape).astype(dtype)
        with use_kernels(kernels):
            our_out.backward(gradient)
        if their_out.requires_grad:
            their_out.backward(torch.tensor(gradient))
        assert_close(our_out.data, their_out.detach().numpy(), tolerance)
        for our, their in zip(ours, theirs, strict=True):
            their_grad = np.zeros(their.shape, dtype) if their.grad is None else their.grad.numpy()
            assert_close(our.grad, their_grad, tolerance)

    check()


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Equal up to `tolerance` relative to the largest value of the array."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    scale = np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * max(scale, 1e-3))
