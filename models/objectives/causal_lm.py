"""Causal language modelling: predict each token from those before it.

The objective of decoders and of recurrent language models. By the chain rule, a text's probability is the product
of its tokens' probabilities, so the sum of the tokens' losses is -log p(text):

    p(w_1 … w_T) = Π_t p(w_t | w_1 … w_{t-1})

Source: the lecture, "Pretraining through language modeling"; Dai and Le 2015, section 2.
"""

import numpy as np

from minigrad import IGNORE
from minigrad.checks import integers
from models.objectives.batch import check_batch


def causal_lm(ids: np.ndarray, attention_mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Split sequences into what the model reads and what it must predict, one step to the right.

    Shapes: ids (B, T + 1) integers → inputs (B, T), labels (B, T), both int64.

    Args:
        attention_mask: (B, T + 1), 1 where there is a token. Padding carries no loss. Neither does the first token
            after padding on the left, because only padding precedes it.

    Raises:
        ValueError: if ids have no second token, one is negative, or the mask's shape differs.
        TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
    """
    ids = integers("ids", ids)
    if ids.ndim != 2 or ids.shape[1] < 2:
        raise ValueError(f"ids must have shape (B, T + 1) with T at least 1, got {ids.shape}")
    ids, is_token = check_batch(ids, attention_mask)
    # One pass trains all T predictions: [5, 8, 2] gives inputs [5, 8] and labels [8, 2].
    inputs, labels = ids[:, :-1], ids[:, 1:]  # (B, T), (B, T)
    if attention_mask is not None:  # the position that predicts and the label must both be tokens
        labels = np.where(is_token[:, :-1] & is_token[:, 1:], labels, IGNORE)
    return inputs, labels
