"""A contender's process: it builds, warms up, and works when it is asked to.

    python -m experiments.benchmarks.cpu.worker MODULE:FUNCTION ARGUMENTS REHEARSAL

The function gives works by name: callables without arguments. Arguments and rehearsal are JSON: a dictionary for
the function, or null for no rehearsal. A rehearsal is the same in small, and comes first: whatever has to be loaded
or compiled is there before memory is looked at. Then each line of the input,

    {"work": "step", "untimed": 1, "seconds": 0.25}

is answered by a line with the seconds that each call took, as many calls as fit into the time and at least one.
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

Work = Callable[[], Any]  # what it returns must go into JSON
WARM_UP, WARM_UP_SECONDS = 3, 1.0


def main(function: str, arguments: str, rehearsal: str) -> int:
    """Serve until the input ends; the exit code."""
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
    except Exception as error:  # whatever it is, the parent puts it into the table
        answer(answers, {"error": f"{type(error).__name__}: {error}".splitlines()[0]})
        return 1
    return 0


def own_output() -> TextIO:
    """The standard output for answers alone: what libraries print goes to the error output instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def answer(answers: TextIO, value: dict[str, Any]) -> None:
    """One line of JSON."""
    print(json.dumps(value), file=answers, flush=True)


def warm_up(works: dict[str, Work]) -> None:
    """Each work a few times; one that takes long once, which is enough for it."""
    for work in works.values():
        start = time.monotonic()
        for _ in range(WARM_UP):
            work()
            if time.monotonic() - start > WARM_UP_SECONDS:
                break


def held() -> int | None:
    """The resident memory; None where the system does not tell."""
    gc.collect()
    try:
        return resident()
    except OSError:
        return None


def repeat(work: Work, untimed: int, seconds: float) -> tuple[list[float], Any]:
    """Seconds of each call, until the time is used up; and what the last call returned.

    The first calls may go untimed: they bring the data back into the caches and wake up threads.
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
