"""The first example that differs, as a program: a debugger steps through it into the student's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lectures.grading.exercise import Assignment
from lectures.grading.grade import Verdict
from minigrad.files import write_text

LARGEST = 2000  # numbers; beyond, a program would be too long to read

PROGRAM = '''"""Exercise {number}: {shows}.

Written by the grader. Step through it: python -m pdb {name}
"""

from pathlib import Path

import numpy as np

from lectures.grading import overlay

overlay.install(Path(__file__).parent)

import {adapters}

output = {adapters}.{function}(
{arguments}
)
print(output)
'''


def write_example(folder: Path, assignment: Assignment, verdict: Verdict) -> Path | None:
    """Write the program into the student's folder, as `example_1_2.py`; None if nothing differs or it is too large."""
    case = verdict.failing
    if case is None or _size(case.arguments) > LARGEST:
        return None
    path = folder / f"example_{verdict.number.replace('.', '_')}.py"
    arguments = "\n".join(f"    {_literal(argument)}," for argument in case.arguments)
    text = PROGRAM.format(
        number=verdict.number, shows=case.shows.replace("\\", "\\\\"), name=path.name, adapters=assignment.adapters,
        function=case.function, arguments=arguments,
    )  # fmt: skip
    write_text(path, text)
    return path


def _literal(value: Any) -> str:
    """Python source that makes the value."""
    if isinstance(value, np.ndarray):
        numbers = np.array2string(value, threshold=LARGEST + 1, separator=", ", max_line_width=100, floatmode="unique")
        names = {"nan": "np.nan", "inf": "np.inf"} if value.dtype.kind == "f" else {}
        for name, source in names.items():
            numbers = numbers.replace(name, source)
        if value.size == 0:
            return f"np.zeros({value.shape}, dtype=np.{value.dtype.name})"
        dtype = "bool" if value.dtype == bool else f"np.{value.dtype.name}"
        return f"np.array({numbers}, dtype={dtype})"
    if isinstance(value, float) and not np.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    return repr(value)


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str | bytes) else 1
