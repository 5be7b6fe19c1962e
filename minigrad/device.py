"""Where arrays live: `"cpu"` (NumPy) or `"cuda"` (CuPy).

Ops call NumPy's functions on whatever array they are given. NumPy hands a call on a CuPy array to
CuPy (`__array_ufunc__`, `__array_function__`: NEP 13 and NEP 18), so that an op is written once.
Only this file knows how an array gets from one device to the other.
"""

import importlib
from typing import Any

import numpy as np

from minigrad.errors import DeviceError


def device_of(array: Any) -> str:
    """`"cpu"` for a NumPy array, `"cuda"` for a CuPy array."""
    return "cpu" if isinstance(array, np.ndarray) else "cuda"


def to_device(array: Any, device: str) -> Any:
    """The array on `device`; itself if it is there already.

    Raises:
        DeviceError: if CuPy or a GPU is missing.
        ValueError: if device is not "cpu" or "cuda".
    """
    if device not in ("cpu", "cuda"):
        raise ValueError(f'device must be "cpu" or "cuda", got {device!r}')
    if device == device_of(array):
        return array
    return array.get() if device == "cpu" else cupy().asarray(array)


def cupy() -> Any:
    """The CuPy module, imported when a GPU is first asked for.

    Raises:
        DeviceError: saying what is missing, if CuPy is not installed or finds no GPU.
    """
    try:
        module = importlib.import_module("cupy")
    except ImportError as error:
        raise DeviceError('device "cuda" needs CuPy: pip install "minigrad[cuda]"') from error
    if not module.cuda.is_available():
        raise DeviceError('device "cuda" needs an NVIDIA GPU and its driver; CuPy is installed but finds none')
    return module
