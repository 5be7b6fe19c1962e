"""Argument checks: what passes comes back in one form, and what does not is named."""

import numpy as np
import pytest

from minigrad import checks


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.5), np.int8(0)])
def test_a_number_inside_its_bounds_is_a_float(value):
    found = checks.number("p", value, at_least=0, below=1)
    assert type(found) is float
    assert found == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1, np.float32("nan"), 10**400])
def test_a_number_outside_its_bounds_is_named(value):
    with pytest.raises(ValueError, match=r"p must be a finite number at least 0 and below 1, got"):
        checks.number("p", value, at_least=0, below=1)


@pytest.mark.parametrize("value", [True, "0.5", None, np.zeros(1), [0.5]])
def test_what_is_not_a_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="p must be a number"):
        checks.number("p", value)


def test_whole_numbers():
    assert checks.whole_number("n", np.int16(3), at_least=1) == 3
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        checks.whole_number("n", 0, at_least=1)
    for value in (2.0, True, "2", None, np.float64(2)):
        with pytest.raises(TypeError, match="n must be an integer"):
            checks.whole_number("n", value)


def test_integers_become_int64():
    assert checks.integers("ids", np.array([1, 255], np.uint8)).dtype == np.int64
    assert checks.integers("ids", [[1, 2]]).tolist() == [[1, 2]]
    assert checks.integers("ids", []).dtype == np.int64
    same = np.arange(3)
    assert checks.integers("ids", same) is same


@pytest.mark.parametrize("values", [[1.0], [True], np.zeros(0, np.float32), ["a"]])
def test_what_is_not_integers_is_a_type_error(values):
    with pytest.raises(TypeError, match="ids must be integers, got"):
        checks.integers("ids", values)


def test_an_integer_that_int64_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="ids must fit into int64, got 18446744073709551615"):
        checks.integers("ids", np.array([2**64 - 1], np.uint64))


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64])
def test_a_mask_of_zeros_and_ones_becomes_booleans(dtype):
    mask = checks.zero_one_mask("attention_mask", np.array([[1, 0]], dtype))
    assert mask.dtype == np.bool_
    assert mask.tolist() == [[True, False]]


def test_other_masks_are_refused():
    with pytest.raises(TypeError, match=r"attention_mask must be booleans or integers.*float32"):
        checks.zero_one_mask("attention_mask", np.array([[0.0, -np.inf]], np.float32))
    for other in (2, -1):
        with pytest.raises(ValueError, match=f"attention_mask must be 1 where there is a token.*got {other}"):
            checks.zero_one_mask("attention_mask", np.array([[0, 1, other]]))


def test_an_integer_that_no_float_can_hold_is_not_a_finite_number():
    with pytest.raises(ValueError, match="lr must be a finite number, got 1000"):
        checks.number("lr", 10**400)


def test_booleans_and_pairs():
    assert checks.boolean("bias", np.bool_(True)) is True
    for value in (1, "yes", None, np.ones(1)):
        with pytest.raises(TypeError, match="bias must be True or False"):
            checks.boolean("bias", value)
    assert checks.pair("betas", [1, 2]) == (1, 2)
    with pytest.raises(ValueError, match=r"betas must be two numbers, got \(1, 2, 3\)"):
        checks.pair("betas", (1, 2, 3))
    for value in (0.9, "ab", {1: 2, 3: 4}, None):
        with pytest.raises(TypeError, match="betas must be two numbers"):
            checks.pair("betas", value)
