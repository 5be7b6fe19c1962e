"""A command line without a process of its own, for tests that call it thousands of times."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def run(main: Callable[[list[str]], int], arguments: list[str], data: bytes = b"") -> tuple[int, str]:
    """The exit code of a command that finds `data` on standard input, and what it says on standard error.

    Every command must end with 0, 1 or 2, without a traceback, and with an error's words if with 2.
    """
    with streams(data) as err:
        try:
            code = main(arguments)
        except SystemExit as exit:  # argparse, after its usage
            code = exit.code or 0
        sys.stderr.flush()
        said = err.getvalue().decode("utf-8")
    assert code in (0, 1, 2), (arguments, said)
    assert "Traceback" not in said
    assert code != 2 or "error: " in said, (arguments, said)
    return code, said


@contextmanager
def streams(data: bytes) -> Iterator[io.BytesIO]:
    """Standard input holds the data; what is printed on standard error goes to the one that is given."""
    before = sys.stdin, sys.stdout, sys.stderr
    err = io.BytesIO()
    sys.stdin, sys.stdout, sys.stderr = map(io.TextIOWrapper, (io.BytesIO(data), io.BytesIO(), err))
    try:
        yield err
    finally:
        kept = sys.stdin, sys.stdout, sys.stderr  # closing them would close what they printed to
        sys.stdin, sys.stdout, sys.stderr = before
        for stream in kept:
            stream.detach()
