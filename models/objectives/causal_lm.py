"""Causal language modelling: predict each token from those before it.

The objective of decoders and of recurrent language models: p(w_t | w_1 … w_{t-1}).
Source: the lecture, "Pretraining through language modeling"; Dai and Le 2015, section 2.
"""

import numpy as np

from minigrad import IGNORE
from models.inputs import check_mask


def causal_lm(ids: np.ndarray, attention_mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Split sequences into what the model reads and what it must predict, one step to the right.

    Shapes: ids (B, T + 1) integers → inputs (B, T), labels (B, T).

    Args:
        attention_mask: (B, T + 1), 1 where there is a token. Padding carries no loss, and neither does
            what padding would have to predict: the first token after padding on the left.

    Raises:
        ValueError: if ids have no second token, or the mask's shape differs.
    """
    if ids.ndim != 2 or ids.shape[1] < 2:
        raise ValueError(f"ids must have shape (B, T + 1) with T at least 1, got {ids.shape}")
    check_mask(attention_mask, ids)
    inputs, labels = ids[:, :-1], ids[:, 1:]
    if attention_mask is not None:
        is_token = attention_mask == 1
        # np.int64, because IGNORE does not fit into ids without a sign.
        labels = np.where(is_token[:, :-1] & is_token[:, 1:], labels, np.int64(IGNORE))
    return inputs, labels
