"""How fast it is, beside what others use: `python -m experiments.benchmarks NAME`.

comparison.py    interleaved runs, medians, one table, one result file
tokenizers.py    training and encoding, beside Hugging Face's tokenizers and tiktoken
cpu/             training steps, kernels and generation, beside PyTorch and the time of the matrix products alone
gpu/             CUDA kernels and a training step, checked, then beside cuBLAS, PyTorch and the card's limits
encoding_memory.py    the peak memory of encoding an endless text, measured in a process of its own
"""
