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

    The new embeddings are random, and on average as large as those that are there; so are the new rows of an output
    layer that is not tied to them. Call it before an optimizer is made: these become other parameters.

    Raises:
        ValueError: if n_new is less than 1.
    """
    n_new = whole_number("n_new", n_new, at_least=1)
    generator = random.chosen(generator)
    for layer in (model.token_embedding, model.head):
        if layer is None:  # the output layer is tied to the embeddings
            continue
        table, device = layer.weight.numpy(), layer.weight.device  # (V, D)
        new_rows = table.std() * generator.standard_normal((n_new, table.shape[1]), dtype=np.float32)
        layer.weight = nn.Parameter(np.concatenate([table, new_rows]))
        layer.to(device)
    n_old = model.config.vocab_size
    model.config = replace(model.config, vocab_size=n_old + n_new)
    return list(range(n_old, n_old + n_new))
