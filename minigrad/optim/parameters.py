"""Checks of the parameters and gradients that optimizers and clipping receive.

A user may assign anything to `.grad`, and compiled kernels that read and write it do not check bounds. So all gradients
are checked before the first array changes.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.array_type import Array
from minigrad.device import device_of
from minigrad.errors import DeviceError
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor

DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
"""The dtypes of parameters that can be trained: those that the kernels compute in."""

_NOT_LISTS = (dict, set, frozenset, str, np.ndarray)


def entries(params: Any) -> list[Any]:
    """The items of `params` as a list (`params` itself if it is one).

    Raises:
        TypeError: if it is not an iterable with a fixed order. A single tensor would be iterated over row by row, and
            the order of a set differs from run to run.
    """
    if type(params) is list:
        return params
    if isinstance(params, Module):
        raise TypeError(f"params must be a list of parameters, got a {type(params).__name__}; pass its .parameters()")
    if isinstance(params, Tensor):
        raise TypeError(f"params must be a list of parameters, got a {type(params).__name__}; pass [parameter]")
    if isinstance(params, _NOT_LISTS) or not isinstance(params, Iterable):
        raise TypeError(f"params must be a list of parameters, got {type(params).__name__}")
    return list(params)


def check_tensors(params: Sequence[Any]) -> None:
    """Raise TypeError unless all of `params` are tensors, ValueError if one of them occurs twice."""
    if not all(issubclass(kind, Tensor) for kind in set(map(type, params))):
        i, other = next((i, each) for i, each in enumerate(params) if not isinstance(each, Tensor))
        raise TypeError(f"params[{i}] must be a Tensor, got {type(other).__name__}")
    if len(set(map(id, params))) != len(params):
        raise ValueError("params names the same parameter twice")


def is_updated(parameter: Tensor) -> bool:
    """Whether a step updates it: if it has a gradient and is not frozen. A frozen one may have an old gradient."""
    return parameter.grad is not None and parameter.requires_grad


def check_trainable(params: Sequence[Tensor]) -> None:
    """Check that every tensor can receive a gradient and be updated, at least once it is no longer frozen.

    Raises:
        ValueError: if one is the result of an op, or does not require a gradient and is not a frozen `nn.Parameter`.
        TypeError: if the dtype of one is not float32 or float64.
    """
    for i, parameter in enumerate(params):
        if parameter._node is not None:
            raise ValueError(f"params[{i}] is the result of an op; only leaves, such as an nn.Parameter, collect .grad")
        if not parameter.requires_grad and not isinstance(parameter, Parameter):
            raise ValueError(
                f"params[{i}] has requires_grad=False, so it never gets a gradient; only an nn.Parameter may be frozen"
            )
        if parameter.dtype not in DTYPES:
            raise TypeError(f"params[{i}] must be float32 or float64, got {parameter.dtype}")


def check_gradients(params: Sequence[Tensor]) -> None:
    """Check that every gradient fits its tensor. A tensor without a gradient passes.

    Raises:
        ValueError: if a gradient has another shape than its tensor.
        TypeError: if it has another dtype, or is not an array.
        DeviceError: if it is on another device.
    """
    for i, parameter in enumerate(params):
        grad = parameter.grad
        if grad is None:
            continue
        data = parameter._data
        # This runs for every parameter in every step, so one comparison must pass what is right.
        if type(grad) is not type(data) or grad.dtype is not data.dtype or grad.shape != data.shape:
            if isinstance(grad, np.generic):  # NumPy's arithmetic turns arrays without axes into scalars
                parameter.grad = grad = np.array(grad)
            _check_gradient(f"params[{i}].grad", grad, data)


def _check_gradient(name: str, grad: Array, data: Array) -> None:
    if not isinstance(grad, np.ndarray) and not hasattr(grad, "__cuda_array_interface__"):
        raise TypeError(f"{name} must be an array, got {type(grad).__name__}")
    if device_of(grad) != device_of(data):
        raise DeviceError(f'{name} is on "{device_of(grad)}", its parameter on "{device_of(data)}"')
    if grad.shape != data.shape:
        raise ValueError(f"{name} must have the shape of its parameter, {data.shape}; got {grad.shape}")
    if grad.dtype != data.dtype:
        raise TypeError(f"{name} must have the dtype of its parameter, {data.dtype}; got {grad.dtype}")
