"""CUDA kernels and training steps on a GPU: `python -m experiments.benchmarks gpu`.

On a fresh machine with an NVIDIA GPU and its driver (nothing else of CUDA needs to be there):

    python3 -m venv .venv && . .venv/bin/activate
    pip install -e ".[cuda]"
    pip install torch ml_dtypes                      # a build with CUDA: the peer; and bfloat16. The rest runs without
    python -m experiments.benchmarks gpu --quick     # a smoke test at small sizes: a minute or two
    python -m experiments.benchmarks gpu             # everything: at most 8 minutes; --seconds 270 stops earlier
    python -m experiments report --readme            # brings the page up to date

It needs about 30 GB of the card's memory, and the card for itself: what others compute there spoils the times. The
first run takes longer, since NVRTC compiles the kernels then (CuPy keeps them in its cache). The exit code is 1 if a
check failed, 2 if there is no GPU. The result is written as it grows, so that a run that is cut off leaves what it has.

`make gpu` does all of it from a checkout with the interpreter at hand, without installing the project: the tests that
are marked `gpu`, then this, in at most 6 minutes.

program.py         what is done, in which order; the result file
lines.py           what is measured, at which sizes, beside whom, what it must reach: plain numbers
result.py          what came out: checks and times, to JSON and back
table.py           the tables, for the terminal and for the page

checking.py        a kernel's values against the reference's in float64, and its bits in two runs
checks.py          what is checked: a list of cases for each kernel; check_attention.py has attention's
step_check.py      a training step of each family of models, the same way
timing.py          CUDA events, turns, and what is done against the cache
card.py            the card, its driver, clocks, versions

ours.py            our kernels and our training step, ready to be called
cublas.py          cuBLAS's matrix products in float32, TF32 and bfloat16
torch_peers.py     PyTorch's

All contenders run in one process. Two processes on one GPU would take turns in time slices that neither controls, and
each would hold its own memory; in one process CuPy and PyTorch share the context and, as long as nobody chooses
another, the default stream, so that an event of the one is in line with the kernels of the other. Each gives its
pool of memory back when a line is done.
"""
