"""Two layers learn eight labels: the example of the README."""

import numpy as np

from minigrad import Tensor, ops, optim

rng = np.random.default_rng(0)
x = Tensor(rng.standard_normal((8, 4)))
labels = rng.integers(0, 3, size=8)
w1 = Tensor(0.5 * rng.standard_normal((16, 4)), requires_grad=True)
w2 = Tensor(0.5 * rng.standard_normal((3, 16)), requires_grad=True)
optimizer = optim.SGD([w1, w2], lr=0.5)

for step in range(101):
    loss = ops.cross_entropy(ops.linear(ops.tanh(ops.linear(x, w1)), w2), labels)
    loss.backward()  # set a breakpoint and step in: two frames to the rule of any op
    optimizer.step()
    optimizer.zero_grad()
    if step % 50 == 0:
        print(f"step {step:3}: loss {loss.item():.3f}")
