"""The tape: order, accumulation, freeing, and every way to misuse it."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest

from minigrad import Tensor, no_grad, ops
from minigrad.errors import (
    GraphFreedError,
    HigherOrderError,
    InPlaceError,
    MinigradError,
    NoGraphError,
    NonScalarError,
)
from minigrad.tape import topological_order


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values), requires_grad=True)


def test_a_value_used_twice_receives_both_gradients_before_its_rule_runs():
    # The counterexample to a walk in order of discovery: b must wait for both of its uses in c.
    a = leaf(3.0)
    b = a + a
    c = b * b + b
    c.backward()
    np.testing.assert_allclose(a.grad, [2 * (2 * 6.0 + 1)])


def test_a_value_used_many_times_adds_all_gradients_up():
    a = leaf(2.0)
    total = a * 0.0
    for _ in range(1000):
        total = total + a
    total.backward()
    np.testing.assert_allclose(a.grad, [1000.0])


def test_topological_order_puts_every_node_after_those_that_use_it():
    rng = np.random.default_rng(0)
    tensors = [leaf(1.0)]
    for _ in range(200):
        i, j = rng.integers(len(tensors), size=2)
        tensors.append(tensors[i] + tensors[j])
    root = sum(tensors[1:], start=tensors[0])
    order = topological_order(root._node)
    position = {node: i for i, node in enumerate(order)}
    assert len(position) == 200 + 200
    for node in order:
        for parent in node.parents:
            assert isinstance(parent, Tensor) or position[parent] > position[node]


def test_a_chain_of_100_000_operations_runs_backward_and_disappears_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    np.testing.assert_allclose(x.grad, [1.0])
    z = x
    for _ in range(100_000):
        z = z * 1.0
    del z  # a graph that nobody walked must not overflow the stack when it is dropped either


def test_gradients_accumulate_over_backward_calls():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    (x * x).sum().backward()
    np.testing.assert_allclose(x.grad, [4.0, 8.0])


def test_leaves_never_share_their_gradient_arrays():
    x, y = leaf(1.0), leaf(2.0)
    (x + y).backward()
    x.grad += 1
    np.testing.assert_allclose(y.grad, [1.0])


def test_the_gradient_that_is_passed_in_is_not_written_to():
    x = leaf(1.0, 2.0)
    start = np.ones(2)
    (x + 0.0).backward(start)
    (x + 0.0).backward(start)
    np.testing.assert_allclose(x.grad, [2.0, 2.0])
    np.testing.assert_allclose(start, [1.0, 1.0])


def test_broadcasting_is_undone():
    x = Tensor(np.ones((1, 3, 1)), requires_grad=True)
    (x * np.ones((4, 2, 3, 5))).sum().backward()
    assert x.grad.shape == (1, 3, 1)
    np.testing.assert_allclose(x.grad, 4 * 2 * 5)


def test_gradients_have_the_dtype_of_their_tensors():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    y = Tensor(np.ones(3, np.float64), requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.dtype == np.float32
    assert y.grad.dtype == np.float64


def test_a_python_number_does_not_widen_a_float32_tensor():
    x = Tensor(np.ones(3, np.float32))
    for y in (x + 1.5, 2 * x, 1 - x, x / 3, 2.0 / x, x**2, ops.maximum(x, 0.5)):
        assert y.dtype == np.float32


def test_python_floats_become_float32_and_arrays_keep_their_dtype():
    assert Tensor([1.0, 2.0]).dtype == np.float32
    assert Tensor(1.0).dtype == np.float32
    assert Tensor(np.array([1.0])).dtype == np.float64
    assert Tensor([1, 2]).dtype.kind == "i"


def test_an_array_on_the_left_of_an_operator_gives_a_tensor():
    x = leaf(1.0, 2.0)
    y = np.array([3.0, 4.0]) * x
    assert isinstance(y, Tensor)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, [3.0, 4.0])


def test_a_second_backward_through_a_freed_graph_is_refused():
    x = leaf(1.0)
    y = x * x
    y.backward()
    with pytest.raises(GraphFreedError, match="retain_graph=True"):
        y.backward()
    np.testing.assert_allclose(x.grad, [2.0])


def test_a_graph_that_hangs_on_a_freed_one_is_refused_before_any_gradient_changes():
    x = leaf(1.0)
    y = x * x
    y.backward()
    with pytest.raises(GraphFreedError):
        (y * x).backward()
    np.testing.assert_allclose(x.grad, [2.0])


def test_retain_graph_allows_a_second_backward():
    x = leaf(3.0)
    y = (x * x).exp().log()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad, [12.0])


def test_backward_from_several_elements_needs_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(NonScalarError, match=r"\.sum\(\) or \.mean\(\)"):
        (x * 2).backward()
    (x * 2).backward(np.array([1.0, 10.0]))
    np.testing.assert_allclose(x.grad, [2.0, 20.0])


def test_a_gradient_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="gradient must have the shape"):
        (leaf(1.0, 2.0) * 2).backward(np.ones(3))


def test_backward_without_a_graph_is_refused():
    with pytest.raises(NoGraphError, match="requires_grad=True"):
        (Tensor([1.0]) * 2).backward()


def test_gradients_of_gradients_are_refused_by_name():
    with pytest.raises(HigherOrderError, match="not supported"):
        (leaf(1.0) * 2).backward(create_graph=True)


@pytest.mark.parametrize("write", ["assign", "augmented", "item", "through a view"])
def test_an_array_that_backward_reads_must_not_be_overwritten(write):
    x = leaf(1.0, 2.0)
    y = x * x
    if write == "assign":
        x.data = np.array([3.0, 4.0])
    elif write == "augmented":
        x.data += 1
    elif write == "item":
        with no_grad():
            x[0] = 5.0
    else:
        with no_grad():
            x.reshape((2, 1))[0, 0] = 5.0
    with pytest.raises(InPlaceError, match="mul_backward"):
        y.sum().backward()
    assert x.grad is None


def test_an_output_that_backward_reads_must_not_be_overwritten():
    y = leaf(1.0).exp()
    y.data *= 2
    with pytest.raises(InPlaceError, match="exp_backward"):
        y.backward()


def test_the_output_of_attention_must_not_be_overwritten_though_only_a_gpu_reads_it_again():
    q = Tensor(np.ones((1, 1, 2, 3), np.float32), requires_grad=True)
    out = ops.attention(q, q, q)
    out.data *= 2
    with pytest.raises(InPlaceError, match="attention_backward"):
        out.sum().backward()


def test_an_array_that_backward_does_not_read_may_be_overwritten():
    x = leaf(1.0)
    y = x + 1.0
    x.data += 1
    y.backward()
    np.testing.assert_allclose(x.grad, [1.0])


def test_writing_into_a_recorded_tensor_is_refused():
    with pytest.raises(InPlaceError, match="no_grad"):
        leaf(1.0, 2.0)[0] = 3.0


def test_integers_cannot_require_a_gradient():
    with pytest.raises(TypeError, match="floating dtype"):
        Tensor([1, 2], requires_grad=True)


def test_all_errors_are_minigrad_errors():
    for error in (GraphFreedError, HigherOrderError, InPlaceError, NoGraphError, NonScalarError):
        assert issubclass(error, MinigradError)


def test_no_grad_records_nothing_as_block_and_as_decorator():
    x = leaf(1.0)
    with no_grad():
        assert not (x * 2).requires_grad

    @no_grad()
    def double():
        return x * 2

    assert not double().requires_grad
    assert (x * 2).requires_grad


def test_no_grad_holds_for_its_own_thread_only():
    x, recorded = leaf(1.0), []
    with no_grad():
        thread = threading.Thread(target=lambda: recorded.append((x * 2).requires_grad))
        thread.start()
        thread.join()
    assert recorded == [True]


def test_detach_cuts_the_graph_and_shares_the_array():
    x = leaf(2.0)
    y = (x * x).detach() * x
    y.backward()
    np.testing.assert_allclose(x.grad, [4.0])
    assert x.detach().data is x.data


def test_freed_graphs_leave_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        x = Tensor(np.ones(10), requires_grad=True)
        for step in range(3):
            y = (ops.softmax(x * x) + x).sum()
            if step:
                y.backward()
            del y
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_memory_is_flat_over_1000_steps():
    x = Tensor(np.ones((50, 50), np.float32), requires_grad=True)

    def steps(n: int) -> None:
        for _ in range(n):
            ops.tanh(x @ x).sum().backward()

    gc.disable()  # freeing by counting alone must do
    tracemalloc.start()
    try:
        steps(100)
        before, _ = tracemalloc.get_traced_memory()
        steps(1000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < x.data.nbytes


def test_arrays_are_freed_while_the_graph_is_walked():
    # A chain whose every output is saved: were they all kept until the end, the walk would need
    # the memory of the whole forward pass again for its gradients.
    x = Tensor(np.ones(100_000, np.float32), requires_grad=True)
    tracemalloc.start()
    try:
        y = x
        for _ in range(50):
            y = ops.tanh(y)
        loss = y.sum()
        del y
        forward, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        loss.backward()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < forward + 5 * x.data.nbytes
