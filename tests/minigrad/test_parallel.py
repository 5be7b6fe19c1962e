"""Data parallelism: the gradient of the whole batch, the same bits each time, and nothing that hangs or is lost."""

import multiprocessing
import sys
import threading
import time

import numpy as np
import pytest

from minigrad import IGNORE, DataParallel, Tensor, anomaly_mode, manual_seed, nn, no_grad, ops, optim
from minigrad.errors import NonFiniteError
from minigrad.parallel import replicate


class Net(nn.Module):
    """Embedding (tied to the output layer), dropout, a hidden layer."""

    def __init__(self, p: float = 0.0) -> None:
        self.embedding = nn.Embedding(11, 6)
        self.hidden = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 6))
        self.unused = nn.Linear(2, 2)
        self.dropout = nn.Dropout(p, np.random.default_rng(0) if p else None)

    def forward(self, ids: np.ndarray) -> Tensor:
        return ops.linear(self.dropout(self.hidden(self.embedding(ids))), self.embedding.weight)


def loss_of(net: Net, ids: np.ndarray, labels: np.ndarray) -> tuple[Tensor, int]:
    return ops.cross_entropy(net(ids), labels), np.count_nonzero(labels != IGNORE)


def batch(n_rows: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    labels = rng.integers(11, size=(n_rows, 5))
    labels[0] = IGNORE  # so that the parts have different numbers of labels
    labels[-1, 1:] = IGNORE
    return rng.integers(11, size=(n_rows, 5)), labels


def gradients(net: Net) -> dict[str, np.ndarray]:
    return {name: p.grad for name, p in net.named_parameters() if p.grad is not None}


def assert_same_gradients(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-5, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7, 20])
def test_the_gradient_is_that_of_the_whole_batch(n_threads: int):
    net = Net()
    expected_loss, _ = loss_of(net, *batch())
    expected_loss.backward()
    expected = gradients(net)
    net.zero_grad()
    loss = DataParallel(net, n_threads).backward(loss_of, *batch())
    assert loss == pytest.approx(expected_loss.item(), rel=1e-6)
    assert_same_gradients(gradients(net), expected)
    assert "unused.weight" not in gradients(net)


def test_gradients_add_up_over_calls_as_those_of_backward_do():
    net, ids_and_labels = Net(), batch()
    parallel = DataParallel(net, 2)
    parallel.backward(loss_of, *ids_and_labels)
    once = {name: gradient.copy() for name, gradient in gradients(net).items()}
    parallel.backward(loss_of, *ids_and_labels)
    assert_same_gradients(gradients(net), {name: 2 * gradient for name, gradient in once.items()})


def test_the_parts_run_in_threads_of_their_own():
    names, together = set(), threading.Barrier(3)

    def watched(net: Net, ids: np.ndarray, labels: np.ndarray) -> tuple[Tensor, int]:
        together.wait(timeout=30)  # passes only if three are here at once
        names.add(threading.get_ident())
        return loss_of(net, ids, labels)

    DataParallel(Net(), 3).backward(watched, *batch())
    assert len(names) == 3


@pytest.mark.parametrize("p", [0.0, 0.4])
def test_the_same_seed_and_number_of_threads_give_the_same_bits(p: float):
    def trained(seed: int) -> bytes:
        manual_seed(seed)
        net = Net(p)
        parallel, optimizer = DataParallel(net, 3), optim.Adam(net.parameters(), lr=0.01)
        for _ in range(5):
            parallel.backward(loss_of, *batch())
            optimizer.step()
            optimizer.zero_grad()
        return b"".join(array.tobytes() for array in net.state_dict().values())

    assert trained(1) == trained(1)
    assert trained(1) != trained(2)


def test_every_thread_drops_other_values():
    outputs = []

    def watched(net: Net, ids: np.ndarray, labels: np.ndarray) -> tuple[Tensor, int]:
        outputs.append(net.dropout(Tensor(np.ones(1000, np.float32))).data)
        return loss_of(net, ids, labels)

    DataParallel(Net(0.5), 2).backward(watched, *batch())
    assert not np.array_equal(*outputs)


