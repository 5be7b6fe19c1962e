"""Data parallelism: several threads, each with a part of the batch.

BLAS uses several cores within a matrix product, and all but one are idle between products. Here, instead, each thread
runs the forward and backward pass on its part of the batch. BLAS and kernels use one core each, and release Python's
lock. At the end the gradients are summed:

    parallel = DataParallel(model)
    loss = parallel.backward(loss_of, inputs, labels)     # instead of loss_of(model, inputs, labels).backward()
    optimizer.step()

Large models are trained in the same way, with machines instead of threads. It is faster if the step of a part takes
longer than about 20 ms. In shorter steps most time goes to Python code, which holds the lock.

The gradients are summed in the order of the parts, so the same seed and number of threads give the same bits.
"""

import copy
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import numpy as np

from minigrad import checks, random, switches
from minigrad.array_type import Array
from minigrad.errors import DeviceError
from minigrad.gradients import accumulate
from minigrad.nn.module import Module, Parameter
from minigrad.optim.parameters import check_gradients
from minigrad.tensor import Tensor
from minigrad.threads import get_num_threads, number_of_threads, one_blas_thread

AnyModule = TypeVar("AnyModule", bound=Module)


class DataParallel:
    """Computes gradients of a model with several threads.

    Args:
        model: on the CPU. It can be trained and saved as usual, because the threads use copies that share its arrays.
            Its layers and parameters must remain the same objects.
        n_threads: None means `minigrad.get_num_threads()`.

    Raises:
        TypeError: if model is not a Module, or n_threads not an integer.
        ValueError: if n_threads is not from 1 to 4096.
        DeviceError: if the model is on a GPU, which is parallel by itself.
    """

    def __init__(self, model: Module, n_threads: int | None = None) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"model must be a Module, got {type(model).__name__}")
        n_threads = get_num_threads() if n_threads is None else number_of_threads(n_threads)
        if any(parameter.device != "cpu" for parameter in model.parameters()):
            raise DeviceError("DataParallel is for models on the CPU, where its threads run; this one is on a GPU")
        self.model = model
        self.replicas = [replicate(model) for _ in range(n_threads)]
        # The structure never changes. Walking through it at each step would take as long as a small layer.
        self._own_parameters, self._parameters = model.parameters(), [replica.parameters() for replica in self.replicas]
        self._own_modules, self._modules = _modules(model), [_modules(replica) for replica in self.replicas]
        self._threads, self._process = ThreadPoolExecutor(n_threads), os.getpid()

    def backward(self, loss_of: Callable[..., tuple[Tensor, int]], *batch: np.ndarray) -> float:
        """Add the gradient of the batch's loss to `.grad` of the model's parameters; returns the loss.

        If a part fails, its error is raised and no gradient changes.

        Args:
            loss_of: called as `loss_of(model, *part)` with a copy of the model and the rows of a part. Returns the
                mean loss, and the number of items that it is the mean of (for a language model, the labels that are
                not ignored). That number may be 0.
            batch: arrays with the same number of rows, B. The parts are consecutive rows.

        Raises:
            ValueError: if the arrays differ in their number of rows, or have none; if loss_of does not return two
                values, or returns a loss of several elements or a negative number of items; or if the `.grad` of a
                parameter has another shape than the parameter.
            TypeError: if batch holds anything but arrays, or loss_of does not return a Tensor and an integer.
        """
        for i, array in enumerate(batch):
            if not isinstance(array, np.ndarray) or array.ndim == 0:
                raise TypeError(f"batch[{i}] must be an array with rows, got {type(array).__name__}")
        check_gradients(self._own_parameters)
        sizes = {len(array) for array in batch}
        if len(sizes) != 1 or 0 in sizes:
            raise ValueError(f"batch must be arrays with one number of rows, at least 1, got {sorted(sizes)}")
        n_parts = min(len(self.replicas), *sizes)
        parts = zip(*(np.array_split(array, n_parts) for array in batch), strict=True)
        seeds = random.generator().integers(2**63, size=n_parts)
        self._synchronise()
        arguments = list(zip(self.replicas, parts, seeds, strict=False))

        def run(replica: Module, part: tuple[np.ndarray, ...], seed: int) -> tuple[float, int]:
            with random.drawing_from(np.random.default_rng(seed)):
                loss, n_items = _loss_and_items(loss_of(replica, *part))
                if n_items:
                    loss.backward()
                return loss.item(), n_items

        try:
            with one_blas_thread():
                if n_parts == 1 or switches.anomaly:  # anomaly mode tracks the modules of one thread only
                    results = [run(*argument) for argument in arguments]
                else:
                    futures = [self._pool().submit(run, *argument) for argument in arguments]
                    wait(futures)  # for all, even if one fails: the others must not add gradients later
                    results = [future.result() for future in futures]
            n_items = sum(n for _, n in results)
            shares = [n / max(n_items, 1) for _, n in results]
            self._add_up(shares)
        finally:
            for parameters in self._parameters:
                for parameter in parameters:
                    parameter.grad = None
        return sum(share * loss for share, (loss, _) in zip(shares, results, strict=True))

    def _synchronise(self) -> None:
        """Update the copies after changes to the model: arrays that were replaced, and train() or eval()."""
        for parameters, modules in zip(self._parameters, self._modules, strict=True):
            for own, its in zip(self._own_parameters, parameters, strict=True):
                if its.data is not own.data:
                    its.data = own.data
            for own_module, its_module in zip(self._own_modules, modules, strict=True):
                its_module.training = own_module.training

    def _add_up(self, shares: list[float]) -> None:
        """Add the gradient of the batch's mean loss: the sum over the parts, weighted by their shares of the items."""
        equal = len(set(shares)) == 1  # then the sum is weighted once
        for own, *copies in zip(self._own_parameters, *self._parameters, strict=True):
            total: Array | None = None
            for share, copied in zip(shares, copies, strict=False):
                gradient = copied.grad
                if gradient is not None:
                    if not equal:
                        gradient *= gradient.dtype.type(share)
                    total = gradient if total is None else np.add(total, gradient, out=total)
            if total is not None:
                if equal:
                    total *= total.dtype.type(shares[0])
                accumulate(own, total, fresh=True)

    def _pool(self) -> ThreadPoolExecutor:
        if self._process != os.getpid():  # a fork does not copy threads
            self._threads, self._process = ThreadPoolExecutor(len(self.replicas)), os.getpid()
        return self._threads


