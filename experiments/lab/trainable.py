"""What finetuning changes, and how fast: parameters and modules by dotted names such as `model.token_embedding`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from minigrad import nn


@contextmanager
def freezing(model: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Inside `with freezing(model, names):` the named parameters and modules do not require a gradient.

    Raises:
        ValueError: if a name is that of no parameter and of no module with parameters.
    """
    parameters = dict(model.named_parameters())
    named = [parameters[each] for name in names for each in matches(parameters, name, "frozen")]
    to_freeze = [parameter for parameter in named if parameter.requires_grad]
    for parameter in to_freeze:
        parameter.requires_grad = False
    try:
        yield
    finally:
        for parameter in to_freeze:  # what was frozen before remains frozen
            parameter.requires_grad = True


def groups(model: nn.Module, lr: float, lr_factors: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every parameter that is not frozen as a group for an optimizer, with a learning rate of lr times its factor.

    If several names match, the longest decides: "model.blocks.0" before "model". The factor of the others is 1.

    Raises:
        ValueError: if a name is that of no parameter and of no module with parameters.
    """
    parameters = dict(model.named_parameters())
    lrs: dict[str, float] = {}
    for name in sorted(lr_factors, key=len):
        lrs |= dict.fromkeys(matches(parameters, name, "lr_factors"), lr * lr_factors[name])
    return [
        {"params": [parameter], "lr": lrs[name]} if name in lrs else {"params": [parameter]}
        for name, parameter in parameters.items()
        if parameter.requires_grad
    ]


def tables(model: nn.Module, rows: Mapping[str, Sequence[int]]) -> list[tuple[nn.Parameter, Sequence[int]]]:
    """The parameters whose rows are partly frozen, each with the rows that learn, for `zero_grad_except`.

    Raises:
        ValueError: if a name is not that of a parameter, or is that of a frozen one.
    """
    parameters = dict(model.named_parameters())
    for name in rows:
        if name not in parameters:
            raise ValueError(f"trainable_rows must name parameters, got {name!r}; there are: {', '.join(parameters)}")
        if not parameters[name].requires_grad:
            raise ValueError(f"trainable_rows names {name!r}, all of which is frozen")
    return [(parameters[name], rows[name]) for name in rows]


def matches(parameters: Mapping[str, nn.Parameter], name: str, setting: str) -> list[str]:
    """The parameters with this name, or all those of the module with this name.

    Raises:
        ValueError: if there is none, naming the setting that it is from.
    """
    found = [each for each in parameters if each == name or each.startswith(f"{name}.")]
    if not found:
        raise ValueError(f"{setting} must name parameters or modules, got {name!r}; there are: {', '.join(parameters)}")
    return found
