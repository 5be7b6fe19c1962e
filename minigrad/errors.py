"""The errors of minigrad, one class for each kind of misuse.

All derive from `MinigradError`, so that `except MinigradError` catches all of them and nothing else. Each message says
what happened and what to do about it. Wrong shapes and values raise ordinary `ValueError`s, wrong types `TypeError`s.
"""


class MinigradError(RuntimeError):
    """The base class of minigrad's own errors."""


class NoGraphError(MinigradError):
    """`backward()` was called on a tensor that no recorded operation produced."""


class NonScalarError(MinigradError):
    """`backward()` was called on a tensor of several elements without a gradient to start from."""


class GraphFreedError(MinigradError):
    """`backward()` reached a part of the graph that an earlier `backward()` had freed."""


class InPlaceError(MinigradError):
    """An array that a backward rule reads was overwritten after the forward pass."""


class HigherOrderError(MinigradError):
    """Gradients of gradients were requested. Rules compute on raw arrays, so they are not recorded."""


class NonFiniteError(MinigradError):
    """Anomaly mode found a NaN or infinity; the message names the op and the module."""


class DeviceError(MinigradError):
    """An array is on the wrong device, or the device is not available."""


class MissingPackageError(MinigradError, ImportError):
    """A required package is not installed; the message says how to install it."""


class CheckpointError(MinigradError):
    """A checkpoint is damaged, or does not fit the model; the message lists the names."""
