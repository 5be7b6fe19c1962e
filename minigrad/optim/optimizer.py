"""The base class of all optimizers: parameters in groups, and the state that a checkpoint saves."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import checks
from minigrad.array_type import Array
from minigrad.device import beside
from minigrad.nn.module import Parameter, mismatches, other_dtypes
from minigrad.optim.parameters import check_gradients, check_tensors, check_trainable, entries, is_updated
from minigrad.tensor import Tensor


class Optimizer:
    """Base of the optimizers. `step()` changes the parameters in place from their gradients.

    Args:
        params: parameters, or groups of them as dictionaries `{"params": [...], "lr": 1e-4, "weight_decay": 0.0}`. A
            group's learning rate and weight decay, if given, override the arguments. A frozen parameter, one with
            `requires_grad=False`, may be among them: `step()` skips it.
        lr: learning rate. Assign to `optimizer.lr` between steps to follow a schedule: the learning rate of every group
            keeps its ratio to it, so the schedule scales all groups by the same factor, as PyTorch's schedulers do.

    Attributes:
        lr_ratios, weight_decays: for each parameter, its learning rate divided by `lr`, and its weight decay.

    Raises:
        TypeError: if params is not a list (or another iterable with an order) of float32 or float64 tensors or of
            groups, or if a hyperparameter is not a number.
        ValueError: if params is empty, or holds a parameter twice, one that is not a leaf, a tensor other than an
            `nn.Parameter` that does not require a gradient, or a group with an unknown entry; if a group has a learning
            rate, but lr is 0; or if a hyperparameter is NaN, infinite, or out of its range.
    """

    slots: tuple[str, ...] = ()
    """The names of the arrays that the optimizer keeps for each parameter."""

    def __init__(self, params: Iterable[Any], lr: Any, weight_decay: float) -> None:
        self.lr = lr
        self.params: list[Parameter] = []
        self.lr_ratios: list[float] = []
        self.weight_decays: list[float] = []
        self.check_lr()  # before it divides
        for group in _groups(entries(params)):
            members = group["params"]
            members = [members] if isinstance(members, Tensor) else entries(members)
            self.params += members
            decay = checks.number("weight_decay", group.get("weight_decay", weight_decay), at_least=0)
            self.weight_decays += [decay] * len(members)
            self.lr_ratios += [_lr_ratio(group["lr"], self.lr) if "lr" in group else 1.0] * len(members)
        if not self.params:
            raise ValueError("params is empty: there is nothing to optimize")
        check_tensors(self.params)
        check_trainable(self.params)
        self.check_hyperparameters()
        self.state: list[dict[str, Array]] = [
            {"step": np.zeros(1, np.int64), **self.new_state(parameter.data)} for parameter in self.params
        ]
        self._dtypes = [parameter.dtype for parameter in self.params]
        self._checked: list[Array] = [None] * len(self.params)

    def check_hyperparameters(self) -> None:
        """Check all hyperparameters. Each step does, since they may be assigned to.

        Raises:
            TypeError: if one is not a number; ValueError: if it is NaN, infinite, or out of its range.
        """
        self.check_lr()
        for name, values in (("weight_decay", self.weight_decays), ("lr_ratio", self.lr_ratios)):
            for value in values:
                if type(value) is not float or not 0 <= value < math.inf:  # the quick test
                    checks.number(name, value, at_least=0)

    def check_lr(self) -> None:
        """Check the learning rate, as a part of `check_hyperparameters`."""
        self.lr = checks.number("lr", self.lr, at_least=0)

    def new_state(self, data: Array) -> dict[str, Array]:
        """The arrays that the optimizer keeps for a parameter, with their values before its first step."""
        return {slot: np.zeros_like(data) for slot in self.slots}

    def step(self) -> None:
        """Update every parameter that has a gradient and is not frozen, in place.

        All gradients and hyperparameters are checked before the first parameter changes.

        Raises:
            ValueError, TypeError, DeviceError: if a gradient is not an array of the shape and dtype of its parameter,
                on its device; if a parameter is read-only or has changed its dtype; or if a hyperparameter is wrong.
        """
        self.check_hyperparameters()
        check_gradients(self.params)
        self._check_data()
        each = zip(self.params, self.state, self.lr_ratios, self.weight_decays, strict=True)
        for parameter, state, lr_ratio, weight_decay in each:
            if is_updated(parameter):
                state["step"][0] += 1  # each parameter counts its own updates: Adam's bias correction depends on them
                lr = None if self.lr is None else self.lr * lr_ratio  # None: Adafactor's step sets its size itself
                self.update(parameter._data, parameter.grad, state, lr, weight_decay)
                parameter.mark_written()

    def update(self, data: Array, grad: Array, state: dict[str, Array], lr: Any, weight_decay: float) -> None:
        """Update one parameter's array in place. Each optimizer defines this."""
        raise TypeError(f"{type(self).__name__} does not define update()")

    def zero_grad(self) -> None:
        """Set `.grad` of all parameters to None."""
        for parameter in self.params:
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """The optimizer's arrays by name (not copies): `"exp_avg.3"` and `"step.3"` belong to the fourth parameter."""
        return {f"{slot}.{i}": array for i, state in enumerate(self.state) for slot, array in state.items()}

    def load_state_dict(self, arrays: dict[str, Array]) -> None:
        """Copy a state from `state_dict`, on either device. Nothing changes unless all of it fits.

        Raises:
            TypeError: if it is not a dictionary of arrays.
            ValueError: listing every name that is missing or unexpected, and every array of another shape or dtype;
                or if a step count is negative.
        """
        own = self.state_dict()
        _check_arrays(arrays)
        problems = [
            mismatches({name: array.shape for name, array in own.items()}, arrays),
            other_dtypes(*({name: array.dtype for name, array in each.items()} for each in (own, arrays))),
        ]
        if any(problems):
            raise ValueError(f"the state does not fit {type(self).__name__}: {'; '.join(filter(None, problems))}")
        for i in range(len(self.state)):
            checks.whole_number(f"step.{i}", arrays[f"step.{i}"].item(), at_least=0)
        for name, array in own.items():
            array[...] = beside(arrays[name], array)

    def _check_data(self) -> None:
        """Check that a step can write to the parameters' arrays, and that they have the dtype of the state. The state
        follows an array to another device.

        An array that passed in the step before is not checked again. There is a new one only if the model was moved
        or an array was assigned to `parameter.data`.
        """
        pairs = enumerate(zip(self.params, self._checked, strict=True))
        new = [i for i, (parameter, checked) in pairs if parameter._data is not checked and is_updated(parameter)]
        for i in new:
            data = self.params[i].data
            if data.dtype != self._dtypes[i]:
                was = self._dtypes[i]
                raise TypeError(f"params[{i}] was {was} when the optimizer was made, and now is {data.dtype}")
            if type(data) is np.ndarray and not data.flags.writeable:
                raise ValueError(
                    f"params[{i}] is read-only, as parameters made under nn.unallocated() are until they are given "
                    "an array: parameter.data = array"
                )
        for i in new:
            data = self._checked[i] = self.params[i].data
            for slot, array in self.state[i].items():
                if slot != "step":  # which stays on the CPU, where it is counted
                    self.state[i][slot] = beside(array, data)


