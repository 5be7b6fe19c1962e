"""Tokens that pretraining did not know, such as [START], [DELIM] and [EXTRACT], get embeddings of their own.

With the last layer they are all that finetuning adds to GPT.
Source: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", section 3.2.
"""

from dataclasses import replace

import numpy as np

from minigrad import nn, random
from minigrad.checks import whole_number
from models.gpt import GPT


def add_tokens(model: GPT, n_new: int, generator: np.random.Generator | None = None) -> list[int]:
    """Make the vocabulary larger by `n_new` tokens, and return their ids, which are the last ones.

    The new embeddings are random, and on average as large as those that are there. Call it before an optimizer
    is made: the table of embeddings becomes another parameter.

    Raises:
        ValueError: if n_new is less than 1.
    """
    n_new = whole_number("n_new", n_new, at_least=1)
    generator = generator or random.generator()
    table, device = model.token_embedding.weight.numpy(), model.token_embedding.weight.device
    new_rows = table.std() * generator.standard_normal((n_new, table.shape[1]), dtype=np.float32)
    model.token_embedding.weight = nn.Parameter(np.concatenate([table, new_rows]))
    model.token_embedding.to(device)
    model.config = replace(model.config, vocab_size=len(table) + n_new)
    return list(range(len(table), len(table) + n_new))
