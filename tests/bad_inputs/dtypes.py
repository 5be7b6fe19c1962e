"""Dtypes that an op cannot compute with, and values that a tensor cannot hold."""

import numpy as np

from minigrad import Tensor, nn, ops
from tests.bad_inputs.case import Case

HALF = np.ones((2, 2), np.float16)
WHOLE = np.ones((2, 2), np.int64)
ONES = Tensor(np.ones(2, np.float32))
SQUARE = Tensor(np.ones((2, 2), np.float32))
HEADS = Tensor(np.ones((1, 1, 2, 2), np.float32))
STATE = np.zeros((1, 1), np.float32)
GATES = Tensor(np.ones((4, 1), np.float32)), Tensor(np.ones((4, 1), np.float32)), Tensor(np.ones(4, np.float32))
STEPS = Tensor(np.ones((1, 1, 1), np.float32))


def with_gradient() -> Tensor:
    return Tensor(np.ones(2, np.float32), requires_grad=True)


def write(dtype: type, value: object) -> None:
    Tensor(np.zeros(2, dtype))[0] = value


CASES = [
    Case("a complex array", lambda _: Tensor(np.ones(1, complex)), TypeError, ("data", "numbers", "complex128")),
    Case("a date", lambda _: Tensor(np.array(["2020-01-01"], "M8[D]")), TypeError, ("data", "datetime64[D]")),
    Case("a duration", lambda _: Tensor(np.array([1], "m8[s]")), TypeError, ("data", "timedelta64[s]")),
    Case("an array of objects", lambda _: Tensor(np.array([{}])), TypeError, ("data", "object")),
    Case("an integer of 71 bits", lambda _: Tensor([2**70]), TypeError, ("data", "list", "object")),
    Case("text", lambda _: Tensor(["1.5"]), TypeError, ("data", "list", "<U3")),
    Case("a complex constant", lambda _: ONES + np.array(1j), TypeError, ("data", "complex128")),
    Case("an integer that asks for a gradient", lambda _: Tensor([1], True), TypeError, ("requires_grad", "int64")),
    Case("float16 in linear", lambda _: ops.linear(HALF, SQUARE), TypeError, ("linear", "float16", "x", "float32")),
    Case("integers in linear", lambda _: ops.linear(WHOLE, SQUARE), TypeError, ("linear", "int64", "for x", "astype")),
    Case("integers in a layer", lambda _: nn.Linear(2, 2)([[1, 2]]), TypeError, ("linear", "int64", "for x")),
    Case(
        "booleans as weight", lambda _: ops.linear(SQUARE, Tensor(WHOLE > 0)), TypeError, ("linear", "bool", "weight")
    ),
    Case("float16 in matmul", lambda _: Tensor(HALF) @ HALF, TypeError, ("matmul", "float16", "float32")),
    Case("float16 in relu", lambda _: ops.relu(HALF), TypeError, ("relu", "float16", "float32")),
    Case("float16 in gelu", lambda _: ops.gelu(HALF), TypeError, ("gelu", "float16", "float32")),
    Case(
        "float16 in gelu_tanh", lambda _: ops.gelu_tanh(HALF), TypeError, ("gelu_tanh", "float16", "float32 or float64")
    ),
    Case(
        "integers in layer_norm", lambda _: ops.layer_norm(WHOLE, ONES, ONES), TypeError, ("layer_norm", "int64", "x")
    ),
    Case(
        "float16 bias of layer_norm",
        lambda _: ops.layer_norm(SQUARE, ONES, Tensor(HALF[0])),
        TypeError,
        ("layer_norm", "float16", "for bias"),
    ),
    Case("integers in rms_norm", lambda _: ops.rms_norm(WHOLE, ONES), TypeError, ("rms_norm", "int64", "for x")),
    Case(
        "integer values in attention",
        lambda _: ops.attention(HEADS, HEADS, Tensor(HEADS.data.astype(int))),
        TypeError,
        ("attention", "int64", "for v"),
    ),
    Case(
        "a float16 bias in attention",
        lambda _: ops.attention(HEADS, HEADS, HEADS, bias=Tensor(HEADS.data.astype(np.float16))),
        TypeError,
        ("attention", "float16", "for bias"),
    ),
    Case(
        "integer logits",
        lambda _: ops.cross_entropy(Tensor(WHOLE), np.zeros(2, int)),
        TypeError,
        ("cross_entropy", "int64", "for logits"),
    ),
    Case(
        "an integer state of an LSTM",
        lambda _: ops.lstm(STEPS, STATE.astype(int), STATE, *GATES),
        TypeError,
        ("lstm", "int64", "for h0"),
    ),
    Case(
        "a float16 table",
        lambda _: ops.embedding([0], Tensor(HALF, requires_grad=True)),
        TypeError,
        ("embedding", "float16", "for weight"),
    ),
    Case("a fraction into integers", lambda _: write(np.int64, 1.5), TypeError, ("value", "int64", "float64")),
    Case("a number into booleans", lambda _: write(np.bool_, 2), TypeError, ("value", "bool", "int64")),
    Case(
        "a complex number into floats", lambda _: write(np.float32, 1j), TypeError, ("value", "float32", "complex128")
    ),
    Case(
        "an integer that is too large", lambda _: write(np.int32, 2**40), OverflowError, ("value", "int32", str(2**40))
    ),
    Case("a negative into unsigned", lambda _: write(np.uint8, -1), OverflowError, ("value", "uint8", "-1")),
    Case(
        "a large number beside int32",
        lambda _: Tensor(np.zeros(1, np.int32)) + 2**40,
        OverflowError,
        ("int32", str(2**40)),
    ),
    Case(
        "a complex gradient",
        lambda _: (with_gradient() * 2).backward(np.ones(2, complex)),
        TypeError,
        ("gradient", "float32", "complex128"),
    ),
    Case(
        "integers in place of floats",
        lambda _: setattr(with_gradient(), "data", np.ones(2, int)),
        TypeError,
        ("data", "requires_grad", "int64"),
    ),
    Case("a boolean exponent", lambda _: ONES**True, TypeError, ("exponent", "number", "bool")),
    Case("a tensor as exponent", lambda _: ops.power(ONES, ONES), TypeError, ("exponent", "Tensor", "exp(")),
]
