"""What the objectives share: the checks of a batch."""

import numpy as np

from models.inputs import check_mask


def tokens_of(ids: np.ndarray, attention_mask: np.ndarray | None) -> np.ndarray:
    """Where there is a token, (B, T) booleans.

    Raises:
        ValueError: if ids are not (B, T) integers, or the mask's shape differs.
    """
    if ids.ndim != 2 or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"ids must be integers of shape (B, T), got {ids.dtype} of shape {ids.shape}")
    check_mask(attention_mask, ids)
    return np.ones(ids.shape, bool) if attention_mask is None else attention_mask == 1


def check_share(name: str, value: float) -> None:
    """Raise ValueError unless a share of the tokens lies in (0, 1]."""
    if not 0 < value <= 1:
        raise ValueError(f"{name} must lie in (0, 1], got {value}")
