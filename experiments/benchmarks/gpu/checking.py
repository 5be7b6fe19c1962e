"""A kernel's values against the reference's in float64, and its bits in two runs.

An error is told as a share of what is allowed: a tolerance times the value's *natural size*. That is what the same
formula gives where every term has its absolute value, so that nothing cancels: the difference of two large numbers
can be no more exact than they are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.benchmarks.gpu.result import Check
from minigrad.array_type import Array
from minigrad.device import to_device

TOLERANCES = {"float32": 1e-5, "float64": 1e-12, "TF32": 1.01 * 2**-10, "bf16": 1.01 * 2**-7}
"""TF32 rounds each of two factors by up to 2⁻¹¹, bfloat16 by up to 2⁻⁸; what is left is for the sums, in float32."""

BF16_ATTENTION = 2**-6
"""Inputs that are bfloat16 already: the probabilities are rounded (2⁻⁸), their gradients (2⁻⁸) and the outputs (2⁻⁸)."""


@dataclass(frozen=True)
class Case:
    """A kernel at one size.

    Attributes:
        compute: gives the kernel's results; called twice.
        exact, natural: in float64, what each should be and its natural size.
    """

    name: str
    compute: Callable[[], Sequence[Array]]
    exact: Sequence[np.ndarray]
    natural: Sequence[np.ndarray]
    tolerance: float


@dataclass
class Draw:
    """Normally distributed numbers of one dtype, the same for every device.

    Attributes:
        move: brings an array to where the kernels run.
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
        """What is allowed, for a natural size of 1."""
        return TOLERANCES[self.precision]

    def moved(self, *arrays: np.ndarray) -> list[Array]:
        """Copies where the kernels run; a kernel that writes into its arguments writes into these."""
        return [self.move(array.copy()) for array in arrays]


def wide(*arrays: np.ndarray) -> list[np.ndarray]:
    """The same numbers in float64."""
    return [array.astype(np.float64) for array in arrays]


def check(name: str, cases: Callable[[], Iterable[Case]]) -> Check:
    """Check every case; an error that is raised is a failure too, since the rest is to be checked all the same."""
    worst, failures, n = 0.0, [], 0
    try:
        for case in cases():
            n += 1
            try:
                share, problem = compare(case)
            except Exception as error:  # whatever a driver or a compiler has to say
                share, problem = 0.0, brief(error)
            worst = max(worst, share)
            if problem:
                failures.append(f"{case.name}: {problem}")
    except Exception as error:
        failures.append(brief(error))
    return Check(name, n, float(f"{worst:.3g}"), failures)


def compare(case: Case) -> tuple[float, str]:
    """The largest error as a share of what is allowed (0 if it is no number), and what is wrong; "" if nothing is."""
    first, second = ([on_host(array) for array in case.compute()] for _ in range(2))
    worst = 0.0
    for i, (found, exact, natural) in enumerate(zip(first, case.exact, case.natural, strict=True)):
        if found.shape != exact.shape:
            return worst, f"result {i} has the shape {found.shape}, expected {exact.shape}"
        tiny = np.finfo(np.float32 if found.dtype.itemsize <= 4 else found.dtype).tiny
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


def on_host(array: Array) -> np.ndarray:
    """The values as NumPy's."""
    return np.asarray(to_device(array, "cpu"))


def brief(error: BaseException, length: int = 200) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:length]


Cases = Callable[[Any], Iterable[Case]]