def _loss_and_items(result: object) -> tuple[Tensor, int]:
    """The values that `loss_of` returned, after checking them."""
    if not isinstance(result, tuple):
        raise TypeError(f"loss_of must return the loss and n_items, got a {type(result).__name__}")
    if len(result) != 2:
        raise ValueError(f"loss_of must return the loss and n_items, got {len(result)} values")
    loss, n_items = result
    if not isinstance(loss, Tensor):
        raise TypeError(f"loss_of must return a Tensor as the loss, got {type(loss).__name__}")
    if loss.size != 1:
        raise ValueError(f"loss_of must return a loss of one element, got the shape {loss.shape}")
    return loss, checks.whole_number("n_items from loss_of", n_items, at_least=0)


def _modules(model: Module) -> list[Module]:
    return [module for _, module in model.named_modules()]


def replicate(model: AnyModule) -> AnyModule:
    """A copy of a model whose parameters share the arrays of the original but have their own gradients.

    Generators of its modules are not copied: the copy draws from the library's.
    """
    shared: dict[int, object] = {id(parameter): Parameter(parameter.data) for parameter in model.parameters()}
    for _, module in model.named_modules():
        shared |= {id(value): None for value in vars(module).values() if isinstance(value, np.random.Generator)}
    return copy.deepcopy(model, shared)
