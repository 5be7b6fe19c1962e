"""Training steps, kernels and generation on a CPU: `python -m experiments.benchmarks cpu`.

program.py       what is measured, and in which order; the estimate, the result file
sizes.py         the three sizes, and a batch for each model, in NumPy
workers.py       contenders in separate processes, which take turns
worker.py        the program of such a process
memory.py        the current and the peak resident memory of a process
machine.py       the processor, the BLAS and its kernels, threads, versions
table.py         the tables, for the terminal and for the page

floor.py             only the matrix products of a training step
models.py            our training step
torch_twins.py       the same three models in PyTorch, and their training step
agreement.py         the check that both compute the same loss and gradients
kernels.py           our kernels one by one, fast and reference
torch_kernels.py     PyTorch's
generation.py        our models writing text
transformers_generation.py    transformers'

Each contender has its own process, which lives as long as the comparison and waits for input while another one works.
In one process, the thread pools of OpenBLAS, Numba and PyTorch would spin after each step and slow down the next
contender. For the same reason, and because imports change a process's memory, a process imports only what it measures:
this module must import nothing.
"""
