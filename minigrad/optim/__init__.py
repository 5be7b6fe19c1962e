"""Optimizers, learning-rate schedules and gradient clipping, numerically equal to PyTorch's and transformers'."""

from minigrad.optim.adafactor import Adafactor
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.clip import clip_grad_norm
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import inverse_square_root, warmup_cosine, warmup_linear
from minigrad.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adafactor",
    "Adam",
    "AdamW",
    "Optimizer",
    "clip_grad_norm",
    "inverse_square_root",
    "warmup_cosine",
    "warmup_linear",
]
