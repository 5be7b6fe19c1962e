"""Training steps, kernels and generation on a CPU: `python -m experiments.benchmarks cpu`.

program.py       what is measured, in which order; the estimate, the result file
sizes.py         the three sizes, and a batch for each model: plain NumPy
workers.py       contenders in processes of their own, which take turns
worker.py        such a process: it builds, warms up, and works when it is asked to
memory.py        what a process holds, and the most it ever held
machine.py       the processor, the BLAS and its kernels, threads, versions
table.py         the tables, for the terminal and for the page

floor.py             the matrix products of a training step, and nothing else
models.py            our training step
torch_twins.py       the same three models in PyTorch, and their training step
agreement.py         that the two compute the same: loss and every gradient
kernels.py           our kernels one by one, fast and reference
torch_kernels.py     PyTorch's
generation.py        writing text, and the limit that memory sets to it
transformers_generation.py    transformers'

Each contender has a process of its own, which lives as long as the comparison and waits at its pipe while
another works. In one process the thread pools of OpenBLAS, Numba and PyTorch would keep their cores busy with
waiting after each step, at the expense of whoever comes next. For the same reason, and so that nobody's settings
change another's memory, a process imports only what it measures: this module must import nothing.
"""
