"""What a tensor does as a Python object: compared, iterated over, copied, printed, and written to."""

import copy

import numpy as np
import pytest

from minigrad import Tensor, no_grad, ops
from minigrad.nn.module import Parameter


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values), requires_grad=True)


# -- comparisons ------------------------------------------------------------------------------------

X = [1.0, 2.0, 3.0]


@pytest.mark.parametrize("other", [2.0, 2, np.float32(2), [0.0, 2.0, 4.0], np.array([1.0, 0.0, 5.0]), Tensor(X), True])
def test_comparisons_are_numpys_elementwise_and_without_a_graph(other):
    x, array = leaf(*X), np.array(X)
    raw = other.data if isinstance(other, Tensor) else other
    results = {
        "==": (x == other, array == raw),
        "!=": (x != other, array != raw),
        "<": (x < other, array < raw),
        "<=": (x <= other, array <= raw),
        ">": (x > other, array > raw),
        ">=": (x >= other, array >= raw),
    }
    for found, expected in results.values():
        assert isinstance(found, Tensor)
        assert not found.requires_grad
        np.testing.assert_array_equal(found.data, expected, strict=True)


def test_a_tensor_may_be_on_the_right_of_a_comparison():
    two = 2.0
    for found in (np.array([1.0, 0.0, 3.0]) == leaf(*X), two != leaf(*X)):
        np.testing.assert_array_equal(found.data, [True, False, True], strict=True)
    np.testing.assert_array_equal((np.zeros((2, 1)) < leaf(*X)).data, np.ones((2, 3), bool), strict=True)


def test_numbers_beyond_the_dtype_are_compared_as_they_are():
    x = Tensor(np.array([200], np.uint8))
    assert bool(x < 300)
    assert bool(x > -1)
    assert not bool(x == 200.5)


def test_a_tensor_is_unequal_to_what_is_no_number():
    for other in (None, "1", object(), {}):
        assert (leaf(1.0) == other) is False
        assert (leaf(1.0) != other) is True
    with pytest.raises(TypeError, match="'<' not supported"):
        leaf(1.0) < None  # noqa: B015


def test_a_condition_may_be_a_comparison():
    x = leaf(-1.0, 2.0)
    ops.where(x > 0, x, 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 1])


def test_tensors_are_keys_by_identity():
    a, b = leaf(1.0, 2.0), leaf(1.0, 2.0)
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"
    assert a in [b, a][1:]


def test_in_looks_at_the_elements():
    assert 2.0 in leaf(*X)
    assert 5 not in leaf(*X)
    assert None not in leaf(*X)


def test_one_element_has_a_truth_and_several_have_none():
    assert Tensor([[1.0]])
    assert not Tensor(0.0)
    for x in (leaf(1.0, 2.0), Tensor([])):
        with pytest.raises(ValueError, match=r"truth of a tensor of shape \(\d,\) is ambiguous"):
            bool(x)


# -- iteration --------------------------------------------------------------------------------------


def test_iterating_gives_the_rows_each_with_its_gradient():
    x = Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    first, second, third = x
    np.testing.assert_array_equal(second.data, [2, 3])
    (2 * first + third).sum().backward()
    np.testing.assert_array_equal(x.grad, [[2, 2], [0, 0], [1, 1]])


def test_a_tensor_without_rows_has_none_and_one_without_axes_is_no_iterable():
    assert list(Tensor(np.zeros((0, 2)))) == []
    with pytest.raises(TypeError, match="without axes"):
        iter(Tensor(1.0))


# -- copies -----------------------------------------------------------------------------------------


def test_a_deep_copy_of_a_leaf_has_its_own_array_and_gradient():
    x = Parameter(np.array([1.0, 2.0]))
    (x * x).sum().backward()
    copied = copy.deepcopy(x)
    assert type(copied) is Parameter
    assert copied.requires_grad
    (copied * 10.0).sum().backward()
    copied.data[0] = 7
    np.testing.assert_array_equal(copied.grad, [12, 14])
    np.testing.assert_array_equal(x.grad, [2, 4])
    np.testing.assert_array_equal(x.data, [1, 2])


def test_a_shallow_copy_of_a_leaf_shares_its_array_and_not_its_gradient():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    copied = copy.copy(x)
    (copied * 10.0).sum().backward()
    assert copied.data is x.data
    np.testing.assert_array_equal(x.grad, [2, 4])
    np.testing.assert_array_equal(copied.grad, [12, 14])


