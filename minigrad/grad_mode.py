"""Switching the tape off, for code that needs no gradients: evaluation, generation, writing in place."""

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ContextDecorator, contextmanager
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _GradMode(threading.local):
    """The state of each thread, which starts with the tape on."""

    def __init__(self) -> None:
        self.enabled = True
        self.outside: list[bool] = []  # what holds outside of each open block, so that blocks may nest


_mode = _GradMode()


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return _mode.enabled


class no_grad(ContextDecorator):
    """Switch the tape off inside a `with` block or a decorated function, in this thread.

    In a decorated generator function it is off while the generator runs, and as it was where it is iterated over.
    """

    def __call__(self, function: _Function) -> _Function:
        """The function, running without the tape.

        Raises:
            TypeError: if it is a class, or asynchronous: other code of the thread would run in between.
        """
        if inspect.isclass(function) or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"no_grad() decorates functions and generator functions, got {function!r}")
        return _generator_function(function) if inspect.isgeneratorfunction(function) else super().__call__(function)

    def __enter__(self) -> "no_grad":
        _mode.outside.append(_mode.enabled)
        _mode.enabled = False
        return self

    def __exit__(self, *exception: object) -> None:
        _mode.enabled = _mode.outside.pop()


def _generator_function(function: _Function) -> _Function:
    """A generator function whose generators run without the tape from each yield to the next."""

    @functools.wraps(function)
    def without_tape(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
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

    return cast(_Function, without_tape)


@contextmanager
def _inside(blocks: list[bool]) -> Iterator[None]:
    """The tape off, among the open blocks of a generator, which are not those of the code that iterates over it."""
    enabled, outside = _mode.enabled, _mode.outside
    _mode.enabled, _mode.outside = False, blocks
    try:
        yield
    finally:
        _mode.enabled, _mode.outside = enabled, outside
