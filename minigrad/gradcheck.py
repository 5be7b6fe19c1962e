"""Check backward rules against finite differences.

Perturbing each element of an input would need two evaluations per element. A random direction needs two for the whole
input: for a function f, a direction u of its input and a direction v of its output,

    v · (f(x + εu) - f(x - εu)) / 2ε   must equal   u · (gradient of v · f at x).

A wrong rule passes only if its error happens to be orthogonal to u, so a few directions suffice.

Source: the usual check of vector-Jacobian products; see Baydin et al. 2018, section 3.1.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from minigrad import checks
from minigrad.array_type import Array
from minigrad.errors import NoGraphError
from minigrad.tensor import Tensor


def gradcheck(
    function: Callable[..., Tensor],
    inputs: Sequence[Array],
    *,
    seed: int = 0,
    directions: int = 3,
    epsilon: float = 1e-6,
    tolerance: float = 1e-6,
) -> None:
    """Compare the gradients of `function` with central differences, input by input.

    Args:
        function: takes one tensor for each of `inputs` and returns a tensor of any shape. It must be smooth near the
            inputs, and return the same output for the same inputs.
        inputs: a list of float64 arrays.
        directions: how many random directions to try for each input, at least 1.
        epsilon: the step of the central difference.
        tolerance: the largest difference allowed, relative to the size of the terms compared; below 1.

    Raises:
        AssertionError: naming the input and both numbers, if they differ, or if one is not finite.
        TypeError: if an input is not an array of float64 (float32 cannot resolve differences of 1e-6), if another
            argument is not a number, or if function does not return a Tensor.
        ValueError: if there is no input, or one that is not finite; if another argument is out of its range, or
            epsilon is too small to change an input; or if function writes into its inputs, or returns other shapes
            when called again.
        NoGraphError: if the output does not depend on the inputs through ops.
    """
    checks.whole_number("seed", seed, at_least=0)
    checks.whole_number("directions", directions, at_least=1)
    checks.number("epsilon", epsilon, above=0)
    checks.number("tolerance", tolerance, above=0, below=1)
    _check_inputs(inputs)
    generator = np.random.default_rng(seed)
    tensors = [Tensor(array.copy(), requires_grad=True) for array in inputs]
    output = _call(function, tensors, inputs)
    if not output.requires_grad:
        raise NoGraphError(
            "function returns a tensor that does not depend on the inputs through ops, so there is no rule to check; "
            "does it use their .data, detach() or no_grad()?"
        )
    v = generator.standard_normal(output.shape)
    output.backward(v)
    _check_unchanged(tensors, inputs)  # a rule could have written into them

    for position, tensor in enumerate(tensors):
        gradient = np.zeros_like(tensor.data) if tensor.grad is None else tensor.grad
        if gradient.shape != tensor.shape:
            raise AssertionError(f"input {position} has shape {tensor.shape}, its gradient {gradient.shape}")
        for _ in range(directions):
            u = generator.standard_normal(tensor.shape)
            ahead, behind = (_evaluate(function, inputs, position, step * u) for step in (epsilon, -epsilon))
            if not ahead.shape == behind.shape == output.shape:
                raise ValueError(f"function returns shapes {output.shape} and {ahead.shape} for inputs of one shape")
            difference = v * (ahead - behind) / (2 * epsilon)
            expected, found = float(difference.sum()), float((u * gradient).sum())
            size = float(np.abs(difference).sum() + np.abs(u * gradient).sum())
            # If `size` were infinite, the tolerance would accept any difference.
            if not (math.isfinite(size) and abs(expected - found) <= tolerance * max(size, 1.0)):
                raise AssertionError(
                    f"the gradient of input {position}, shape {tensor.shape}, is wrong: finite differences give "
                    f"{expected:.9g} along a random direction, backward gives {found:.9g}"
                )


def _check_inputs(inputs: Sequence[Array]) -> None:
    if not isinstance(inputs, list | tuple):
        raise TypeError(f"inputs must be a list of arrays, got {type(inputs).__name__}")
    if not inputs:
        raise ValueError("inputs is empty: there is no gradient to check")
    for position, array in enumerate(inputs):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"input {position} must be a float64 array, got {type(array).__name__}")
        if array.dtype != np.float64:
            raise TypeError(f"input {position} must be float64 for finite differences, got {array.dtype}")
        if not np.isfinite(array).all():
            raise ValueError(f"input {position} must be finite, got NaN or infinity in it")


def _evaluate(function: Callable[..., Tensor], inputs: Sequence[Array], position: int, step: Array) -> Array:
    arrays = [array + step if i == position else array for i, array in enumerate(inputs)]
    if step.size and np.array_equal(arrays[position], inputs[position]):
        raise ValueError(f"epsilon is too small: a step of that size does not change input {position}")
    return _call(function, [Tensor(array.copy()) for array in arrays], arrays).data


def _call(function: Callable[..., Tensor], tensors: Sequence[Tensor], arrays: Sequence[Array]) -> Tensor:
    output = function(*tensors)
    if not isinstance(output, Tensor):
        raise TypeError(f"function must return a Tensor, got {type(output).__name__}")
    _check_unchanged(tensors, arrays)
    return output


def _check_unchanged(tensors: Sequence[Tensor], arrays: Sequence[Array]) -> None:
    for position, (tensor, array) in enumerate(zip(tensors, arrays, strict=True)):
        if not np.array_equal(tensor.data, array):
            raise ValueError(f"function writes into input {position}, whose gradient is then not that of the input")
