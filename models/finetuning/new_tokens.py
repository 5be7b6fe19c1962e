"""New tokens, such as [START], [DELIM] and [EXTRACT], that the pretrained model has no embeddings for.

Their embeddings and the last layer are the only parameters that finetuning adds to GPT. To train no
embeddings but these, see `frozen_rows.py`.

Source: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", section 3.2.
"""

from dataclasses import replace

import numpy as np

from minigrad import nn, random
from minigrad.checks import whole_number
from models.gpt import GPT


def add_tokens(model: GPT, n_new: int, generator: np.random.Generator | None = None) -> list[int]:
    """Extend the vocabulary by `n_new` tokens and return their ids, which are the last ones.

    The new embeddings are random, with the standard deviation of the existing ones. An output layer that is not tied to
    the embeddings gets new rows in the same way. Call this before creating an optimizer, because the extended tables
    are new parameters.

    Raises:
        ValueError: if n_new is less than 1.
    """
    n_new = whole_number("n_new", n_new, at_least=1)
    generator = random.chosen(generator)
    for layer in (model.token_embedding, model.head):
        if layer is None:  # the output layer is tied to the embeddings
            continue
        table, device = layer.weight.numpy(), layer.weight.device  # (V, D)
        # As large as the others: much larger ones would dominate attention, much smaller ones would go unnoticed.
        new_rows = table.std() * generator.standard_normal((n_new, table.shape[1]), dtype=np.float32)
        layer.weight = nn.Parameter(np.concatenate([table, new_rows]))  # (V + n_new, D)
        layer.to(device)
    n_old = model.config.vocab_size
    model.config = replace(model.config, vocab_size=n_old + n_new)
    return list(range(n_old, n_old + n_new))
