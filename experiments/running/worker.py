"""A process that computes cells for another one: `python -m experiments.running.worker`.

Each line of its input names a cell, as JSON: {"request": {"module": …, "preset": …, …}, "key": …, "seed": …}. The
answer is a line, too: {} when the cell is in its file, or {"error": …}. What the cell prints goes to standard error.

Nothing else travels: the worker runs the table's own program up to the cell that is wanted, finding in their files
the cells that come before it.
"""

import json
import os
import sys
import traceback
from typing import Any

from experiments.running.contract import Request
from experiments.running.places import work_folder
from experiments.running.work import CellName, Finished, NotYet, OneCell


def compute(request: Request, name: CellName) -> None:
    """Compute one cell of a table and leave it in its file.

    Raises:
        LookupError: if the table's program does not come to such a cell.
    """
    try:
        OneCell(request, name).run_table()
    except Finished:
        return
    except NotYet:
        pass
    raise LookupError(f"{request.name} has no cell {name.key!r} with seed {name.seed}, or not yet")


def has_file(name: str) -> bool:
    """Whether a file is in this process's work folder."""
    return (work_folder() / name).exists()


def main() -> int:
    """Answer until the input ends; the exit code."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what is printed on the way must not be taken for an answer
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
    return 0


def answer(question: dict[str, Any]) -> dict[str, str]:
    """What became of one cell."""
    try:
        compute(Request(**question["request"]), CellName(question["key"], question["seed"]))
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}
    return {}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # Ctrl-C reaches the whole group of processes; the first of them says so
        sys.exit(130)
