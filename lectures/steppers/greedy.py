"""Greedy decoding with a key/value cache

A tiny GPT continues a text of three tokens by three. The first pass reads all of the text, and fills the cache with its
keys and values. Each later pass reads one token: watch `new_ids`, and `length` when `KeyValueCache.append` adds to the
cache. The one new query attends to all keys in the cache. The likeliest token is taken, without drawing.
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
