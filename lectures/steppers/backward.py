"""loss.backward(), line by line

The program computes b = 2a and loss = b² + b, so `b` is used twice. Watch the tape: each op appends a node, with the
nodes of its inputs. In `Tensor.backward`, watch the gradient that waits at the node of `b`. It is complete only after
both uses have sent theirs, and only then does the rule of `b` run. Each node is freed as soon as its rule has run.
"""

from minigrad import Tensor, ops

a = Tensor([3.0], requires_grad=True)
b = a + a
loss = ops.sum(b * b + b)
loss.backward()
print("a.grad =", a.grad)  # the derivative of (2a)² + 2a is 8a + 2
