"""What a student sees who walks from `loss.backward()` into a backward rule with a debugger."""

import bdb
import contextlib
import linecache
import sys

import numpy as np
import pytest

from minigrad import Tensor, ops, use_kernels

OPS = {
    "add": lambda x: x + 1.0,
    "mul": lambda x: x * x,
    "exp": lambda x: x.exp(),
    "sum": lambda x: x.sum(),
    "getitem": lambda x: x[0],
    "matmul": lambda x: x @ np.ones((4, 3)),
    "softmax": ops.softmax,
    "layer_norm": lambda x: ops.layer_norm(x, Tensor(np.ones(4)), Tensor(np.zeros(4))),
    "cross_entropy": lambda x: ops.cross_entropy(x, np.array([1, 2])),
    "gelu_tanh": ops.gelu_tanh,
}


class Student(bdb.Bdb):
    """Someone at a debugger's prompt: `next` inside `backward` up to the line that calls the rule,
    `step` everywhere else, until the first line of a function called `…_backward`."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.frames: list[str] = []

    def user_line(self, frame) -> None:
        name = frame.f_code.co_name
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if name.endswith("_backward"):
            while frame.f_code.co_name != "student_code":
                self.frames.insert(0, frame.f_code.co_name)
                frame = frame.f_back
            self.set_quit()
        elif name == "backward" and "node.rule(grad)" not in line:
            self.set_next(frame)
        else:
            self.steps += 1
            self.set_step()


def student_code(loss: Tensor, gradient: np.ndarray) -> None:
    loss.backward(gradient)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("kernels", ["reference", "fast"])
def test_two_step_commands_and_two_frames_lead_from_backward_to_the_first_line_of_a_rule(name, kernels):
    x = Tensor(np.full((2, 4), 0.5), requires_grad=True)
    with use_kernels(kernels):
        loss = OPS[name](x)
    student, outside = Student(), sys.gettrace()
    try:
        with contextlib.suppress(bdb.BdbQuit):
            student.runcall(student_code, loss, np.ones(loss.shape))
    finally:
        sys.settrace(outside)
    assert student.frames == ["backward", f"{name}_backward"]
    assert student.steps == 2