def test_the_copies_follow_the_model():
    net = Net(0.5)
    parallel = DataParallel(net, 2)
    net.eval()  # no dropout any more
    net.hidden[0].weight.data = 2 * net.hidden[0].weight.data  # another array
    net.embedding.weight.data[...] += 1  # the same one, changed
    parallel.backward(loss_of, *batch())
    found = gradients(net)
    net.zero_grad()
    loss_of(net, *batch())[0].backward()
    assert_same_gradients(found, gradients(net))


def test_a_copy_shares_the_arrays_and_ties_what_is_tied():
    net = Net()
    net.again = net.hidden[0]
    copied = replicate(net)
    assert copied.again is copied.hidden[0]
    assert copied.hidden[0] is not net.hidden[0]
    for own, its in zip(net.parameters(), copied.parameters(), strict=True):
        assert its is not own
        assert its.data is own.data


def test_a_part_without_labels_counts_nothing():
    ids, labels = batch(4)
    labels[:2] = IGNORE
    net = Net()
    loss = DataParallel(net, 2).backward(loss_of, ids, labels)
    found = gradients(net)
    net.zero_grad()
    expected, _ = loss_of(net, ids, labels)
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-6)
    assert_same_gradients(found, gradients(net))


def test_a_batch_without_any_label_gives_no_gradient():
    ids, labels = batch()
    net = Net()
    assert DataParallel(net, 2).backward(loss_of, ids, np.full_like(labels, IGNORE)) == 0
    assert gradients(net) == {}


def test_an_error_in_one_part_comes_out_and_leaves_nothing_behind():
    net = Net()
    parallel = DataParallel(net, 2)

    def fails_for_the_second(net: Net, ids: np.ndarray, labels: np.ndarray) -> tuple[Tensor, int]:
        if ids is second[0] or np.array_equal(ids, second[0]):
            raise ZeroDivisionError("in the second part")
        return loss_of(net, ids, labels)

    second = [array[4:] for array in batch()]
    with pytest.raises(ZeroDivisionError, match="in the second part"):
        parallel.backward(fails_for_the_second, *batch())
    assert gradients(net) == {}
    parallel.backward(loss_of, *batch())  # and the next call is not disturbed
    found = gradients(net)
    net.zero_grad()
    loss_of(net, *batch())[0].backward()
    assert_same_gradients(found, gradients(net))


def test_an_error_comes_out_when_the_other_parts_are_done():
    net, ids_and_labels = Net(), batch()
    parallel = DataParallel(net, 2)
    first_has_failed = threading.Event()

    def fails_for_the_first(net: Net, ids: np.ndarray, labels: np.ndarray) -> tuple[Tensor, int]:
        if np.array_equal(ids, ids_and_labels[0][:4]):
            first_has_failed.set()
            raise ZeroDivisionError
        first_has_failed.wait(timeout=30)
        time.sleep(0.2)
        return loss_of(net, ids, labels)

    with pytest.raises(ZeroDivisionError):
        parallel.backward(fails_for_the_first, *ids_and_labels)
    time.sleep(0.5)  # in which a part that was left to itself would be done
    assert all(parameter.grad is None for replica in parallel.replicas for parameter in replica.parameters())


def test_anomaly_mode_names_the_module_with_threads_too():
    net = Net()
    net.hidden[0].weight.data[...] = np.nan
    with anomaly_mode(), pytest.raises(NonFiniteError, match=r"Net\.hidden\.0"):
        DataParallel(net, 2).backward(loss_of, *batch())


def test_the_callers_no_grad_does_not_reach_into_the_threads():
    net = Net()
    with no_grad():
        DataParallel(net, 2).backward(loss_of, *batch())
    assert gradients(net)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [((), r"got \[\]"), ((np.zeros((2, 3)), np.zeros((3, 3))), r"got \[2, 3\]"), ((np.zeros((0, 3)),), r"got \[0\]")],
)
def test_arrays_that_are_no_batch_are_refused(arrays, message: str):
    with pytest.raises(ValueError, match=message):
        DataParallel(Net(), 2).backward(loss_of, *arrays)


