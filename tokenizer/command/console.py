"""How any of our command lines begins and ends. Text is UTF-8 on every platform. An error in the user's input or
of the machine is reported in one line on standard error, never as a traceback.

    if __name__ == "__main__":
        sys.exit(run(main))

Exit codes: 0 for success; 1 if the reader of our output stopped reading, as `head` does; 2 for an error; 130 for
Ctrl-C. An error in our own code (a TypeError, for example) still ends in a traceback: it is a bug, and hiding it
would not help.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import warnings
from _thread import interrupt_main
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

MISUSE = (ValueError, OSError, RuntimeError, MemoryError, RecursionError)
"""Errors caused by the input or the machine. The errors of our packages derive from these."""


def run(
    main: Callable[[Sequence[str]], None],
    arguments: Sequence[str] | None = None,
    interrupted: str = "Interrupted.",
) -> int:
    """Call `main` with the arguments of the command line; returns the exit code.

    Args:
        main: runs the command line. It may import what it needs, so that Ctrl-C during an import
            is caught here, too. A SystemExit, as raised by argparse, passes through.
        arguments: if None, those of the process
        interrupted: what to say after Ctrl-C, such as how to resume.
    """
    try:
        _prepare_streams()
        try:
            main(sys.argv[1:] if arguments is None else arguments)
        except SystemExit:
            sys.stdout.flush()  # the output of --help; at Python's exit, a full disk would cause a traceback
            raise
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        return 1
    except KeyboardInterrupt:
        say(f"\n{interrupted}")
        return 130
    except MISUSE as error:
        _discard_if_broken(sys.stdout)
        say(f"error: {_describe(error)}")
        return 2
    finally:
        _discard_if_broken(sys.stderr)
    return 0


def _prepare_streams() -> None:
    """Set all streams to UTF-8, and replace a stream that the shell has closed by the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell: `<&-`
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # open until the end
        elif isinstance(stream, io.TextIOWrapper):
            errors = "strict" if name == "stdin" else "backslashreplace"
            with suppress(io.UnsupportedOperation):  # a debugger has read its first command from this stdin
                stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")


def _describe(error: BaseException) -> str:
    """One line for an error, which may have no message of its own."""
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return f"expected UTF-8 text, got the byte {byte:#04x} at position {error.start}"
    if isinstance(error, MemoryError):
        return f"not enough memory{': ' * bool(str(error))}{error}"
    if isinstance(error, RecursionError):
        return f"the input is nested too deeply ({error})"
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return ": ".join([*names, error.strerror])
    return str(error) or type(error).__name__


def say(line: str) -> None:
    """Print on standard error, if it is still open. A failure to print is ignored."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def _discard_if_broken(stream: object) -> None:
    """Discard a stream that cannot be flushed: Python flushes again when it ends, and would report a second error."""
    try:
        stream.flush()  # type: ignore[attr-defined]
    except OSError:
        _discard(stream)


def _discard(stream: object) -> None:
    """Redirect a stream that cannot be written to the null device, so that its buffered output is dropped."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
    except (OSError, ValueError, io.UnsupportedOperation) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EBADF):
            raise


@contextmanager
def orderly() -> Iterator[None]:
    """Inside this context, warnings are one line and Ctrl-C always ends the program; to be used in `main` of `run`.

    Ctrl-C becomes a KeyboardInterrupt wherever it arrives. Otherwise, in the middle of an import, Python may print a
    traceback and continue, and code in C may turn it into an ImportError.
    """
    pressed: list[int] = []
    report, handler = sys.unraisablehook, signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: object) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    def not_ignored(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            threading.Timer(0.01, interrupt_main).start()  # after this function has returned, which must not raise
        else:
            report(unraisable)

    def show_warning(message: Warning | str, *place: object, **further: object) -> None:
        print(f"warning: {str(message).partition(chr(10))[0]}", file=sys.stderr, flush=True)

    ours = handler is signal.default_int_handler and threading.current_thread() is threading.main_thread()
    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        sys.unraisablehook = not_ignored
        if ours:  # Ctrl-C may be ignored, as in a command that a shell runs in the background: then it stays ignored
            signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        except BaseException as error:
            if not pressed and not isinstance(error, KeyboardInterrupt):
                raise
            raise KeyboardInterrupt from error
        finally:
            sys.unraisablehook = report
            if ours:
                signal.signal(signal.SIGINT, handler)


def leave(code: int) -> NoReturn:
    """End the process with this exit code: with `sys.exit`, but after Ctrl-C immediately.

    An interrupted import of a C extension may crash while Python shuts down, and CPython may end by the signal instead
    of with our exit code.
    """
    if code == 130:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
