"""Devices: an array is on `"cpu"` (NumPy) or on `"cuda"` (CuPy).

Ops call NumPy's functions on arrays of both kinds. NumPy passes a call on a CuPy array to CuPy (`__array_ufunc__` and
`__array_function__`, NEP 13 and NEP 18), so that an op is written once. Only this file moves arrays between devices.

`model.to("cuda")` moves a model, `tensor.to("cuda")` a tensor. An op raises DeviceError for tensors on two devices,
but moves constants: a NumPy array that meets a tensor on a GPU goes to the GPU, and so do token ids, labels, masks and
indices, which models take as NumPy arrays on either device. Ids and labels are checked before they are moved, because
a check on the GPU would have to wait for it. All random numbers are drawn on the CPU, so that a seed gives the same
numbers on both.
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
    """The array on `device`. It is not copied if it is there already.

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
    """The array on the device of `other`. It is not copied if it is there already."""
    return array if type(array) is type(other) else to_device(array, device_of(other))


def check_one_device(a: Any, b: Any) -> None:
    """Raise DeviceError, naming the op, if the arrays of its tensors are on different devices."""
    one, other = device_of(a), device_of(b)
    if one != other:
        frame: Any = sys._getframe(2)  # the op, which called the function that calls this one
        while frame.f_code.co_name.startswith("<"):  # a comprehension in the op
            frame = frame.f_back
        raise DeviceError(
            f'{frame.f_code.co_name} needs tensors on one device, got one on "{one}" and one on "{other}"; '
            'move one of them, as with .to("cuda")'
        )


def cupy() -> Any:
    """The CuPy module, imported when a GPU is first used.

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
