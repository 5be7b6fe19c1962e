"""What goes over the wire arrives as it was."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lectures.grading.comparing import same
from lectures.grading.wire import decode, encode

PLAIN = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text() | st.binary()
ARRAYS = arrays.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.bool_]), arrays.array_shapes(min_dims=0, min_side=0)
)
VALUES = st.recursive(
    PLAIN | ARRAYS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_survives_the_wire(value):
    line = encode(value)
    assert "\n" not in line
    assert identical(decode(line), value)


def identical(a, b) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)


def test_numbers_of_numpy_and_sets_become_plain():
    assert decode(encode([np.float32(0.5), np.int64(3), np.bool_(True), {2, 1}])) == [0.5, 3, True, [1, 2]]


@pytest.mark.parametrize("value", [object(), np.array(["a"]), np.array([None]), 1j, [object()]])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="expected"):
        encode(value)


def test_arrays_of_objects_are_not_loaded():
    file = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (1,)}
    np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        decode(json.dumps({"array": base64.b64encode(file.getvalue()).decode()}))


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1.0, 1.0 + 1e-9, True),
        (1.0, 1.001, False),
        (1, 1.0, True),
        (True, 1, False),
        ("a", "a", True),
        (None, 0, False),
        ([1, 2], (1, 2), True),
        ([1, 2], [1], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        (np.ones(2), np.ones((1, 2)), False),
        (np.ones(2), [1.0, 1.0], False),
        (np.array([np.nan]), np.array([np.nan]), False),
        (np.ones(2), np.ones(2) + 1e-9, True),
    ],
)
def test_same(a, b, equal: bool):
    assert same(a, b, 1e-6) is equal
    assert same(b, a, 1e-6) is equal


def test_outputs_of_mistakes_are_the_same_if_both_are_nan():
    assert same(np.array([np.nan]), np.array([np.nan]), 1e-6, equal_nan=True)
