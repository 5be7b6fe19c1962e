import numpy as np

from models.objectives.masked_lm import masked_lm

ids = np.arange(100, 120)[None]  # (B, T) = (1, 20)
inputs, labels = masked_lm(ids, np.random.default_rng(0), mask_id=3, vocab_size=200)
print(inputs, labels, sep="\n")
