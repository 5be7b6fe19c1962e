from minigrad import Tensor, ops

a = Tensor([3.0], requires_grad=True)
b = a + a
loss = ops.sum(b * b + b)
loss.backward()
print(a.grad)
