"""Check backward rules against finite differences.

Perturbing every element of every input would cost two evaluations for each. Projecting onto a
random direction costs two in all: for a function f, a direction u of its inputs and a direction v
of its output,

    v · (f(x + εu) - f(x - εu)) / 2ε   must equal   u · (gradient of v · f at x).

A wrong rule passes only if its error happens to be orthogonal to u, so a few directions suffice.

Source: the idea is the usual one for vector-Jacobian products; see Baydin et al. 2018, section 3.1.
"""

from collections.abc import Callable, Sequence

import numpy as np

from minigrad.array_type import Array
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
        function: takes one tensor for each of `inputs` and returns a tensor of any shape. It must
            be smooth near the inputs, and give the same output when called again.
        inputs: float64 arrays.
        directions: how many random directions to try for each input.
        epsilon: the step of the central difference.
        tolerance: the largest difference allowed, relative to the size of the terms compared.

    Raises:
        AssertionError: naming the input and both numbers, if they differ.
        TypeError: if an input is not float64, in which differences of 1e-6 can be seen.
    """
    for position, array in enumerate(inputs):
        if array.dtype != np.float64:
            raise TypeError(f"input {position} must be float64 for finite differences, got {array.dtype}")
    generator = np.random.default_rng(seed)
    tensors = [Tensor(array.copy(), requires_grad=True) for array in inputs]
    output = function(*tensors)
    v = generator.standard_normal(output.shape)
    output.backward(v)

    for position, tensor in enumerate(tensors):
        gradient = np.zeros_like(tensor.data) if tensor.grad is None else tensor.grad
        if gradient.shape != tensor.shape:
            raise AssertionError(f"input {position} has shape {tensor.shape}, its gradient {gradient.shape}")
        for _ in range(directions):
            u = generator.standard_normal(tensor.shape)
            ahead, behind = (_evaluate(function, inputs, position, step * u) for step in (epsilon, -epsilon))
            difference = v * (ahead - behind) / (2 * epsilon)
            expected, found = float(difference.sum()), float((u * gradient).sum())
            size = float(np.abs(difference).sum() + np.abs(u * gradient).sum())
            if not abs(expected - found) <= tolerance * max(size, 1.0):
                raise AssertionError(
                    f"the gradient of input {position}, shape {tensor.shape}, is wrong: finite differences give "
                    f"{expected:.9g} along a random direction, backward gives {found:.9g}"
                )


def _evaluate(function: Callable[..., Tensor], inputs: Sequence[Array], position: int, step: Array) -> Array:
    arrays = [array + step if i == position else array for i, array in enumerate(inputs)]
    return function(*[Tensor(array) for array in arrays]).data
