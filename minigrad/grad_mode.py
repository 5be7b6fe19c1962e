"""Switching recording off, for code that needs no gradients: evaluation, generation, writing in place."""

import functools
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import ContextDecorator, contextmanager
from typing import Any, TypeVar, cast

from minigrad.switches import grad_mode

_Function = TypeVar("_Function", bound=Callable[..., Any])


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return grad_mode.enabled


class no_grad(ContextDecorator):
    """Record no ops inside a `with` block or a decorated function, in this thread.

    Decorating a generator function switches recording off while the generator runs, but not in the code that iterates
    over it.
    """

    def __call__(self, function: _Function) -> _Function:
        """A function that does the same without recording.

        Raises:
            TypeError: if it is a class, or asynchronous: other code of the thread would run in between.
        """
        if inspect.isclass(function) or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"no_grad() decorates functions and generator functions, got {function!r}")
        return _generator_function(function) if inspect.isgeneratorfunction(function) else super().__call__(function)

    def __enter__(self) -> "no_grad":
        grad_mode.outside.append(grad_mode.enabled)
        grad_mode.enabled = False
        return self

    def __exit__(self, *exception: object) -> None:
        grad_mode.enabled = grad_mode.outside.pop()


def _generator_function(function: _Function) -> _Function:
    """A generator function whose generators run without recording from each yield to the next."""

    @functools.wraps(function)
    def without_recording(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        blocks: list[bool] = []
        resume, argument = generator.send, None
        while True:
            try:
                with _inside(blocks):
                    value = resume(argument)
            except StopIteration as stop:
                return stop.value
            try:
                resume, argument = generator.send, (yield value)
            except GeneratorExit:
                with _inside(blocks):
                    generator.close()
                raise
            except BaseException as error:
                resume, argument = generator.throw, error

    return cast(_Function, without_recording)


@contextmanager
def _inside(blocks: list[bool]) -> Iterator[None]:
    """Recording off, with the stack of blocks that are open in a generator: the iterating code has its own."""
    enabled, outside = grad_mode.enabled, grad_mode.outside
    grad_mode.enabled, grad_mode.outside = False, blocks
    try:
        yield
    finally:
        grad_mode.enabled, grad_mode.outside = enabled, outside
