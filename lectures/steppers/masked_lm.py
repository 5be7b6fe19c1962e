"""Masked language modelling: which tokens are chosen, and what replaces them

Of the ten tokens between [CLS] and [SEP], 30% are chosen. Watch `chosen`, then `draws`: one random number decides for
each token. Below 0.8 it becomes [MASK], from 0.8 to 0.9 a random token, and above that it stays. All three happen here.
The label is the original token in each case, and -100 where no token was chosen.
"""

import numpy as np

from models.objectives.masked_lm import masked_lm

CLS, SEP, MASK = 1, 2, 3
ids = np.array([[CLS, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, SEP]])  # (B, T) = (1, 12)
inputs, labels = masked_lm(
    ids, np.random.default_rng(0), mask_id=MASK, vocab_size=100, special_ids=(CLS, SEP), rate=0.3
)
print(inputs, labels, sep="\n")
