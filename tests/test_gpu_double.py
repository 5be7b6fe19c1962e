"""The stand-in for a GPU takes and refuses what CuPy does. CuPy's arrays are made around memory of the host, so no GPU
is needed: CuPy looks at its arguments first, and what it would take ends in the lack of a driver."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import gpu_double

cupy = pytest.importorskip("cupy")
if cupy.cuda.is_available():
    pytest.skip("there is a GPU, which would take the host's memory for its own", allow_module_level=True)

NUMBERS, ROWS = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0, 1])


def around(host: np.ndarray) -> Any:
    """A CuPy array in the memory of a NumPy array. It can be looked at and cut up, but not computed with."""
    memory = cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, 0)
    return cupy.ndarray(host.shape, host.dtype, memptr=cupy.cuda.MemoryPointer(memory, 0))


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "an operator": lambda x, rows: x + x,
    "a number": lambda x, rows: np.float32(2) * x,
    "a function": lambda x, rows: np.tanh(x),
    "a comparison": lambda x, rows: x > 0,
    "at": lambda x, rows: np.add.at(x, rows, x),
    "out": lambda x, rows: np.add(x, x, out=x),
    "in place": lambda x, rows: operator.iadd(x, x),
    "an index": lambda x, rows: x[rows],
    "a list as an index": lambda x, rows: x[[0, 1]],
    "writing": lambda x, rows: operator.setitem(x, 0, 1.0),
    "writing with an index of NumPy's": lambda x, rows: operator.setitem(x, ROWS, 1.0),
    "writing a NumPy array": lambda x, rows: operator.setitem(x, 0, NUMBERS[0]),
    "np.asarray": lambda x, rows: np.asarray(x),
    "np.asarray, like": lambda x, rows: np.asarray(NUMBERS, like=x),
    "np.arange, like": lambda x, rows: np.arange(3, like=x),
    "np.vectorize": lambda x, rows: np.vectorize(abs)(x),
    "np.max, initial": lambda x, rows: np.max(x, axis=-1, keepdims=True, initial=0),
    "np.max": lambda x, rows: np.max(x, axis=-1, keepdims=True),
    "max, initial": lambda x, rows: x.max(axis=-1, initial=0),
    "sum, dtype": lambda x, rows: x.sum(axis=0, dtype="float64"),
    "empty_like": lambda x, rows: np.empty_like(x, shape=(2,), dtype=np.int64, order="C"),
    "full_like": lambda x, rows: np.full_like(x, 2.0, shape=()),
    "searchsorted": lambda x, rows: np.searchsorted(rows, rows, side="right"),
    "argsort": lambda x, rows: np.argsort(rows, kind="stable"),
    "transpose": lambda x, rows: x.transpose(None),
    "broadcast_to": lambda x, rows: np.broadcast_to(x, (4, 2, 3)),
    "ravel_multi_index": lambda x, rows: np.ravel_multi_index((rows, rows), (2, 3), mode="wrap"),
    "split": lambda x, rows: np.split(x, [1], axis=1),
    "expand_dims": lambda x, rows: np.expand_dims(x, (0, 1)),
    "squeeze": lambda x, rows: x[None].squeeze(0),
    "astype": lambda x, rows: x.astype(np.float64, copy=False),
    "len": lambda x, rows: len(x),
    "item": lambda x, rows: x[0, 0].item(),
    "bool": lambda x, rows: bool(x[0, 0]),
    "ctypes": lambda x, rows: x.ctypes,
    "a method that it has not": lambda x, rows: x.setflags(write=False),
}


def is_taken(call: Callable[[Any, Any], Any], *arrays: Any) -> bool:
    try:
        call(*arrays)
    except (TypeError, ValueError, AttributeError):
        return False
    except cupy.cuda.runtime.CUDARuntimeError:  # it would have been computed
        return True
    return True


@pytest.mark.parametrize("name", CALLS)
def test_it_takes_what_cupy_takes(name):
    by_cupy = is_taken(CALLS[name], around(NUMBERS.copy()), around(ROWS))
    stand_in = is_taken(CALLS[name], gpu_double.asarray(NUMBERS), gpu_double.asarray(ROWS))
    assert stand_in == by_cupy


@pytest.mark.parametrize(
    "mix",
    [
        lambda x: x + NUMBERS,
        lambda x: NUMBERS * x,
        lambda x: np.less(NUMBERS, x),
        lambda x: np.where(NUMBERS > 0, x, 0),
        lambda x: np.concatenate([x, NUMBERS]),
        lambda x: operator.iadd(x, NUMBERS),
        lambda x: operator.iadd(NUMBERS.copy(), x),
        lambda x: x[ROWS],
    ],
)
def test_it_never_meets_a_numpy_array(mix):
    with pytest.raises(TypeError):
        mix(gpu_double.asarray(NUMBERS))


def test_views_share_memory_and_moves_do_not():
    host = NUMBERS.copy()
    x = gpu_double.asarray(host)
    row = x[0]
    row += 1
    np.testing.assert_array_equal(host, NUMBERS)
    np.testing.assert_array_equal(x.get()[0], NUMBERS[0] + 1)
    assert row.base is not None
    assert (x + x).base is None
    x.get()[...] = 0
    assert x.get().any()
