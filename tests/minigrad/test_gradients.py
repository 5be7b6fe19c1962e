"""Every op's backward rule against finite differences, on the reference and on the fast kernels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, ops, use_kernels
from minigrad.gradcheck import gradcheck

from .cases import CASES, IDS, Case, draw_inputs

NOT_DIFFERENTIABLE = {"IGNORE", "check_ids"}


def test_every_op_has_a_case():
    assert {case.op for case in CASES} == set(ops.__all__) - NOT_DIFFERENTIABLE


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("kernels", ["reference", "fast"])
def test_backward_agrees_with_finite_differences(case: Case, kernels: str):
    @settings(max_examples=15)
    @given(shapes=case.shapes, seed=st.integers(0, 2**16))
    def check(shapes, seed):
        with use_kernels(kernels):
            gradcheck(case.call, draw_inputs(case, shapes, seed), seed=seed)

    check()


@pytest.mark.parametrize("case", [case for case in CASES if case.kernel], ids=lambda case: case.op)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-4)])
def test_fast_kernels_agree_with_the_reference(case: Case, dtype, tolerance: float):
    @settings(max_examples=15)
    @given(shapes=case.shapes, seed=st.integers(0, 2**16))
    def check(shapes, seed):
        results = []
        for kernels in ("reference", "fast"):
            with use_kernels(kernels):
                tensors = [Tensor(array, requires_grad=True) for array in draw_inputs(case, shapes, seed, dtype)]
                out = case.call(*tensors)
                out.backward(np.random.default_rng(seed).standard_normal(out.shape).astype(dtype))
            results.append([out.data, *[tensor.grad for tensor in tensors]])
        for expected, found in zip(*results, strict=True):
            assert found.dtype == expected.dtype == dtype
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    check()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_rules_return_new_arrays_and_leave_what_they_read_alone(case: Case):
    @settings(max_examples=5)
    @given(shapes=case.shapes, seed=st.integers(0, 2**16))
    def check(shapes, seed):
        arrays = draw_inputs(case, shapes, seed)
        tensors = [Tensor(array.copy(), requires_grad=True) for array in arrays]
        out = case.call(*tensors)
        gradient = np.random.default_rng(seed).standard_normal(out.shape)
        kept = gradient.copy()
        out.backward(gradient, retain_graph=True)
        first = [tensor.grad.copy() for tensor in tensors]
        for tensor in tensors:
            tensor.grad += 1.0  # whoever shares this array would notice
        for tensor in tensors:
            tensor.grad = None
        out.backward(gradient)
        for tensor, array, expected in zip(tensors, arrays, first, strict=True):
            np.testing.assert_array_equal(tensor.grad, expected)
            np.testing.assert_array_equal(tensor.data, array)
        np.testing.assert_array_equal(gradient, kept)

    check()


def test_the_check_itself_notices_a_wrong_rule():
    def wrong(x: Tensor) -> Tensor:
        return ops.mul(x, Tensor(x.data))  # forgets that the second factor depends on x too

    with pytest.raises(AssertionError, match="gradient of input 0"):
        gradcheck(wrong, [np.array([1.0, 2.0])])


def test_the_check_refuses_float32():
    with pytest.raises(TypeError, match="float64"):
        gradcheck(ops.exp, [np.ones(2, np.float32)])
