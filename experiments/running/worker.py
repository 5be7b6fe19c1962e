"""A process that computes cells for another one: `python -m experiments.running.worker`.

Each line of the input names a cell, as JSON: {"request": {"module": …, "preset": …, …}, "key": …, "seed": …}. The
answer is one line: {} when the cell's file is written, or {"error": …}. What a cell prints goes to standard error.

No values are sent: the worker runs the table's program up to that cell, and reads the earlier cells from their files.
"""

import json
import os
import sys
import traceback
from typing import Any

from experiments.evidence.decoding import decode
from experiments.running.contract import Request
from experiments.running.places import work_folder
from experiments.running.work import CellName, Finished, NotYet, OneCell


def compute(request: Request, name: CellName) -> None:
    """Compute one cell of a table and leave it in its file.

    Raises:
        LookupError: if the table's program does not reach such a cell.
    """
    try:
        OneCell(request, name).run_table()
    except Finished:
        return
    except NotYet:
        pass
    raise LookupError(f"{request.name} has no cell {name.key!r} with seed {name.seed}, or not yet")


def has_file(name: str) -> bool:
    """Whether this process's work folder has a file of this name."""
    return (work_folder() / name).exists()


def main() -> int:
    """Answer until the input ends, and return the exit code."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what cells print must not be mistaken for an answer
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
    return 0


def answer(question: dict[str, Any]) -> dict[str, str]:
    """Compute one cell: the answer is empty, or says what failed."""
    try:
        compute(decode(Request, question["request"], "request"), CellName(question["key"], question["seed"]))
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}
    return {}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # Ctrl-C reaches all processes of the group; the parent reports it
        sys.exit(130)
