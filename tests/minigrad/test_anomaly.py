"""Anomaly mode: the first NaN or infinity is named with its op and module, and unseen writes are caught."""

import numpy as np
import pytest

from minigrad import Tensor, anomaly_mode, nn, no_grad, ops
from minigrad.errors import InPlaceError, NonFiniteError


class Log(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return ops.log(x)


class Root(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return ops.sqrt(x)


class Model(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        self.blocks = nn.ModuleList([nn.Sequential(nn.ReLU()), nn.Sequential(nn.ReLU(), inner)])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x * 2.0


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values), requires_grad=True)


@pytest.fixture(autouse=True)
def numpys_own_warnings_are_not_the_subject():
    with np.errstate(all="ignore"):
        yield


def test_the_first_op_whose_output_is_not_finite_is_named_with_its_module():
    with anomaly_mode(), pytest.raises(NonFiniteError) as error:
        Model(Log())(leaf(1.0, 0.0, 2.0, -1.0))
    assert "the output of `log` in module `Model.blocks.1.1`" in str(error.value)
    assert "0 NaN and 2 infinite of 4 values, shape (4,)" in str(error.value)


def test_nan_is_counted_apart_from_infinity():
    with anomaly_mode(), pytest.raises(NonFiniteError, match="1 NaN and 1 infinite of 3 values"):
        ops.log(leaf(1.0, 0.0, -1.0))


def test_the_first_rule_whose_gradient_is_not_finite_is_named_with_its_module():
    x = leaf(4.0, 0.0)
    with anomaly_mode():
        loss = Model(Root())(x).sum()
        with pytest.raises(NonFiniteError) as error:
            loss.backward()
    assert "the gradient that `sqrt_backward` gives to input 0 in module `Model.blocks.1.1`" in str(error.value)
    assert x.grad is None


def test_an_op_outside_of_modules_is_named_without_one():
    with anomaly_mode(), pytest.raises(NonFiniteError, match="the output of `div` is the first"):
        leaf(1.0) / 0.0


def test_the_position_of_the_input_is_given():
    a, b = leaf(np.inf), leaf(0.0)
    product = a * b + 0.0
    with anomaly_mode(), pytest.raises(NonFiniteError, match="`mul_backward` gives to input 1"):
        product.backward()


def test_without_the_mode_nothing_is_looked_at():
    x = leaf(0.0)
    loss = Root()(x)
    loss.backward()
    assert np.isinf(x.grad[0])


def test_the_mode_ends_with_its_block_and_can_be_switched_off_inside():
    with anomaly_mode():
        with anomaly_mode(False):
            ops.log(leaf(0.0))
        with pytest.raises(NonFiniteError):
            ops.log(leaf(0.0))
    assert np.isinf(ops.log(leaf(0.0)).data)


def test_the_mode_ends_when_its_block_fails():
    with pytest.raises(NonFiniteError), anomaly_mode():
        ops.log(leaf(0.0))
    assert np.isinf(ops.log(leaf(0.0)).data)


def test_modules_whose_forward_failed_do_not_stay_in_the_path():
    with anomaly_mode():
        for _ in range(2):
            with pytest.raises(NonFiniteError, match=r"module `Model\.blocks\.1\.1`"):
                Model(Log())(leaf(0.0))


def test_integers_and_finite_values_pass():
    with anomaly_mode():
        out = Model(Root())(leaf(1.0, 4.0))
        out.sum().backward()
        counts = Tensor([1, 2])[0]
    np.testing.assert_allclose(out.data, [2, 4])
    assert counts.data == 1


def raw_write(x: Tensor, y: Tensor) -> None:
    x.data[0] = 5.0


def raw_write_to_the_output(x: Tensor, y: Tensor) -> None:
    y.data[0] = 5.0


@pytest.mark.parametrize(
    ("op", "write", "rule"),
    [(lambda x: x * x, raw_write, "mul_backward"), (ops.exp, raw_write_to_the_output, "exp_backward")],
)
def test_a_raw_write_that_the_tape_cannot_see_is_caught_in_the_mode(op, write, rule: str):
    x = leaf(1.0, 2.0)
    with anomaly_mode():
        y = op(x)
        write(x, y)
        with pytest.raises(InPlaceError, match=rule):
            y.sum().backward()
    assert x.grad is None

    y = op(x)  # without the mode it goes unnoticed: that is what the mode is for
    write(x, y)
    y.sum().backward()
    assert x.grad is not None


def test_a_write_under_no_grad_is_caught_with_and_without_the_mode():
    for mode in (True, False):
        x = leaf(1.0, 2.0)
        with anomaly_mode(mode):
            y = x * x
            with no_grad():
                x[0] = 3.0
            with pytest.raises(InPlaceError):
                y.sum().backward()
