"""A kernel's values against the reference's in float64, and its bits in two runs.

An error is reported as a share of the allowed one: a tolerance times the value's *natural size*. The natural size is
the value of the same formula with the absolute value of every term, so that nothing cancels: the difference of two
large numbers cannot be more exact than the numbers are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.benchmarks.gpu.result import Check
from minigrad.array_type import Array
from minigrad.device import to_device

TOLERANCES = {"float32": 1e-5, "float64": 1e-12, "TF32": 1.01 * 2**-10, "bf16": 1.01 * 2**-7}
"""TF32 rounds each of two factors by up to 2⁻¹¹, bfloat16 by up to 2⁻⁸; the rest is for the sums, in float32."""

BF16_ATTENTION = 2**-6
"""Inputs are bfloat16; probabilities, their gradients and the outputs are rounded, each by up to 2⁻⁸."""


@dataclass(frozen=True)
class Case:
    """A kernel at one size.

    Attributes:
        compute: returns the kernel's result or results; called twice.
        exact, natural: the exact value and the natural size of each result, in float64.
    """

    name: str
    compute: Callable[[], Any]
    exact: Sequence[np.ndarray]
    natural: Sequence[np.ndarray]
    tolerance: float


@dataclass
class Draw:
    """Normally distributed numbers of one dtype, the same for every device.

    Attributes:
        move: moves an array to the device of the kernels.
    """

    dtype: type
    move: Callable[[np.ndarray], Array]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __call__(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        return np.asarray(scale * self.rng.standard_normal(shape), self.dtype)

    @property
    def precision(self) -> str:
        """float32 or float64."""
        return np.dtype(self.dtype).name

    @property
    def tolerance(self) -> float:
        """The allowed error for a natural size of 1."""
        return TOLERANCES[self.precision]

    def call(self, function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        """A call of a kernel on copies of the arrays, on its device: it may write into them."""

        def compute() -> Any:
            return function(*(self.move(x.copy()) if isinstance(x, np.ndarray) else x for x in arguments))

        return compute


def in_float64(function: Callable[..., Any], *arguments: Any) -> Any:
    """The reference's result for the same numbers in float64. It gets copies, into which it may write."""
    return function(*(wide(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in arguments))


def wide(array: np.ndarray) -> np.ndarray:
    """A copy in float64."""
    return array.astype(np.float64)


def to_bfloat16(array: np.ndarray) -> np.ndarray:
    """The bits of the bfloat16 nearest to each float32: its upper half, rounded to nearest, ties to even."""
    bits = array.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The float32 numbers with these bfloat16 bits."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def check(name: str, cases: Callable[[], Iterable[Case]]) -> Check:
    """Check every case. A raised error is a failure too, and the remaining cases are checked anyway."""
    worst, failures, n = 0.0, [], 0
    try:
        for case in cases():
            n += 1
            try:
                share, problem = compare(case)
            except Exception as error:  # any error of a driver or a compiler
                share, problem = 0.0, brief(error)
            worst = max(worst, share)
            if problem:
                failures.append(f"{case.name}: {problem}")
    except Exception as error:
        failures.append(brief(error))
    return Check(name, n, float(f"{worst:.3g}"), failures)


def compare(case: Case) -> tuple[float, str]:
    """The largest error as a share of the allowed one (0 if it is NaN), and what is wrong; "" if nothing is."""
    first, second = results(case), results(case)
    worst = 0.0
    for i, (found, exact, natural) in enumerate(zip(first, case.exact, case.natural, strict=True)):
        if found.shape != exact.shape:
            return worst, f"result {i} has the shape {found.shape}, expected {exact.shape}"
        tiny = np.finfo(found.dtype).tiny  # subnormal numbers may be flushed to zero
        error = np.abs(found.astype(np.float64) - exact) / (case.tolerance * natural + tiny)
        share = float(np.max(error, initial=0))
        if not np.isfinite(share):
            return worst, f"result {i} has values that are not finite"
        worst = max(worst, share)
        if share > 1:
            return worst, f"result {i} is off by {share:.3g} times what is allowed"
    if any(one.tobytes() != other.tobytes() for one, other in zip(first, second, strict=True)):
        return worst, "two runs differ in their bits"
    return worst, ""


def results(case: Case) -> list[np.ndarray]:
    """The kernel's results on the host, without those that are None."""
    found = case.compute()
    return [on_host(array) for array in (found if isinstance(found, tuple | list) else [found]) if array is not None]


def on_host(array: Array) -> np.ndarray:
    """The values as a NumPy array; bits of bfloat16 as float32 numbers."""
    array = np.asarray(to_device(array, "cpu"))
    return from_bfloat16(array) if array.dtype == np.uint16 else array


def brief(error: BaseException, length: int = 200) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:length]
