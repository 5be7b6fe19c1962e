"""Values as short texts that are the same in every run."""

from collections import Counter, OrderedDict
from typing import NamedTuple

import numpy as np
import pytest

from lectures.stepping.shortening import LENGTH, shortened
from minigrad import Tensor, nn, ops
from minigrad.tape import Node


class Point(NamedTuple):
    x: int
    y: int


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("half made")


class Kept:
    def __repr__(self) -> str:
        return f"<Kept at {hex(id(self))}>"


def outer() -> object:
    def inner() -> None: ...

    return inner


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ("a'b", '"a\'b"'),
        (1 / 3, "0.3333"),
        (np.float32(0.1), "0.1"),
        (np.int64(4), "4"),
        ([1, [2, (3,)]], "[1, [2, (3,)]]"),
        ([[[[1]]]], "[[[…]]]"),
        (list(range(12)), "[0, 1, 2, 3, 4, 5, 6, 7, … 4 more]"),
        ({"b", "a"}, "{'a', 'b'}"),
        (set(), "set()"),
        ({"low": 5}, "{'low': 5}"),
        (Counter("abb"), "{'b': 2, 'a': 1}"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (OrderedDict(a=1), repr(OrderedDict(a=1))),
        (np.array([1.5, 2]), "float64 (2,) [1.5 2. ]"),
        (np.eye(2, dtype=np.float32), "float32 (2, 2)\n[[1. 0.]\n [0. 1.]]"),
        (np.array(2.0), "2."),
        (np.zeros((2, 2, 1)), "float64 (2, 2, 1)\n[[[0.]\n  [0.]]\n [[0.]\n  [0.]]]"),
        ([np.zeros(2)], "[float64 (2,) [0. 0.]]"),
        ([np.zeros((3, 3))], "[float64 (3, 3)]"),
        (Tensor(2.0), "Tensor 2."),
        (Tensor([1.0]), "Tensor float32 (1,) [1.]"),
        (Tensor.__new__(Tensor), "Tensor, being made"),
        (Node.__new__(Node), "Node, being made"),
        (object(), "object"),
        (Broken(), "Broken, being made"),
        (Kept(), "<Kept>"),
        (outer(), "inner"),
        (Point, "Point"),
    ],
)
def test_values(value: object, text: str):
    assert shortened(value) == text


def test_a_large_array_is_shown_by_its_corners():
    text = shortened(np.arange(10_000).reshape(100, 100))
    assert text.startswith("int64 (100, 100)\n[[   0    1 ...   98   99]\n")
    assert len(text) < 150


def test_a_long_text_is_cut():
    assert len(shortened("x" * 1000)) == LENGTH
    assert shortened("x" * 1000).endswith("x…")


def test_a_tensor_shows_its_gradient():
    a = Tensor([3.0], requires_grad=True)
    ops.sum(a * a).backward()
    assert shortened(a) == "Tensor float32 (1,) [3.]\ngrad [6.]"


def test_a_node_has_the_name_that_it_is_given():
    b = Tensor([3.0], requires_grad=True) * 2.0
    assert shortened(b._node) == "mul"
    assert shortened([b._node], lambda node: "mul #1") == "[mul #1]"
    b.backward(np.ones(1, np.float32))
    assert shortened(b._node) == "freed"


def test_a_module_is_short():
    assert len(shortened(nn.Linear(2, 3))) <= LENGTH