@pytest.mark.parametrize(
    ("n_threads", "error"), [(0, ValueError), (5000, ValueError), (2.0, TypeError), (True, TypeError)]
)
def test_threads_are_a_whole_number_from_one(n_threads, error: type[Exception]):
    with pytest.raises(error, match="n_threads must be"):
        DataParallel(Net(), n_threads)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="model must be a Module, got list"):
        DataParallel(Net().parameters(), 2)


@pytest.mark.parametrize("array", [[1, 2], 3, np.array(3), "ids", Tensor([1.0, 2.0])])
def test_what_is_no_array_with_rows_is_refused(array):
    with pytest.raises(TypeError, match=r"batch\[1\] must be an array with rows, got"):
        DataParallel(Net(), 2).backward(loss_of, np.zeros((2, 3)), array)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (lambda loss: (loss, -3), ValueError, "n_items from loss_of must be at least 0, got -3"),
        (lambda loss: (loss, float("nan")), TypeError, "n_items from loss_of must be an integer, got nan"),
        (lambda loss: (loss, 2.0), TypeError, "n_items from loss_of must be an integer, got 2.0"),
        (lambda loss: (loss, True), TypeError, "n_items from loss_of must be an integer, got True"),
        (lambda loss: loss, TypeError, "loss_of must return the loss and n_items, got a Tensor"),
        (lambda loss: (loss, 2, 3), ValueError, "loss_of must return the loss and n_items, got 3 values"),
        (lambda loss: (loss.item(), 2), TypeError, "loss_of must return a Tensor as the loss, got float"),
        (
            lambda loss: (ops.reshape(loss, (1,)) * np.ones(2), 2),
            ValueError,
            r"a loss of one element, got the shape \(2,\)",
        ),
    ],
)
def test_what_loss_of_must_not_return_is_refused_and_no_gradient_changes(returned, error, message: str):
    net = Net()
    first, ids_and_labels = np.array_equal, batch()
    net.hidden[0].bias.grad = np.full(9, 7, np.float32)

    def bad_for_the_second(net: Net, ids: np.ndarray, labels: np.ndarray) -> object:
        loss, n_items = loss_of(net, ids, labels)
        return (loss, n_items) if first(ids, ids_and_labels[0][:4]) else returned(loss)

    parallel = DataParallel(net, 2)
    with pytest.raises(error, match=message):
        parallel.backward(bad_for_the_second, *ids_and_labels)
    assert gradients(net).keys() == {"hidden.0.bias"}
    np.testing.assert_array_equal(net.hidden[0].bias.grad, np.full(9, 7))


def test_a_gradient_that_does_not_fit_its_parameter_is_refused_before_any_other_changes():
    net = Net()
    net.hidden[2].bias.grad = np.ones(1, np.float32)
    with pytest.raises(ValueError, match=r"grad must have the shape of its parameter, \(6,\); got \(1,\)"):
        DataParallel(net, 2).backward(loss_of, *batch())
    assert gradients(net).keys() == {"hidden.2.bias"}


def _in_child(parallel: DataParallel, queue) -> None:
    parallel.backward(loss_of, *batch())
    queue.put({name: gradient.tolist() for name, gradient in gradients(parallel.model).items()})


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_goes_on_with_threads_of_its_own():
    net = Net()
    parallel = DataParallel(net, 2)
    parallel.backward(loss_of, *batch())  # the threads are there now
    expected = {name: gradient.copy() for name, gradient in gradients(net).items()}
    net.zero_grad()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(parallel, queue))
    child.start()
    found = {name: np.array(values, np.float32) for name, values in queue.get(timeout=60).items()}
    child.join(60)
    assert_same_gradients(found, expected)
