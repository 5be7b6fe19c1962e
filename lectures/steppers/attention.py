"""Attention, forward and backward

Three tokens attend to each other in the reference kernel, each to itself and those before it. Watch `scores` become
`probs`: what is not allowed gets no weight, and each row sums to 1. Then watch the rule: each row of `grad_scores` sums
to 0, because raising one score lowers the other probabilities. Its results arrive in `.grad` of q, k and v.
"""

import numpy as np

from minigrad import Tensor, ops, use_kernels

use_kernels("reference")
generator = np.random.default_rng(0)
q, k, v = (
    Tensor(generator.standard_normal((1, 1, 3, 2)).astype(np.float32), requires_grad=True) for _ in range(3)
)  # (B, H, T, K)
out = ops.attention(q, k, v, causal=True)
loss = ops.sum(out * out)
loss.backward()
print(q.grad)