def _groups(members: list[Any]) -> list[dict[str, Any]]:
    """The groups. Parameters without groups become one group."""
    if not any(isinstance(member, dict) for member in members):
        return [{"params": members}]
    for i, group in enumerate(members):
        if not isinstance(group, dict):
            raise TypeError(f"params must be all groups or all parameters, got a {type(group).__name__} at [{i}]")
        if unknown := group.keys() - {"params", "lr", "weight_decay"}:
            raise ValueError(f"params has a group with {sorted(unknown)}; only lr and weight_decay can differ by group")
        if "params" not in group:
            raise ValueError(f'params has a group without "params" at [{i}]')
    return members


def _lr_ratio(group_lr: Any, lr: float | None) -> float:
    group_lr = checks.number("lr of a group", group_lr, at_least=0)
    if not lr:
        raise ValueError(f"lr must be above 0 if a group has its own, which keeps its ratio to it; got {lr}")
    return group_lr / lr


def _check_arrays(arrays: Any) -> None:
    if not isinstance(arrays, dict):
        raise TypeError(f"arrays must be a dictionary of arrays, got {type(arrays).__name__}")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) and not hasattr(array, "__cuda_array_interface__"):
            raise TypeError(f"arrays[{name!r}] must be an array, got {type(array).__name__}")
