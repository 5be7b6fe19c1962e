"""Exercise 3.5: the softmax of each row in CUDA, compiled for the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

FOLDER = "lectures/assignments/transformer/solution"
KERNEL = f"{FOLDER}/row_softmax.cu: row_softmax"
GRID = "lectures.assignments.transformer.solution.row_softmax.grid"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Narrow and wide rows, an odd number of rows, large numbers; with the threads in both orders."""
    for group, shows, n_rows, n_columns, size in [
        ("values", "two rows of 64 numbers", 2, 64, 1.0),
        ("wide rows", "four rows of 150 numbers, with 64 threads each", 4, 150, 1.0),
        ("edges", "five rows of seven numbers, with two rows a block", 5, 7, 1.0),
        ("edges", "one row of one number", 1, 1, 1.0),
        ("large numbers", "two rows with numbers of several hundred", 2, 40, 500.0),
    ]:
        x = (size * generator.standard_normal((n_rows, n_columns))).astype(np.float32)
        expected = {
            "first thread first": softmax(x), "last thread first": softmax(x), "memory around the matrix": "untouched",
        }  # fmt: skip
        yield Case(group, shows, "row_softmax_on_host", (x,), expected, tolerance=1e-5)
    n_rows = int(generator.integers(3, 200))
    yield Case("edges", f"the blocks for {n_rows} rows", "softmax_grid", (n_rows,), n_rows // 2 + n_rows % 2)
    yield Case("edges", "the blocks for 7 rows", "softmax_grid", (7,), 4)


def softmax(x: np.ndarray) -> np.ndarray:
    """In float64, row by row."""
    rows = [np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in x.astype(np.float64)]
    return np.array(rows).astype(np.float32)


_TREE = "shared[slot][thread] += shared[slot][thread + half];\n        __syncthreads();"

ROW_SOFTMAX = Exercise(
    number="3.5",
    title="row softmax in CUDA",
    points=20,
    minutes=150,
    stubs=(Stub(KERNEL), Stub(GRID)),
    cases=cases,
    mistakes=(
        Mistake(
            name="no barrier in the tree",
            old=_TREE,
            new=_TREE.replace("\n        __syncthreads();", ""),
            symptom="a thread adds numbers that other threads have not written yet, in the tree",
        ),
        Mistake(
            name="no barrier before the array is used again",
            old="__syncthreads();  // all have read it",
            new="",
            symptom="the highest number is overwritten before all threads have read it",
        ),
        Mistake(
            name="no bounds check",
            old="row < n_rows ? n_columns : 0",
            new="n_columns",
            symptom="a row below the matrix is read or written: the last block has more rows than are left",
        ),
        Mistake(
            name="barrier in a branch",
            old="float sum = 0;",
            new="if (row >= n_rows) return;\n    float sum = 0;",
            symptom="threads without a row leave early, and the others wait for them at a barrier",
        ),
        Mistake(
            name="64 columns",
            old="for (int i = thread; i < count; i += THREADS) sum +=",
            new="for (int i = thread; i < count && i < THREADS; i += THREADS) sum +=",
            symptom="each thread adds up one column: columns from 64 on are not in the sum",
        ),
        Mistake(
            name="half of the tree",
            old="for (int half = THREADS / 2; half > 0; half /= 2) {\n"
            "        if (thread < half) shared[slot][thread] += shared[slot][thread + half];",
            new="for (int half = THREADS / 4; half > 0; half /= 2) {\n"
            "        if (thread < half) shared[slot][thread] += shared[slot][thread + half];",
            symptom="the sum is that of the first 32 threads, one warp",
        ),
        Mistake(
            name="rows of a block share an array",
            old="shared[slot][thread] = sum;",
            new="shared[0][thread] = sum;",
            symptom="both rows of a block use the same row of the shared array",
        ),
        Mistake(
            name="no maximum",
            old="sum += expf(x[start + i] - highest);",
            new="highest = 0, sum += expf(x[start + i]);",
            symptom="exp of a number of several hundred overflows",
        ),
        Mistake(
            name="grid rounded down",
            old="(n_rows + ROWS - 1) // ROWS",
            new="max(n_rows // ROWS, 1)",
            symptom="the number of blocks is rounded down: the last row of an odd number has no block",
            symbol=GRID,
        ),
    ),
    page="machine/6-cuda-kernel.md",
)
