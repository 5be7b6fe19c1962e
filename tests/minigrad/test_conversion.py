"""From numbers to arrays: which dtype a number gets, and what is no number."""

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.conversion import as_array, number_like


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, np.float32),
        ([[1.5, 2.0]], np.float32),
        (3, np.int64),
        ([True, False], np.bool_),
        (np.float64(1.5), np.float64),
        (np.float16(1.5), np.float16),
        (np.ones(2), np.float64),
    ],
)
def test_python_floats_become_float32_and_everything_of_numpys_keeps_its_dtype(data, dtype):
    array = as_array(data)
    assert type(array) is np.ndarray
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, data)


def test_an_array_is_taken_as_it_is():
    array = np.ones(2)
    assert as_array(array) is array


@pytest.mark.parametrize("data", ["text", None, [1j], np.array(["a"]), np.array([{}]), np.ones(1, complex)])
def test_what_is_no_real_number_is_refused(data):
    with pytest.raises(TypeError, match="data must be numbers, got"):
        as_array(data)


def test_a_tensor_of_a_tensor_is_refused():
    with pytest.raises(TypeError, match=r"already a Tensor; use \.detach\(\)"):
        Tensor(Tensor([1.0]))


@pytest.mark.parametrize(
    ("number", "beside", "dtype"),
    [
        (0.5, np.float16, np.float16),
        (0.5, np.float32, np.float32),
        (2, np.float64, np.float64),
        (2, np.int32, np.int32),
        (2**40, np.int64, np.int64),
        (0.5, np.int8, np.float64),
        (0.5, np.int32, np.float64),
        (0.5, np.bool_, np.float64),
        (2, np.bool_, np.int64),
    ],
)
def test_a_number_beside_an_array_takes_its_dtype_or_the_one_that_numpy_gives_it(number, beside, dtype):
    array = number_like(number, np.ones((2, 3), beside))
    assert (array.shape, array.dtype, array.item()) == ((), dtype, number)
