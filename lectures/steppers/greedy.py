"""Greedy decoding with a key/value cache

A tiny GPT continues a text of three tokens by two. The first step reads all three, and fills the cache with their keys
and values. The second reads one token: watch `new_ids`, and the length of the cache when attention appends to it. The
one new query attends to all keys in the cache. Greedy decoding takes the likeliest token, without drawing.
"""

import numpy as np

from minigrad import use_kernels
from models.generation import WithCache, generate
from models.gpt import GPT, GPTConfig
from models.sampling import GREEDY

use_kernels("reference")
model = GPT(GPTConfig(vocab_size=5, n_positions=8, d_model=2, n_layers=1, n_heads=1), np.random.default_rng(7))
ids = generate(WithCache(model), np.array([[0, 1, 2]]), 3, GREEDY)
print(ids)
