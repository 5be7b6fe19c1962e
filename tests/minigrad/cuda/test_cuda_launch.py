"""The launcher: what CUDA would take without a word and misread is refused, and names what is wrong."""

import functools
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import DeviceError
from minigrad.kernels import cuda_source
from minigrad.kernels.cuda_source import OPTIONS, CudaSource, address, c_type, contiguous

SOURCE = CudaSource(str(Path(__file__).with_name("kernels.cu")))
X = np.zeros((4, 6), np.float32)


class ArrayOnGPU:
    """What the launcher asks of a CuPy array."""

    __cuda_array_interface__: dict = {}  # noqa: RUF012
    shape, strides, dtype = (4, 6), (24, 4), np.dtype(np.float32)

    def __init__(self, gpu: int = 0, contiguous: bool = True) -> None:
        self.device, self.data = types.SimpleNamespace(id=gpu), types.SimpleNamespace(ptr=4096)
        self.flags = types.SimpleNamespace(c_contiguous=contiguous)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((X, 3), TypeError, r"argument 1 of k must be an array or one of np.int32, .*; got 3 of type int"),
        ((X, 2.5), TypeError, r"got 2.5 of type float"),
        ((X, np.int16(3)), TypeError, r"got np.int16\(3\) of type int16"),
        ((None, X), TypeError, r"argument 0 of k .* got None of type NoneType"),
        ((X, X.T), ValueError, r"argument 1 of k must be C-contiguous, got shape \(6, 4\) with strides \(4, 24\)"),
        ((X[:, ::2],), ValueError, r"argument 0 of k must be C-contiguous"),
        ((ArrayOnGPU(contiguous=False),), ValueError, r"argument 0 of k must be C-contiguous"),
        ((X, ArrayOnGPU(1)), DeviceError, r"k was given arrays on the CPU and GPU 1; move them to one device first"),
        ((ArrayOnGPU(0), ArrayOnGPU(1)), DeviceError, r"arrays on GPU 0 and GPU 1"),
    ],
)
def test_arguments_that_a_kernel_would_misread_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        SOURCE.launch("k", 1, 32, *arguments)


@pytest.mark.parametrize(
    ("grid", "block", "message"),
    [
        (1, 0, "a block has 1 to 1024 threads"),
        (1, 1025, "a block has 1 to 1024 threads"),
        (1, (32, 33), "a block has 1 to 1024 threads"),
        (1, (1, 1, 65), "at most 64 along z"),
        (-1, 32, "a grid has"),
        (2**31, 32, "a grid has"),
        ((1, 2**16), 32, "a grid has"),
        ((1, 1, 1, 1), 32, "grid must be one to three integers"),
        (1, (), "block must be one to three integers"),
    ],
)
def test_a_grid_that_no_gpu_can_run_is_refused(grid, block, message):
    with pytest.raises(ValueError, match=message):
        SOURCE.launch("k", grid, block, X)


def test_a_grid_without_blocks_runs_nothing_and_compiles_nothing():
    SOURCE.launch("there_is_no_such_kernel", (3, 0), 32, X)
    with pytest.raises(TypeError, match="argument 1"):  # but is checked
        SOURCE.launch("there_is_no_such_kernel", 0, 32, X, 3)


def test_on_the_host_the_arguments_must_be_of_the_kernels_types(on_host):
    out = np.zeros(1)
    bfloat16 = np.ones(1, np.dtype("V2"))
    fits = [
        np.ones(1, np.float32), out, np.ones(1, np.int32), np.ones(1, np.int64), np.ones(1, bool), np.ones(1, np.uint8),
        bfloat16, np.int32(1), np.int64(1), np.float32(1), np.float64(1),
    ]  # fmt: skip
    bfloat16.view(np.uint16)[0] = 1
    SOURCE.launch("every_type", 1, 1, *fits)
    assert out[0] == 10
    with pytest.raises(TypeError, match="every_type takes 11 arguments, got 10"):
        SOURCE.launch("every_type", 1, 1, *fits[:-1])
    for i, argument in enumerate(fits):
        another = np.zeros(1, np.int16) if argument.shape else np.float64(1) if i < 10 else np.float32(1)
        with pytest.raises(TypeError, match=rf"argument {i} of every_type must be \S+ \(NumPy's codes, .*, got"):
            SOURCE.launch("every_type", 1, 1, *fits[:i], another, *fits[i + 1 :])


@pytest.fixture
def fake_cupy(monkeypatch: pytest.MonkeyPatch) -> list:
    """A CuPy that writes down what it is asked for."""
    asked = []

    class RawModule:
        def __init__(self, **options) -> None:
            asked.append(options)

        def get_function(self, name: str):
            return lambda *launched: asked.append((name, *launched))

    cuda = types.SimpleNamespace(is_available=lambda: True, runtime=types.SimpleNamespace(getDevice=lambda: 0))
    monkeypatch.setitem(sys.modules, "cupy", types.SimpleNamespace(cuda=cuda, RawModule=RawModule))
    for cached in (cuda_source._compiled, cuda_source._cuda_runtime):
        monkeypatch.setattr(cuda_source, cached.__name__, functools.cache(cached.__wrapped__))
    return asked


def test_arrays_on_a_gpu_go_to_cupy_which_compiles_a_kernel_once(fake_cupy):
    x, n = ArrayOnGPU(), np.int32(3)
    SOURCE.launch("ring", (2, 3), 32, x, n)
    SOURCE.launch("ring", 5, (4, 8), x, n)
    code = SOURCE.path.read_text("utf-8")
    assert fake_cupy == [
        {"code": code, "options": OPTIONS, "name_expressions": ("ring",)},
        ("ring", (2, 3, 1), (32, 1, 1), (x, n)),
        ("ring", (5, 1, 1), (4, 8, 1), (x, n)),
    ]


def test_arrays_on_a_gpu_that_is_not_the_current_one_are_refused(fake_cupy):
    with pytest.raises(DeviceError, match="arrays on GPU 1, and GPU 0 is the current one"):
        SOURCE.launch("ring", 1, 32, ArrayOnGPU(1), np.int32(3))
    assert fake_cupy == []


def test_the_type_of_arrays_in_c():
    assert [c_type(np.zeros(1, dtype)) for dtype in (np.float32, np.float64)] == ["float", "double"]
    assert c_type(X, X) == "float"
    with pytest.raises(TypeError, match="got an array of int64"):
        c_type(np.zeros(1, np.int64))
    with pytest.raises(TypeError, match="got an array of bfloat16"):  # which tensor cores alone take
        c_type(types.SimpleNamespace(dtype=types.SimpleNamespace(name="bfloat16")))
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        c_type(X, np.zeros(1))


def test_a_contiguous_array_is_not_copied():
    assert contiguous(X) is X
    copy = contiguous(X.T)
    assert copy.flags.c_contiguous
    np.testing.assert_array_equal(copy, X.T, strict=True)


def test_an_address_is_that_of_the_first_element():
    assert address(X[1:]) - address(X) == 24
    assert address(ArrayOnGPU()) == 4096
