"""CUDA kernels and training steps on a GPU: `python -m experiments.benchmarks gpu`.

On a fresh machine with an NVIDIA GPU and its driver (no other part of CUDA is needed):

    python3 -m venv .venv && . .venv/bin/activate
    pip install -e ".[cuda]"
    pip install torch ml_dtypes                      # optional: the peer (a build with CUDA), and bfloat16
    python -m experiments.benchmarks gpu --quick     # a smoke test at small sizes: a minute or two
    python -m experiments.benchmarks gpu             # everything: at most 8 minutes; --seconds 270 stops earlier
    python -m experiments report --readme            # brings the page up to date

It needs about 30 GB of the card's memory, and no other program on the card, which would disturb the times. The first
run takes longer, because NVRTC compiles the kernels (CuPy caches them). The exit code is 1 if a check failed, 2 if
there is no GPU. The result is written after every line, so an interrupted run keeps what it has measured.

`make gpu` does all of this from a checkout, with the current interpreter and without installing the project: the tests
that are marked `gpu`, then this benchmark, in at most 6 minutes.

program.py         what is done, and in which order; the result file
lines.py           what is measured: sizes, peers and targets, as plain numbers
result.py          the result: checks and times, to JSON and back
table.py           the tables, for the terminal and for the page

checking.py        a kernel's values against the reference's in float64, and its bits in two runs
checks.py          what is checked: a list of cases for each kernel; attention's are in check_attention.py
step_check.py      the same for a training step of each family of models
timing.py          CUDA events, turns, and flushing the cache
card.py            the card, its driver, clocks, versions

ours.py            our kernels and our training step as works
cublas.py          cuBLAS's matrix products in float32, TF32 and bfloat16
torch_peers.py     PyTorch's kernels and training step

All contenders run in one process. Two processes on one GPU would run in time slices that neither controls, and each
would hold its own memory. In one process CuPy and PyTorch share the context and the default stream, so that an event of
one is ordered with the kernels of the other. Both release their memory pools after each line.
"""
