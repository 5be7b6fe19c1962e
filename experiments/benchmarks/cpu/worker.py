"""A contender's process: it prepares its works, warms up, and repeats a work on request.

    python -m experiments.benchmarks.cpu.worker MODULE:FUNCTION ARGUMENTS REHEARSAL

The function returns works by name: callables without arguments. Arguments and rehearsal are JSON, dictionaries of the
function's arguments; null means no rehearsal. The rehearsal runs first, at a small size, so that everything is loaded
and compiled before memory is measured. Then each line of the input,

    {"work": "step", "untimed": 1, "seconds": 0.25}

is answered by a line with the seconds of each call: as many calls as fit into that time, and at least one.
"""

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from experiments.benchmarks.cpu.memory import forget_peak, resident
from experiments.benchmarks.encoding_memory import peak_memory

Work = Callable[[], Any]  # its result must be JSON
WARM_UP, WARM_UP_SECONDS = 3, 1.0


def main(function: str, arguments: str, rehearsal: str) -> int:
    """Serve until the input ends, and return the exit code."""
    answers = own_output()
    try:
        module, name = function.split(":")
        prepare = getattr(importlib.import_module(module), name)
        if rehearsal != "null":
            warm_up(prepare(**json.loads(rehearsal)))
        before = held()
        works = prepare(**json.loads(arguments))
        warm_up(works)
        forget_peak()
        answer(answers, {"about": works.pop("about", dict)()})
        for line in sys.stdin:
            request = json.loads(line)
            seconds, result = repeat(works[request["work"]], request["untimed"], request["seconds"])
            grown = None if before is None else (peak_memory() - before) / 1e6
            answer(answers, {"seconds": seconds, "result": result, "peak_mb": grown})
    except Exception as error:  # the parent shows any error in its table
        answer(answers, {"error": f"{type(error).__name__}: {error}".splitlines()[0]})
        return 1
    return 0


def own_output() -> TextIO:
    """Standard output, reserved for answers: what libraries print goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def answer(answers: TextIO, value: dict[str, Any]) -> None:
    """One line of JSON."""
    print(json.dumps(value), file=answers, flush=True)


def warm_up(works: dict[str, Work]) -> None:
    """Run each work a few times; a slow one only once, which is enough."""
    for work in works.values():
        start = time.monotonic()
        for _ in range(WARM_UP):
            work()
            if time.monotonic() - start > WARM_UP_SECONDS:
                break


def held() -> int | None:
    """The resident memory; None if the system does not report it."""
    gc.collect()
    try:
        return resident()
    except OSError:
        return None


def repeat(work: Work, untimed: int, seconds: float) -> tuple[list[float], Any]:
    """The seconds of each call until the time is used up, and the result of the last call.

    The first calls may be untimed: they bring the data back into the caches and wake up threads.
    """
    for _ in range(untimed):
        work()
    taken: list[float] = []
    while not taken or sum(taken) < seconds:
        start = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - start)
    return taken, result


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
