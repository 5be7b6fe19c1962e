"""Adam's CUDA kernel, run on the CPU: against the reference, for any strides, in every branch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import elementwise
from minigrad.kernels.adam import AdamHyperparameters, cuda
from minigrad.kernels.adam import reference as adam_reference
from tests.minigrad.cuda.test_cuda_gelu import elsewhere
from tests.minigrad.test_fast_kernels import LAYOUTS, assert_agrees, dtypes, seeds, sizes, wide

NAMES = "data", "grad", "m", "v"
HYPERPARAMETERS = AdamHyperparameters(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, step=3, decay=0.99)


def stepped(
    *arrays: np.ndarray, layout: str = "contiguous", hyperparameters: AdamHyperparameters = HYPERPARAMETERS
) -> tuple[np.ndarray, ...]:
    """What data, m and v are after a step; the arguments stay as they are."""
    data, grad, m, v = (LAYOUTS[layout](array.copy()) for array in arrays)
    cuda.adam_step(data, grad, m, v, hyperparameters)
    return data, m, v


def four_arrays(seed: int, dtype: type, *shape: int) -> list[np.ndarray]:
    data, grad, m, v = np.random.default_rng(seed).standard_normal((4, *shape)).astype(dtype)
    return [data, grad, m, abs(v) + np.asarray(0.1, dtype)]


@given(
    seeds,
    dtypes,
    st.sampled_from(sorted(set(LAYOUTS) - {"broadcast"})),
    st.lists(sizes | st.just(0), min_size=1, max_size=2),
    st.integers(1, 1000),
    st.sampled_from([0.0, 1e-8, 1e-3]),
    st.sampled_from([1.0, 0.999]),
)
@settings(max_examples=40)
def test_the_kernel_agrees_with_the_reference(on_host, seed, dtype, layout, shape, step, eps, decay):
    arrays = four_arrays(seed, dtype, *shape)
    hyperparameters = AdamHyperparameters(lr=1.0, beta1=0.9, beta2=0.999, eps=eps, step=step, decay=decay)
    exact, natural = wide(*arrays), wide(*map(np.abs, arrays))
    adam_reference.adam_step(*exact, hyperparameters)
    natural_m = 0.9 * natural[2] + 0.1 * natural[1]
    step_size = natural_m / (1 - 0.9**step) / np.sqrt(exact[3] / (1 - 0.999**step))
    data, m, v = on_host(lambda *given: stepped(*given, layout=layout, hyperparameters=hyperparameters), *arrays)
    assert_agrees(data, exact[0], natural[0] + step_size, dtype)
    assert_agrees(m, exact[2], natural_m, dtype)
    assert_agrees(v, exact[3], exact[3], dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shifted", [*NAMES, "none of them"])
@pytest.mark.parametrize("threads", [64, 256])
def test_arrays_that_start_between_packs_and_threads_that_loop(on_host, monkeypatch, dtype, shifted, threads):
    arrays = four_arrays(0, dtype, 1027)
    expected = stepped(*arrays)
    monkeypatch.setattr(elementwise, "THREADS", threads)
    monkeypatch.setattr(elementwise, "MAX_BLOCKS", 1)

    def step(*given: np.ndarray) -> tuple[np.ndarray, ...]:
        data, grad, m, v = (elsewhere(array, name == shifted) for name, array in zip(NAMES, given, strict=True))
        cuda.adam_step(data, grad, m, v, HYPERPARAMETERS)
        return data, m, v

    for one, other in zip(on_host(step, *arrays), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_and_infinity_come_out_where_they_do_in_the_reference(on_host, name, value):
    arrays = four_arrays(0, np.float32, 11)
    arrays[NAMES.index(name)][5] = value
    expected = [array.copy() for array in arrays]
    adam_reference.adam_step(*expected, HYPERPARAMETERS)
    for one, other in zip(on_host(stepped, *arrays), (expected[0], *expected[2:]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
