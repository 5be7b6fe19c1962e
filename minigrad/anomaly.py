"""Anomaly mode: find the op and the module in which the first NaN or infinity arises.

    with minigrad.anomaly_mode():
        loss = model(batch)
        loss.backward()

While it is on, the output of every op and the gradients from every backward rule are checked. The first that is not
finite raises `NonFiniteError` with the name of the op and the path of the module that called it. Arrays that backward
rules will read are also hashed, so that a write into `tensor.data[...]`, which the tape cannot see, is caught too.
Both take time, so use it for debugging only.
"""

import hashlib
from types import TracebackType
from typing import Any

import numpy as np

from minigrad import switches
from minigrad.errors import NonFiniteError

_modules: list[Any] = []  # the modules whose forward is running, outermost first


class anomaly_mode:
    """Context manager that turns anomaly mode on (or, with False, off) inside a block, for all threads."""

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> "anomaly_mode":
        self.outside, switches.anomaly = switches.anomaly, self.mode
        return self

    def __exit__(self, *exception: type[BaseException] | BaseException | TracebackType | None) -> None:
        switches.anomaly = self.outside
        if not switches.anomaly:
            _modules.clear()


def enter_module(module: Any) -> None:
    """Record that the forward pass of `module` starts. `Module.__call__` calls this while the mode is on."""
    _modules.append(module)


def exit_module() -> None:
    """Record that the innermost running forward pass has ended."""
    if _modules:
        _modules.pop()


def module_path() -> str:
    """The dotted path of the innermost running module, from the class of the outermost: `GPT.blocks.0.attention`."""
    if not _modules:
        return ""
    outermost, innermost = _modules[0], _modules[-1]
    for name, module in outermost.named_modules():
        if module is innermost:
            return ".".join(filter(None, [type(outermost).__name__, name]))
    return type(innermost).__name__


def op_name(rule: Any) -> str:
    """The op that a backward rule belongs to: `mul_backward` belongs to `mul`."""
    return str(rule.__name__).removesuffix("_backward")


def check_forward(output: Any, rule: Any) -> None:
    """Raise `NonFiniteError` if the output of the op that owns `rule` holds a NaN or infinity."""
    _check(output, f"the output of `{op_name(rule)}`", module_path())


def check_backward(gradients: tuple[Any, ...], rule: Any, path: str) -> None:
    """Raise `NonFiniteError` if a gradient that `rule` returned holds a NaN or infinity."""
    for position, gradient in enumerate(gradients):
        if gradient is not None:
            _check(gradient, f"the gradient that `{rule.__name__}` gives to input {position}", path)


def _check(array: Any, what: str, path: str) -> None:
    if not np.issubdtype(array.dtype, np.floating):
        return
    finite = np.isfinite(array)
    if not finite.all():
        where = f" in module `{path}`" if path else ""
        nans, total = int(np.isnan(array).sum()), int(array.size)
        infinities = total - int(finite.sum()) - nans
        raise NonFiniteError(
            f"{what}{where} is the first that is not finite: {nans} NaN and {infinities} infinite "
            f"of {total} values, shape {tuple(array.shape)}. All of its inputs were finite: look at their range."
        )


def fingerprint(array: Any) -> bytes:
    """A hash of an array's values, to detect a write that was not reported by `Tensor.mark_written`."""
    host = array if isinstance(array, np.ndarray) else array.get()
    return hashlib.blake2b(np.ascontiguousarray(host).data, digest_size=16).digest()
