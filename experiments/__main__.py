"""The command line: `python -m experiments list | run NAME … | report`. What it does: command.py.

Exit codes: 0 done; 1 if whoever read our output stopped reading; 2 for an error; 130 for Ctrl-C.
"""

import os
import sys
from collections.abc import Sequence

# One thread for each library that has threads of its own. They read these when they are loaded, so they are set
# before anything else is imported. What is computed gets the number of threads of its settings, whatever is set here
# (`experiments/runner.py`); others that wait for work would only take time from it.
for _variable in (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
):  # fmt: skip
    os.environ[_variable] = "1"
os.environ["MPLBACKEND"] = "svg"  # as figures are written, whatever windows the user prefers


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code. Ctrl-C ends it in order from the first import on."""
    words = sys.argv[1:] if arguments is None else arguments
    again = " ".join(word for word in words if word != "--fresh")
    interrupted = f"Interrupted. What is finished is kept; to go on: python -m experiments {again}"
    try:
        from tokenizer.console import run

        return run(_act, words, interrupted)
    except KeyboardInterrupt:  # in the moment before `run` guards us
        print(f"\n{interrupted}", file=sys.stderr)
        return 130


def _act(arguments: Sequence[str]) -> None:
    from tokenizer.console import orderly

    with orderly():
        from experiments.command import act  # takes a second: NumPy, Matplotlib

        act(arguments)


if __name__ == "__main__":
    code = main()
    from tokenizer.console import leave

    leave(code)
