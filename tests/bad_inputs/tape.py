"""Bad input to tensors, the tape and the ops that rearrange values or look them up."""

import copy

import numpy as np

from minigrad import Tensor, no_grad, ops
from minigrad.errors import InPlaceError, NoGraphError, NonScalarError
from tests.bad_inputs.case import Case


def leaf(*shape: int) -> Tensor:
    return Tensor(np.ones(shape, np.float32), requires_grad=True)


def assigned(tensor: Tensor, **attributes: object) -> Tensor:
    for name, value in attributes.items():
        setattr(tensor, name, value)
    return tensor


def written(tensor: Tensor, index: object, value: object) -> None:
    with no_grad():
        tensor[index] = value


async def asynchronous() -> None:
    """To be decorated."""


ARRAY = np.ones((2, 3), np.float32)
INTEGERS = Tensor(np.array([1, 2]))
STATE = np.zeros((2, 2), np.float32)

MAKING = [
    Case("None as data", lambda _: Tensor(None), TypeError, ("data must be numbers", "NoneType")),
    Case("text as data", lambda _: Tensor("1.0"), TypeError, ("data must be numbers", "str")),
    Case("texts as data", lambda _: Tensor(["a", "b"]), TypeError, ("data must be numbers", "<U1")),
    Case("objects as data", lambda _: Tensor(np.array([1, None])), TypeError, ("data must be numbers", "object")),
    Case("complex data", lambda _: Tensor([1j]), TypeError, ("data must be numbers", "complex128")),
    Case("ragged lists", lambda _: Tensor([[1, 2], [3]]), ValueError, ("data must be numbers", "equal lengths")),
    Case("a tensor as data", lambda _: Tensor(leaf(2)), TypeError, ("data is already a Tensor", ".detach()")),
    Case("requires_grad=1", lambda _: Tensor(ARRAY, 1), TypeError, ("requires_grad must be True or False", "1")),
    Case("requires_grad=None", lambda _: Tensor(ARRAY, None), TypeError, ("requires_grad", "None")),
    Case("requires_grad of integers", lambda _: Tensor([1], True), TypeError, ("floating dtype", "int64")),
]
ATTRIBUTES = [
    Case(
        "requires_grad set to text",
        lambda _: assigned(leaf(2), requires_grad="no"),
        TypeError,
        ("requires_grad must be True or False", "'no'"),
    ),
    Case(
        "requires_grad of integers set",
        lambda _: assigned(Tensor([1]), requires_grad=True),
        TypeError,
        ("requires_grad=True needs a floating dtype", "int64"),
    ),
    Case(
        "requires_grad of a result switched off",
        lambda _: assigned(leaf(2) * 2, requires_grad=False),
        ValueError,
        ("requires_grad", ".detach()"),
    ),
    Case("data of another shape", lambda _: assigned(leaf(2), data=np.ones(3)), ValueError, ("data", "(2,)", "(3,)")),
    Case("data set to text", lambda _: assigned(leaf(2), data="ab"), TypeError, ("data must be numbers", "str")),
    Case("data set to None", lambda _: assigned(leaf(2), data=None), TypeError, ("data must be numbers", "NoneType")),
    Case("data set to integers", lambda _: assigned(leaf(2), data=[1, 2]), TypeError, ("data", "floating", "int64")),
    Case(
        "grad of another shape",
        lambda _: assigned(leaf(2), grad=np.ones(1, np.float32)).sum().backward(),
        ValueError,
        ("grad must have the shape of its tensor, (2,)", "(1,)"),
    ),
    Case(
        "grad of another shape, in a leaf that is the root",
        lambda _: assigned(leaf(1), grad=np.ones((1, 1), np.float32)).backward(),
        ValueError,
        ("grad must have the shape of its tensor, (1,)", "(1, 1)"),
    ),
    Case(
        "grad of another dtype",
        lambda _: assigned(leaf(2), grad=np.ones(2, int)).sum().backward(),
        TypeError,
        ("grad must be None or", "float32", "int64"),
    ),
    Case(
        "a tensor as grad",
        lambda _: assigned(leaf(2), grad=Tensor(np.ones(2, np.float32))).sum().backward(),
        TypeError,
        ("grad must be None or a ndarray", "Tensor"),
    ),
    Case(
        "a list as grad",
        lambda _: assigned(leaf(2), grad=[1.0, 1.0]).sum().backward(),
        TypeError,
        ("grad must be None or a ndarray", "list"),
    ),
]
TAPE = [
    Case("backward of several", lambda _: leaf(2).backward(), NonScalarError, ("shape (2,)", ".sum()")),
    Case("backward of a constant", lambda _: Tensor(1.0).backward(), NoGraphError, ("requires_grad=True",)),
    Case(
        "a gradient of another shape",
        lambda _: (leaf(2) * 2).backward(np.ones((2, 1))),
        ValueError,
        ("gradient must have the shape (2,)", "(2, 1)"),
    ),
    Case(
        "a complex gradient",
        lambda _: (leaf(2) * 2).backward(np.ones(2) * 1j),
        TypeError,
        ("gradient must be numbers", "complex128"),
    ),
    Case("a gradient of text", lambda _: (leaf(1) * 2).backward(["a"]), TypeError, ("gradient must be numbers", "<U1")),
    Case("a deep copy of a result", lambda _: copy.deepcopy(leaf(2) * 2), TypeError, ("only a leaf", ".detach()")),
    Case("a copy of a result", lambda _: copy.copy(leaf(2) * 2), TypeError, ("only a leaf", ".detach()")),
    Case("the truth of several", lambda _: bool(leaf(2) > 0), ValueError, ("ambiguous", "(2,)", ".any()")),
    Case("iterating without axes", lambda _: list(Tensor(1.0)), TypeError, ("without axes", ".item()")),
    Case("a row of a number", lambda _: len(Tensor(1.0)), TypeError, ("without axes",)),
    Case("item() of several", lambda _: leaf(2).item(), ValueError, ("size 1",)),
    Case("shapes that do not compare", lambda _: leaf(2) == leaf(3), ValueError, ("(2,)", "(3,)")),
    Case("order with None", lambda _: leaf(2) < None, TypeError, ("'Tensor' and 'NoneType'",)),
    Case("an array of a leaf", lambda _: np.asarray(leaf(2)), TypeError, ("gradient", ".detach().numpy()")),
    Case("writing into a leaf", lambda _: leaf(2).__setitem__(0, 1.0), InPlaceError, ("no_grad",)),
    Case("writing complex numbers", lambda _: written(leaf(2), 0, 1j), TypeError, ("value", "float32", "complex128")),
    Case(
        "writing fractions into integers", lambda _: written(INTEGERS, 0, 1.7), TypeError, ("value", "int64", "float64")
    ),
    Case("writing text", lambda _: written(leaf(2), 0, "a"), TypeError, ("value must be numbers", "<U1")),
    Case("writing None", lambda _: written(leaf(2), 0, None), TypeError, ("value must be numbers", "object")),
    Case("no_grad of a coroutine", lambda _: no_grad()(asynchronous), TypeError, ("no_grad()", "asynchronous")),
    Case("no_grad of a class", lambda _: no_grad()(Case), TypeError, ("no_grad() decorates functions", "Case")),
]
SHAPES = [
    Case("split into -2", lambda _: ops.split(leaf(4), -2), ValueError, ("sections must be at least 1", "-2")),
    Case("split into 0", lambda _: ops.split(leaf(4), 0), ValueError, ("sections must be at least 1", "0")),
    Case("split into 2.0", lambda _: ops.split(leaf(4), 2.0), TypeError, ("sections must be an integer", "2.0")),
    Case("split into True", lambda _: ops.split(leaf(4), True), TypeError, ("sections must be an integer", "True")),
    Case("split unevenly", lambda _: ops.split(leaf(4), 3), ValueError, ("sections must divide", "4", "3")),
    Case("split along no axis", lambda _: ops.split(leaf(4), 2, axis=1), ValueError, ("axis", "1")),
    Case("split of a number", lambda _: ops.split(leaf(), 1), ValueError, ("axis", "-1")),
    Case("0 heads", lambda _: ops.split_heads(leaf(1, 2, 6), 0), ValueError, ("n_heads must be at least 1", "0")),
    Case("-2 heads", lambda _: ops.split_heads(leaf(1, 2, 6), -2), ValueError, ("n_heads must be at least 1", "-2")),
    Case(
        "heads that do not divide",
        lambda _: ops.split_heads(leaf(1, 2, 6), 4),
        ValueError,
        ("n_heads = 4", "(1, 2, 6)"),
    ),
    Case("heads of a matrix", lambda _: ops.split_heads(leaf(2, 6), 2), ValueError, ("(B, T, H · K)", "(2, 6)")),
    Case("merging three axes", lambda _: ops.merge_heads(leaf(1, 2, 6)), ValueError, ("(B, H, T, K)", "(1, 2, 6)")),
    Case("stack of nothing", lambda _: ops.stack([]), ValueError, ("tensors must hold at least one", "none")),
    Case(
        "concatenate of nothing", lambda _: ops.concatenate(()), ValueError, ("tensors must hold at least one", "none")
    ),
    Case("concatenate along no axis", lambda _: ops.concatenate([leaf(2)], axis=1), ValueError, ("axis 1",)),
    Case(
        "concatenate along None", lambda _: ops.concatenate([leaf(2)], axis=None), TypeError, ("axis must be", "None")
    ),
    Case("stack along no axis", lambda _: ops.stack([leaf(2)], axis=3), ValueError, ("axis 3",)),
    Case(
        "concatenate unlike shapes", lambda _: ops.concatenate([leaf(2, 3), leaf(2, 2)]), ValueError, ("dimension 1",)
    ),
    Case("reshape to another size", lambda _: leaf(6).reshape((4,)), ValueError, ("shape must have the 6", "(4,)")),
    Case("reshape with two unknowns", lambda _: leaf(6).reshape((-1, -1)), ValueError, ("shape", "(6,)", "(-1, -1)")),
    Case("transpose with an axis twice", lambda _: leaf(2, 3).transpose((0, 0)), ValueError, ("repeated axis",)),
    Case("transpose of a number", lambda _: leaf().transpose((0,)), ValueError, ("axes",)),
    Case("transpose along no axis", lambda _: leaf(2, 3).transpose((0, 2)), ValueError, ("axis 2",)),
    Case("squeeze an axis of 2", lambda _: ops.squeeze(leaf(2, 1), 0), ValueError, ("axis", "not equal to one")),
    Case("expand_dims far out", lambda _: ops.expand_dims(leaf(2), 3), ValueError, ("axis 3",)),
    Case("broadcast to less", lambda _: ops.broadcast_to(leaf(3), (2,)), ValueError, ("shape", "(3,)", "(2,)")),
    Case("broadcast to a negative", lambda _: ops.broadcast_to(leaf(1), (-2,)), ValueError, ("shape", "(1,)", "(-2,)")),
    Case("sum along no axis", lambda _: leaf(2).sum(axis=1), ValueError, ("axis 1",)),
    Case("sum along an axis twice", lambda _: leaf(2, 3).sum(axis=(0, 0)), ValueError, ("axis",)),
    Case("max along no axis", lambda _: leaf(2).max(axis=1), ValueError, ("max over axis 1", "(2,)")),
    Case("max of nothing", lambda _: leaf(2, 0).max(axis=1), ValueError, ("max over axis 1", "(2, 0)")),
]
VALUES = [
    Case(
        "dropout with NaN", lambda _: ops.dropout(leaf(2), np.nan, np.random.default_rng(0)), ValueError, ("p", "nan")
    ),
    Case(
        "dropout of all", lambda _: ops.dropout(leaf(2), 1.0, np.random.default_rng(0)), ValueError, ("p must lie", "1")
    ),
    Case("a tensor as exponent", lambda _: leaf(2) ** leaf(2), TypeError, ("exponent must be a number", "Tensor")),
    Case("clip without a limit", lambda _: ops.clip(leaf(2), None, 1), TypeError, ("low and high", "infinite", "None")),
    Case(
        "clip the wrong way round", lambda _: ops.clip(leaf(2), 2, 1), ValueError, ("low must not be above high", "2")
    ),
    Case("clip at NaN", lambda _: ops.clip(leaf(2), np.nan, 1), ValueError, ("low must not be above high", "nan")),
    Case(
        "a condition of numbers", lambda _: ops.where([1, 0], leaf(2), 0.0), TypeError, ("condition must be", "int64")
    ),
    Case("ids outside", lambda _: ops.embedding([0, 4], leaf(4, 2)), ValueError, ("ids must lie in [0, 4)", "4")),
    Case("negative ids", lambda _: ops.embedding([-1], leaf(4, 2)), ValueError, ("ids must lie in [0, 4)", "-1")),
    Case("ids of 2**40", lambda _: ops.embedding([2**40], leaf(4, 2)), ValueError, ("ids must lie", str(2**40))),
    Case(
        "ids of 2**63", lambda _: ops.embedding(np.array([2**63]), leaf(4, 2)), ValueError, ("ids must fit", str(2**63))
    ),
    Case("floating ids", lambda _: ops.embedding([0.0], leaf(4, 2)), TypeError, ("ids must be integers", "float")),
    Case("boolean ids", lambda _: ops.embedding([True], leaf(4, 2)), TypeError, ("ids must be integers", "bool")),
    Case(
        "a table of one axis",
        lambda _: ops.embedding([0], leaf(4)),
        ValueError,
        ("weight must have shape (V, D)", "(4,)"),
    ),
    Case("an index outside", lambda _: leaf(3)[np.array([5])], IndexError, ("5", "size 3")),
    Case("an index of 1.5", lambda _: leaf(3)[1.5], IndexError, ("integers",)),
]
LAYERS = [
    Case("labels outside", lambda _: ops.cross_entropy(leaf(2, 3), np.array([0, 3])), ValueError, ("[0, 3)", "3")),
    Case(
        "a linear weight of one axis",
        lambda _: ops.linear(leaf(3), leaf(3)),
        ValueError,
        ("weight", "(out, in)", "(3,)"),
    ),
    Case("a linear input without axes", lambda _: ops.linear(leaf(), leaf(2, 3)), ValueError, ("linear needs x", "()")),
    Case("a linear input too wide", lambda _: ops.linear(leaf(2, 4), leaf(2, 3)), ValueError, ("(..., 3)", "(2, 4)")),
    Case(
        "a linear bias too long",
        lambda _: ops.linear(leaf(3), leaf(2, 3), leaf(3)),
        ValueError,
        ("bias", "(2,)", "(3,)"),
    ),
    Case(
        "a norm's weight too short", lambda _: ops.rms_norm(leaf(2, 3), leaf(2)), ValueError, ("weight", "(3,)", "(2,)")
    ),
    Case("a norm's bias too short", lambda _: ops.layer_norm(leaf(3), leaf(3), leaf(2)), ValueError, ("bias", "(3,)")),
    Case("a negative eps", lambda _: ops.layer_norm(leaf(3), leaf(3), leaf(3), -1), ValueError, ("eps", "-1")),
    Case("an eps of NaN", lambda _: ops.rms_norm(leaf(3), leaf(3), np.nan), ValueError, ("eps", "nan")),
    Case(
        "arrays in attention",
        lambda _: ops.attention(*[ARRAY[None, None]] * 3),
        TypeError,
        ("q must be a Tensor", "ndarray"),
    ),
    Case(
        "attention of three axes",
        lambda _: ops.attention(*[leaf(1, 2, 3)] * 3),
        ValueError,
        ("attention needs q (B, H, T, K)", "(1, 2, 3)"),
    ),
    Case(
        "attention with a mask too short",
        lambda _: ops.attention(*[leaf(1, 1, 3, 2)] * 3, mask=np.ones((1, 2))),
        ValueError,
        ("mask must have shape (B, S) = (1, 3)", "(1, 1, 1, 2)"),
    ),
    Case(
        "attention with a bias too short",
        lambda _: ops.attention(*[leaf(1, 1, 3, 2)] * 3, bias=leaf(1, 1, 3, 2)),
        ValueError,
        ("bias must have four axes that broadcast to (1, 1, 3, 3)", "(1, 1, 3, 2)"),
    ),
    Case(
        "an lstm state for another batch",
        lambda _: ops.lstm(leaf(3, 4, 5), STATE, STATE, leaf(8, 5), leaf(8, 2), leaf(8)),
        ValueError,
        ("h0 (2, 2)", "x (3, 4, 5)"),
    ),
    Case(
        "an lstm weight of one axis",
        lambda _: ops.lstm(leaf(2, 4, 5), STATE, STATE, leaf(8, 5), leaf(8), leaf(8)),
        ValueError,
        ("weight_hh", "(8,)"),
    ),
]
CASES = MAKING + ATTRIBUTES + TAPE + SHAPES + VALUES + LAYERS
