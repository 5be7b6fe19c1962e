"""minigrad: reverse-mode autograd over NumPy, small enough to read.

Start with `tensor.py`, `tape.py` and `gradients.py`, then read `ops/arithmetic.py` (ops with their backward rules),
`kernels/` (the arithmetic of the large ops, for NumPy, CPU and GPU), `nn/` and `optim/`.
"""

from minigrad import memory, operators, ops, random
from minigrad.anomaly import anomaly_mode
from minigrad.grad_mode import is_grad_enabled, no_grad
from minigrad.kernels import active_kernels, use_kernels
from minigrad.ops import IGNORE
from minigrad.random import manual_seed
from minigrad.tensor import Tensor
from minigrad.threads import get_num_threads, set_num_threads

operators.bind()
memory.keep_freed_memory()

from minigrad import nn, optim  # noqa: E402  # they use the operators
from minigrad.checkpoint import Checkpoint, load_checkpoint, save_checkpoint  # noqa: E402
from minigrad.parallel import DataParallel  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "IGNORE",
    "Checkpoint",
    "DataParallel",
    "Tensor",
    "active_kernels",
    "anomaly_mode",
    "get_num_threads",
    "is_grad_enabled",
    "load_checkpoint",
    "manual_seed",
    "nn",
    "no_grad",
    "ops",
    "optim",
    "random",
    "save_checkpoint",
    "set_num_threads",
    "use_kernels",
]
