"""How fast it is, beside what others use: `python -m experiments.benchmarks NAME`.

comparison.py    interleaved runs, medians, one table, one result file
tokenizers.py    training and encoding, beside Hugging Face's tokenizers and tiktoken
encoding_memory.py    the peak memory of encoding an endless text, measured in a process of its own
"""
