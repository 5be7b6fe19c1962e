"""Kernels: functions of raw arrays that do a model's heavy arithmetic.

One folder a kernel, and the same rooms in each: `reference.py` is the specification in NumPy,
short and made to be stepped through; `cpu.py` is the fast version, compiled by Numba; the folder's
`__init__.py` states the contract and makes the choice between them. The choice is explicit:

    minigrad.use_kernels("reference")          # from here on
    with minigrad.use_kernels("reference"):    # or inside a block

Numba is imported, and a kernel compiled, when a fast kernel is first called.
"""

from minigrad.device import device_of
from minigrad.errors import DeviceError

_active = "fast"


class use_kernels:
    """Choose the kernels: `"fast"` (the default) or `"reference"`; in a `with` block, for the block.

    The choice is one for the whole process, all threads included.

    Raises:
        ValueError: if name is neither.
    """

    def __init__(self, name: str) -> None:
        global _active
        if name not in ("reference", "fast"):
            raise ValueError(f'name must be "reference" or "fast", got {name!r}')
        self.name, self.outside, _active = name, _active, name

    def __enter__(self) -> "use_kernels":
        global _active
        _active = self.name  # already so, unless this is not the first block of the same object
        return self

    def __exit__(self, *exception: object) -> None:
        global _active
        _active = self.outside


def active_kernels() -> str:
    """`"fast"` or `"reference"`."""
    return _active


def wants_reference(array: object) -> bool:
    """Whether the reference kernel is to run on `array`; False means the fast kernel for the CPU.

    Raises:
        DeviceError: if the array lives on a GPU and the fast kernels are chosen: there are none yet.
    """
    if _active == "reference":
        return True
    if device_of(array) == "cuda":
        raise DeviceError(
            'there are no CUDA kernels yet; minigrad.use_kernels("reference") runs the NumPy ones on the GPU, '
            "through CuPy"
        )
    return False
