"""Speed and memory, compared with other libraries: `python -m experiments.benchmarks NAME`.

comparison.py    interleaved runs, medians, one table, one result file
passes.py        a forward and a backward pass as one call
tokenizers.py    training and encoding, compared with Hugging Face's tokenizers and tiktoken
cpu/             training steps, kernels and generation, compared with PyTorch and the time of the matrix products alone
gpu/             CUDA kernels and a training step: checks, then comparisons with cuBLAS, PyTorch and the card's limits
encoding_memory.py    the peak memory of encoding an endless text, measured in a separate process
"""
