"""Module: a layer that owns parameters and other modules.

There is no registration: parameters and submodules are the attributes of a module that are Parameters or Modules, in
the order in which `__init__` set them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from minigrad import anomaly, switches
from minigrad.array_type import Array
from minigrad.device import beside, to_device
from minigrad.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes: a leaf that requires a gradient, with the shape and dtype of `data`."""

    __slots__ = ()

    def __init__(self, data: Array) -> None:
        super().__init__(data, requires_grad=True)


class Module:
    """The base of all layers and models. Subclasses set attributes in `__init__` and define `forward`.

    Attributes:
        training: True in training, False in evaluation; dropout depends on it. `train()` and `eval()` set it.
    """

    training = True  # of the class, so that a subclass need not call super().__init__()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes. Call the module itself, `module(x)`, not this."""
        raise TypeError(f"{type(self).__name__} does not define forward()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Anomaly mode reports the path of the innermost module, so it must know which modules are running.
        if not switches.anomaly:
            return self.forward(*args, **kwargs)
        anomaly.enter_module(self)
        try:
            return self.forward(*args, **kwargs)
        finally:
            anomaly.exit_module()

    # -- finding things -------------------------------------------------------------------------

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes of this one, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module, named `prefix`, and all below it with their dotted paths."""
        yield prefix, self
        for name, child in self.children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, with the dotted path at which it is first found.

        A parameter that occurs in two places (tied weights) is one parameter.
        """
        seen: set[int] = set()  # by identity: == on tensors compares elements
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{path}.{name}" if path else name), value

    def parameters(self) -> list[Parameter]:
        """Every parameter once."""
        return [parameter for _, parameter in self.named_parameters()]

    def num_parameters(self) -> int:
        """The number of numbers in all parameters, frozen ones included. Tied weights count once."""
        return sum(parameter.size for parameter in self.parameters())

    # -- changing things ------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set this module and all below it to training mode (or, with False, to evaluation mode); returns itself."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set this module and all below it to evaluation mode; returns itself."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze every parameter of this module and of those below it with False, unfreeze them with True; returns
        itself.

        A frozen parameter gets no gradient, and an optimizer leaves it as it is. A tied weight is one parameter: if
        the embedding is frozen, so is the output layer that uses the same matrix. `state_dict` and checkpoints hold
        frozen parameters like the others, but not which ones are frozen.

        Raises:
            TypeError: if requires_grad is not a boolean.
        """
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Set `.grad` of all parameters to None."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, device: str) -> Self:
        """Move every parameter, and its gradient, to `"cpu"` or `"cuda"`; returns itself.

        The parameters remain the same objects, so an optimizer may be made before or after. Its state moves along in
        the next step.

        Raises:
            DeviceError: if CuPy or a GPU is missing. ValueError: if device is not "cpu" or "cuda".
        """
        for parameter in self.parameters():
            parameter.data = to_device(parameter.data, device)
            if parameter.grad is not None:
                parameter.grad = to_device(parameter.grad, device)
        return self

    def state_dict(self) -> dict[str, Array]:
        """The arrays of all parameters by dotted path. They are not copied, and stay on their device."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Copy arrays from either device into the parameters. Nothing changes unless all of them fit.

        A parameter keeps its dtype: floating-point values of another dtype are rounded to it. A parameter without
        memory (`nn.unallocated`) gets some.

        Raises:
            TypeError: if state is not a dictionary.
            ValueError: listing every name that is missing or unexpected, and every value that is not an array, has
                another shape, or does not hold floating-point numbers.
        """
        if not isinstance(state, dict):
            raise TypeError(f"state must be a dictionary of arrays by name, got a {type(state).__name__}")
        parameters = dict(self.named_parameters())
        problems = mismatches({name: p.shape for name, p in parameters.items()}, state)
        if both := "; ".join(filter(None, (problems, _not_floating(parameters, state)))):
            raise ValueError(f"the state does not fit {type(self).__name__}: {both}")
        # Move all before changing the first, because a GPU may run out of memory for the last.
        here = {name: beside(_native(state[name]), parameter.data) for name, parameter in parameters.items()}
        for name, parameter in parameters.items():
            if getattr(parameter.data.flags, "writeable", True):  # CuPy's arrays always are
                parameter.data[...] = here[name]
            else:  # made under `unallocated`
                parameter.data = here[name].astype(parameter.dtype, order="C")
            parameter.mark_written()


def mismatches(expected: dict[str, tuple[int, ...]], found: dict[str, Any]) -> str:
    """How the arrays `found` differ from the shapes `expected`, name by name; empty if they fit."""
    missing = [name for name in expected if name not in found]
    unexpected = [str(name) for name in found if name not in expected]
    both = {name: found[name] for name in expected if name in found}
    others = [f"{name} is a {type(value).__name__}" for name, value in both.items() if not _is_array(value)]
    shapes = [
        f"{name} is {value.shape}, expected {expected[name]}"
        for name, value in both.items()
        if _is_array(value) and value.shape != expected[name]
    ]
    kinds = (("missing", missing), ("unexpected", unexpected), ("not an array", others), ("wrong shape", shapes))
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds if names)


def _is_array(value: Any) -> bool:
    """Whether it is an array on either device, or one that is still in its file."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, Tensor)


def _not_floating(parameters: dict[str, Parameter], state: dict[str, Any]) -> str:
    """Which arrays do not hold floating-point numbers. Complex ones, for example, would lose their imaginary part."""
    names = [
        f"{name} is {state[name].dtype}, expected {parameter.dtype}"
        for name, parameter in parameters.items()
        if name in state and _is_array(state[name]) and state[name].dtype.kind != "f"
    ]
    return f"wrong dtype: {', '.join(names)}" if names else ""


def _native(array: Array) -> Array:
    """The array in this machine's byte order, the only one that a GPU supports."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def other_dtypes(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """Which of the dtypes `found` are not the `expected` ones, name by name; empty if all are."""
    wrong = [name for name in expected if name in found and found[name] != expected[name]]
    names = ", ".join(f"{name} is {found[name]}, expected {expected[name]}" for name in wrong)
    return f"wrong dtype: {names}" if names else ""


class ModuleList(Module):
    """Modules in a list; their names are their indices.

    Raises:
        TypeError: if one of them is not a Module but, for example, a class or a list of modules.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.modules = list(modules)
        for i, module in enumerate(self.modules):
            if not isinstance(module, Module):
                raise TypeError(f"modules[{i}] must be a Module, got {module!r:.100}")

    def children(self) -> Iterator[tuple[str, Module]]:
        for index, module in enumerate(self.modules):
            yield str(index), module

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def __getitem__(self, index: int) -> Module:
        return self.modules[index]

    def __len__(self) -> int:
        return len(self.modules)


class Sequential(ModuleList):
    """Modules that are applied one after the other."""

    def __init__(self, *modules: Module) -> None:
        super().__init__(modules)

    def forward(self, x: Tensor) -> Tensor:
        for module in self.modules:
            x = module(x)
        return x
