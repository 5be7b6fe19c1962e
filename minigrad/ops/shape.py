"""Ops that rearrange values without computing: their backward rules move the gradient back.

`getitem` with integer arrays may read a value several times, so its rule adds gradients up. Every other rule only
moves them.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.checks import whole_number
from minigrad.device import beside
from minigrad.kernels import embedding as embedding_kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, as_tensor, record


def reshape(x: TensorLike, shape: int | tuple[int, ...]) -> Tensor:
    """The same values in another shape; one length may be -1.

    Raises:
        ValueError: if the shape has another number of elements.
    """
    x = as_tensor(x)
    old_shape = x.shape
    try:
        out = x.data.reshape(shape)
    except ValueError:
        raise ValueError(f"shape must have the {x.size} elements of x, {old_shape}; got {shape}") from None

    def reshape_backward(grad: Array) -> Array:
        return grad.reshape(old_shape)

    return record(out, (x,), reshape_backward, view_of=x)


def transpose(x: TensorLike, axes: tuple[int, ...] | None = None) -> Tensor:
    """The axes in the order `axes`; None reverses them."""
    x = as_tensor(x)
    out = x.data.transpose(axes)  # checks the axes, too
    # argsort inverts a permutation: it finds the place of 0, of 1, … in it.
    inverse = None if axes is None else tuple(np.argsort([axis % x.ndim for axis in axes]).tolist())

    def transpose_backward(grad: Array) -> Array:
        return grad.transpose(inverse)

    return record(out, (x,), transpose_backward, view_of=x)


def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    x = as_tensor(x)

    def swapaxes_backward(grad: Array) -> Array:
        return grad.swapaxes(axis1, axis2)

    return record(x.data.swapaxes(axis1, axis2), (x,), swapaxes_backward, view_of=x)


def split_heads(x: TensorLike, n_heads: int) -> Tensor:
    """Cut the last axis into heads, which become an axis of their own: (B, T, H · K) → (B, H, T, K).

    Raises:
        ValueError: if x does not have three axes, or n_heads does not divide the last.
    """
    x, n_heads = as_tensor(x), whole_number("n_heads", n_heads, at_least=1)
    shape = x.shape
    if len(shape) != 3 or shape[2] % n_heads:
        raise ValueError(f"split_heads needs x (B, T, H · K) with H = n_heads = {n_heads}, got {shape}")
    batch, length, width = shape

    def split_heads_backward(grad: Array) -> Array:
        return grad.swapaxes(1, 2).reshape(shape)  # (B, H, T, K) → (B, T, H, K) → (B, T, H · K)

    out = x.data.reshape(batch, length, n_heads, width // n_heads).swapaxes(1, 2)  # (B, H, T, K)
    return record(out, (x,), split_heads_backward, view_of=x)


def merge_heads(x: TensorLike) -> Tensor:
    """Put the heads side by side again, the inverse of `split_heads`: (B, H, T, K) → (B, T, H · K)."""
    x = as_tensor(x)
    if x.ndim != 4:
        raise ValueError(f"merge_heads needs x (B, H, T, K), got {x.shape}")
    batch, n_heads, length, head_size = x.shape

    def merge_heads_backward(grad: Array) -> Array:
        return grad.reshape(batch, length, n_heads, head_size).swapaxes(1, 2)  # (B, H, T, K)

    out = x.data.swapaxes(1, 2).reshape(batch, length, n_heads * head_size)  # (B, T, H · K)
    return record(out, (x,), merge_heads_backward, view_of=x)


def expand_dims(x: TensorLike, axis: int | tuple[int, ...]) -> Tensor:
    """A new axis of length 1 at `axis`."""
    x = as_tensor(x)

    def expand_dims_backward(grad: Array) -> Array:
        return grad.squeeze(axis)

    return record(np.expand_dims(x.data, axis), (x,), expand_dims_backward, view_of=x)


def squeeze(x: TensorLike, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Remove the axes of length 1 at `axis` (None: all of them)."""
    x = as_tensor(x)
    old_shape = x.shape

    def squeeze_backward(grad: Array) -> Array:
        return grad.reshape(old_shape)

    return record(x.data.squeeze(axis), (x,), squeeze_backward, view_of=x)


def broadcast_to(x: TensorLike, shape: tuple[int, ...]) -> Tensor:
    """Repeat x along new axes and axes of length 1 to fill `shape`. `backward` sums over the repetitions.

    Raises:
        ValueError: if x does not broadcast to the shape.
    """
    x = as_tensor(x)
    try:
        out = np.broadcast_to(x.data, shape)
    except ValueError:
        raise ValueError(f"shape must be one that x, {x.shape}, broadcasts to; got {shape}") from None

    def broadcast_to_backward(grad: Array) -> Array:
        return grad  # `backward` sums it to the shape of x

    return record(out, (x,), broadcast_to_backward, view_of=x)


