"""minigrad: reverse-mode autograd over NumPy, small enough to read."""

from minigrad import ops
from minigrad.anomaly import anomaly_mode
from minigrad.kernels import active_kernels, use_kernels
from minigrad.operators import bind
from minigrad.ops import IGNORE
from minigrad.tensor import Tensor, is_grad_enabled, no_grad

bind()
