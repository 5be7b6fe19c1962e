"""One step of Adam

The two gradients differ by a factor of 100. Watch `m` and `v`, the running averages of the gradient and of its square:
both start at zero, so the first step divides them by 1 - β. Then compare how far each parameter moves. It is the
learning rate for both, because `m_hat / sqrt(v_hat)` does not depend on the scale of the gradient.
"""

from minigrad import Tensor, ops, optim, use_kernels

use_kernels("reference")
weight = Tensor([1.0, 1.0], requires_grad=True)
optimizer = optim.Adam([weight], lr=0.1)
loss = ops.sum(weight * [5.0, 0.05])
loss.backward()
optimizer.step()
print(weight.data)