def concatenate(tensors: Iterable[TensorLike], axis: int = 0) -> Tensor:
    """Joined along an existing axis.

    Raises:
        ValueError: if there is no tensor, or the shapes differ along another axis.
    """
    values, axis = _all(tensors), whole_number("axis", axis)
    first = _first_tensor(values)
    inputs = tuple(as_operands(first, value)[1] for value in values)
    out = np.concatenate([tensor.data for tensor in inputs], axis=axis)
    boundaries = np.cumsum([tensor.shape[axis] for tensor in inputs])[:-1].tolist()  # where each next tensor begins

    def concatenate_backward(grad: Array) -> tuple[Array, ...]:
        return tuple(np.split(grad, boundaries, axis=axis))

    return record(out, inputs, concatenate_backward)


def stack(tensors: Iterable[TensorLike], axis: int = 0) -> Tensor:
    """Joined along a new axis.

    Raises:
        ValueError: if there is no tensor, or the shapes differ.
    """
    values, axis = _all(tensors), whole_number("axis", axis)
    first = _first_tensor(values)
    inputs = tuple(as_operands(first, value)[1] for value in values)

    def stack_backward(grad: Array) -> tuple[Array, ...]:
        return tuple(np.moveaxis(grad, axis, 0))  # one slice along the new axis for each input

    return record(np.stack([tensor.data for tensor in inputs], axis=axis), inputs, stack_backward)


def _all(tensors: Iterable[TensorLike]) -> list[TensorLike]:
    """The tensors as a list, because an iterator can be read only once."""
    values = list(tensors)
    if not values:
        raise ValueError("tensors must hold at least one tensor, got none")
    return values


def _first_tensor(values: Sequence[TensorLike]) -> TensorLike:
    """The first tensor, on whose device the others must be. If all are constants, a number: none has to be moved."""
    return next((value for value in values if isinstance(value, Tensor)), 0)


def split(x: TensorLike, sections: int, axis: int = -1) -> list[Tensor]:
    """Cut x into `sections` equal parts along `axis`, such as q, k and v from one projection.

    Raises:
        ValueError: if sections is less than 1 or does not divide the axis, or x has no such axis.
    """
    x, sections, axis = as_tensor(x), whole_number("sections", sections, at_least=1), whole_number("axis", axis)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis must be one of the {x.ndim} axes of x, got {axis}")
    length = x.shape[axis]
    if length % sections:
        raise ValueError(f"sections must divide the axis: {length} values do not make {sections} equal parts")
    step, before = length // sections, (slice(None),) * (axis % x.ndim)
    return [getitem(x, (*before, slice(i * step, (i + 1) * step))) for i in range(sections)]


def getitem(x: TensorLike, index: Any) -> Tensor:
    """x[index], with slices, integers, boolean masks or integer arrays, as in NumPy.

    On a GPU, an integer array is not checked: CuPy wraps indices that are out of range.
    """
    x = as_tensor(x)
    x_data = x.data
    index = tuple([_raw(i, x_data) for i in index]) if isinstance(index, tuple) else _raw(index, x_data)
    out = x_data[index]
    is_view = all(isinstance(i, slice | int | None | type(...)) for i in _as_tuple(index))
    names_rows = not is_view and all(_are_integers(i) for i in _as_tuple(index))
    shape = x.shape

    def getitem_backward(grad: Array) -> Array:
        if names_rows:  # a row may be named twice: its gradients add up, as for an embedding
            n_leading = len(_as_tuple(index))
            leading, row_size = shape[:n_leading], math.prod(shape[n_leading:])
            rows = np.ravel_multi_index(np.broadcast_arrays(*_as_tuple(index)), leading, mode="wrap").reshape(-1)
            of_rows = grad.reshape(len(rows), row_size)  # (number of indices, size of a row)
            return embedding_kernel.scatter_add(of_rows, rows, math.prod(leading)).reshape(shape)
        whole = np.zeros_like(grad, shape=shape)  # values that were not read have no influence
        if is_view:
            whole[index] = grad
        else:  # `whole[index] += grad` would keep only one of several gradients
            np.add.at(whole, index, grad)
        return whole

    return record(out, (x,), getitem_backward, view_of=x if is_view else None)


def _raw(index: Any, x: Array) -> Any:
    """An index as NumPy or CuPy expects it. Arrays are copied to the device of x, because the caller may overwrite them
    before the backward pass."""
    if type(index) in (slice, int):
        return index
    if isinstance(index, np.integer):
        return int(index)
    if isinstance(index, list):
        index = np.array(index, dtype=None if index else np.int64)
    elif isinstance(index, Tensor):
        index = index.data
    return beside(index, x).copy() if hasattr(index, "dtype") else index


def _are_integers(index: Any) -> bool:
    return hasattr(index, "dtype") and index.dtype.kind in "iu"


def _as_tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)
