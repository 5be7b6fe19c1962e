"""The student's process: a line with a function and its arguments comes in, a line with the output goes out.

It knows no expected values. What the student's code prints goes to stderr.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from lectures.grading import overlay, wire


def main(requests: TextIO, answers: TextIO) -> None:
    """Set up and import the adapters as the first line says, say that this is done, and answer the other lines."""
    setup = wire.decode(requests.readline())
    limit(setup["megabytes"])
    folder = Path(setup["folder"]).resolve()
    os.chdir(setup["scratch"])  # files that the student's code writes are no submission
    overlay.install(folder, setup["withheld"], setup["without"])
    adapters, failed = None, None
    try:
        adapters = importlib.import_module(setup["adapters"])
    except Exception as error:  # said as the answer to every request
        failed = error
    send(answers, {"ready": True})
    for line in requests:
        request = wire.decode(line)
        start = time.perf_counter()
        try:
            if failed is not None:
                raise failed
            output = getattr(adapters, request["function"])(*request["arguments"])
            seconds = time.perf_counter() - start
            send(answers, {"output": output, "seconds": seconds, "megabytes": peak_megabytes()})
        except NotImplementedError as error:
            send(answers, {"stub": str(error) or "it raises NotImplementedError"})
        except Exception as error:
            send(answers, {"error": type(error).__name__, "message": str(error), "place": place(error, folder)})


def send(answers: TextIO, answer: dict[str, Any]) -> None:
    """Write one line.

    Raises:
        TypeError: if the output is nothing that a line can hold; nothing is written then.
    """
    answers.write(f"{wire.encode(answer)}\n")
    answers.flush()


def place(error: BaseException, folder: Path) -> str:
    """The last line of the student's own that an error came through; "" if none did."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_absolute() and path.is_relative_to(folder):
            return f"line {frame.lineno} of {path.relative_to(folder).as_posix()}"
    return ""


def limit(megabytes: int) -> None:
    """Limit memory and the size of files, where the system has such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, value in ((resource.RLIMIT_AS, megabytes << 20), (resource.RLIMIT_FSIZE, 64 << 20)):
        hard = resource.getrlimit(kind)[1]
        if sys.platform.startswith("linux") and (hard == resource.RLIM_INFINITY or hard > value):
            resource.setrlimit(kind, (value, value))


def peak_megabytes() -> int:
    """The most memory that this process has held so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak >> 20 if sys.platform == "darwin" else peak >> 10)  # macOS counts bytes, Linux kibibytes


def _start() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # prints of the student must not mix with the answers
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\n")
    nothing: Any = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    main(requests, answers)


if __name__ == "__main__":
    _start()
