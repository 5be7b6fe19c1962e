"""Where arrays live: `"cpu"` (NumPy) or `"cuda"` (CuPy).

Ops call NumPy's functions on whatever array they are given. NumPy hands a call on a CuPy array to
CuPy (`__array_ufunc__`, `__array_function__`: NEP 13 and NEP 18), so that an op is written once.
Only this file knows how an array gets from one device to the other.

A model moves by `model.to("cuda")`, a tensor by `tensor.to("cuda")`. Tensors of two devices do not mix: the op
says so. Constants do, since it is plain where they have to go: a NumPy array beside a tensor on a GPU is moved
by the op, and so are token ids, labels, masks and indices, which models take as NumPy arrays on either device.
Ids and labels are checked before they are moved, where no GPU has to be waited for. All random numbers are drawn
on the CPU, so that a seed means the same on both.
"""

import importlib
import sys
from typing import Any

import numpy as np

from minigrad.errors import DeviceError


def device_of(array: Any) -> str:
    """`"cpu"` for a NumPy array (or number), `"cuda"` for a CuPy array."""
    return "cpu" if isinstance(array, np.ndarray | np.generic) else "cuda"


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


def beside(array: Any, other: Any) -> Any:
    """The array on the device of `other`; itself if it is there already."""
    return array if type(array) is type(other) else to_device(array, device_of(other))


def check_one_device(a: Any, b: Any) -> None:
    """Raise DeviceError, naming the op, if the arrays of its tensors are on different devices."""
    one, other = device_of(a), device_of(b)
    if one != other:
        frame: Any = sys._getframe(2)  # the op called what calls this
        while frame.f_code.co_name.startswith("<"):  # from within a comprehension
            frame = frame.f_back
        raise DeviceError(
            f'{frame.f_code.co_name} needs tensors on one device, got one on "{one}" and one on "{other}"; '
            'move one of them, as with .to("cuda")'
        )


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
