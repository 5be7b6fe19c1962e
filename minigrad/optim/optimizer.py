"""What all optimizers share: the parameters in groups, and the state that a checkpoint keeps."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.array_type import Array
from minigrad.device import beside
from minigrad.nn.module import Parameter, mismatches


class Optimizer:
    """Base of the optimizers. `step()` changes the parameters in place from their gradients.

    Args:
        params: parameters, or groups of them as dictionaries `{"params": [...], "weight_decay": 0.0}`,
            whose weight decay, if given, stands in for the argument.
        lr: learning rate. Assign to `optimizer.lr` between steps to follow a schedule.

    Raises:
        ValueError: if there is no parameter, one twice, or a group with another entry; or if lr is negative.
    """

    slots: tuple[str, ...] = ()
    """The names of the arrays that the optimizer keeps for each parameter."""

    def __init__(self, params: Iterable[Any], lr: float, weight_decay: float) -> None:
        entries = list(params)
        if not entries:
            raise ValueError("params is empty: there is nothing to optimize")
        if lr < 0:
            raise ValueError(f"lr must not be negative, got {lr}")
        self.lr = lr
        groups: list[dict[str, Any]] = entries if isinstance(entries[0], dict) else [{"params": entries}]
        self.params: list[Parameter] = []
        self.weight_decays: list[float] = []
        for group in groups:
            if unknown := group.keys() - {"params", "weight_decay"}:
                raise ValueError(f"params has a group with {sorted(unknown)}; only weight_decay can differ by group")
            members = list(group["params"])
            self.params += members
            self.weight_decays += [group.get("weight_decay", weight_decay)] * len(members)
        if len({id(parameter) for parameter in self.params}) != len(self.params):
            raise ValueError("params names the same parameter twice")
        self.state: list[dict[str, Array]] = [
            {"step": np.zeros(1, np.int64), **{slot: np.zeros_like(parameter.data) for slot in self.slots}}
            for parameter in self.params
        ]

    def step(self) -> None:
        """Change every parameter that has a gradient. Counts as an in-place write of its array."""
        for parameter, state, weight_decay in zip(self.params, self.state, self.weight_decays, strict=True):
            if parameter.grad is not None:
                data = parameter.data
                state["step"][0] += 1  # of this parameter: one without a gradient does not age
                for slot in self.slots:  # the model may have been moved to another device
                    state[slot] = beside(state[slot], data)
                self.update(data, parameter.grad, state, weight_decay)
                parameter.bump_version()

    def update(self, data: Array, grad: Array, state: dict[str, Array], weight_decay: float) -> None:
        """Change one parameter's array in place. Defined by each optimizer."""
        raise TypeError(f"{type(self).__name__} does not define update()")

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.params:
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """The optimizer's arrays by name, not copies: `"exp_avg.3"` and `"step.3"` belong to the fourth parameter."""
        return {f"{slot}.{i}": array for i, state in enumerate(self.state) for slot, array in state.items()}

    def load_state_dict(self, arrays: dict[str, Array]) -> None:
        """Copy a state from `state_dict`, on either device; nothing is changed unless all of it fits.

        Raises:
            ValueError: listing every missing, unexpected and wrongly shaped name.
        """
        own = self.state_dict()
        problems = mismatches({name: array.shape for name, array in own.items()}, arrays)
        if problems:
            raise ValueError(f"the state does not fit {type(self).__name__}: {problems}")
        for name, array in own.items():
            array[...] = beside(arrays[name], array)