def test_a_write_is_noticed_through_a_shallow_copy():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    with no_grad():
        copy.copy(x)[0] = 5.0
    with pytest.raises(RuntimeError, match="mul_backward"):
        y.backward()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_result_is_copied_only_without_its_graph(copied):
    y = leaf(1.0) * 2.0
    with pytest.raises(TypeError, match=r"only a leaf can be copied.*detach"):
        copied([y][0])
    np.testing.assert_array_equal(copied(y.detach()).data, [2])
    with no_grad():
        np.testing.assert_array_equal(copied(leaf(1.0) * 2.0).data, [2])


# -- NumPy ------------------------------------------------------------------------------------------


def test_a_constant_is_an_array_for_numpy_and_a_tensor_with_a_gradient_is_none():
    x = Tensor(np.array([1, 2], np.float32))
    assert np.asarray(x).dtype == np.float32
    np.testing.assert_array_equal(Tensor([x, x * 2.0]).data, [[1, 2], [2, 4]])
    for make in (np.asarray, lambda x: Tensor([x, x]), lambda x: ops.add(1.0, [x, x])):
        with pytest.raises(TypeError, match=r"requires a gradient.*detach\(\)\.numpy\(\)"):
            make(leaf(1.0))


# -- attributes -------------------------------------------------------------------------------------


def test_requires_grad_of_a_leaf_can_be_switched_on_and_off():
    x = Tensor([1.0])
    x.requires_grad = True
    (x * 2.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [2])
    x.requires_grad = np.False_
    assert x.requires_grad is False
    assert not (x * 2.0).requires_grad


def test_a_node_prints_its_op_shape_and_time():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    first, second = x * 2.0, x.sum()
    assert repr(first._node) == f"Node(mul, shape=(2, 3), time={first._node.time})"
    assert repr(second._node) == f"Node(sum, shape=(), time={first._node.time + 1})"
    second.backward()
    assert repr(second._node) == f"Node(freed, shape=(), time={second._node.time})"


def test_a_gradient_of_another_shape_is_refused_before_any_gradient_changes():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    x.grad = np.ones(1)
    total = (x * y).sum()
    with pytest.raises(ValueError, match=r"grad must have the shape of its tensor, \(2,\), got \(1,\)"):
        total.backward()
    assert y.grad is None
    x.grad = np.ones(2)
    total.backward()
    np.testing.assert_array_equal(x.grad, [4, 5])


def test_a_gradient_without_axes_may_be_a_number_of_numpys():
    x = Tensor(np.float64(3.0), requires_grad=True)
    x.grad = np.float64(1.0)
    (x * x).backward()
    assert x.grad == 7


def test_values_of_every_numeric_dtype_may_be_written_where_they_fit():
    x = Tensor(np.zeros(3, np.float32))
    x[0], x[1], x[2] = 1, True, np.float64(0.5)
    np.testing.assert_array_equal(x.data, [1, 1, 0.5])
    n = Tensor(np.zeros(2, np.int32))
    n[:] = [3, True]
    np.testing.assert_array_equal(n.data, np.array([3, 1], np.int32), strict=True)


def test_an_index_to_write_to_may_be_a_tensor():
    x = Tensor([1.0, 2.0, 3.0])
    x[x > 1.5] = 0.0
    np.testing.assert_array_equal(x.data, [1, 0, 0])


# -- shapes -----------------------------------------------------------------------------------------


def test_stack_and_concatenate_read_an_iterator_once():
    parts = [leaf(1.0, 2.0), leaf(3.0, 4.0)]
    np.testing.assert_array_equal(ops.stack(part for part in parts).data, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(ops.concatenate(iter(parts)).data, [1, 2, 3, 4])


def test_split_takes_every_axis_and_an_empty_one():
    parts = ops.split(np.arange(12.0).reshape(2, 6), 2, axis=-1)
    np.testing.assert_array_equal(parts[1].data, [[3, 4, 5], [9, 10, 11]])
    assert [part.shape for part in ops.split(np.zeros((0, 2)), 3, axis=0)] == [(0, 2)] * 3


def test_var_of_nothing_along_an_axis_that_is_empty_is_empty():
    assert ops.var(np.zeros((0, 3)), axis=1).shape == (0,)


def test_a_power_may_be_a_number_of_numpys_and_does_not_widen():
    assert (Tensor([2.0]) ** np.float64(2)).dtype == np.float32
    np.testing.assert_array_equal((Tensor([2.0]) ** np.int64(3)).data, [8])
