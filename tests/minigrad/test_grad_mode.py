"""Switching the tape off and on again, however the blocks nest."""

import threading

import pytest

from minigrad import Tensor, is_grad_enabled, no_grad


def test_the_tape_is_on_at_first_and_off_inside_a_block():
    assert is_grad_enabled()
    with no_grad():
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_an_inner_block_does_not_switch_the_tape_on_for_the_outer_one():
    with no_grad():
        with no_grad():
            pass
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_a_block_that_fails_switches_the_tape_on_again():
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert is_grad_enabled()


def test_a_decorated_function_may_call_itself():
    @no_grad()
    def depth(n: int) -> list[bool]:
        return [is_grad_enabled(), *(depth(n - 1) if n else [])]

    assert depth(3) == [False] * 4
    assert is_grad_enabled()
    assert (Tensor([1.0], requires_grad=True) * 2).requires_grad


def test_one_object_may_be_open_in_two_threads_at_once():
    off, entered, leave, after = no_grad(), threading.Event(), threading.Event(), []

    def other() -> None:
        with off:
            entered.set()
            leave.wait(10)
        after.append(is_grad_enabled())

    with no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(10)
        with off:
            leave.set()
            thread.join()
        after.append(is_grad_enabled())
    assert after == [True, False]


# -- generator functions ----------------------------------------------------------------------------


@no_grad()
def modes(n: int):
    """Whether the tape is on, at each step; takes what is sent, and survives a KeyError."""
    received = []
    for _ in range(n):
        try:
            received.append((yield is_grad_enabled()))
        except KeyError as error:
            received.append(error)
    return received, is_grad_enabled()


def test_the_tape_is_off_while_a_decorated_generator_runs_and_on_between_its_steps():
    for mode in modes(3):
        assert not mode
        assert is_grad_enabled()
    assert is_grad_enabled()


def test_send_throw_and_return_pass_through_a_decorated_generator():
    generator, error = modes(3), KeyError("k")
    assert [next(generator), generator.send("sent"), generator.throw(error)] == [False] * 3
    with pytest.raises(StopIteration) as stop:
        generator.send("last")
    assert stop.value.value == (["sent", error, "last"], False)
    assert is_grad_enabled()


def test_a_decorated_generator_is_closed_without_the_tape():
    closed = []

    @no_grad()
    def endless():
        try:
            while True:
                yield
        finally:
            closed.append(is_grad_enabled())

    generator = endless()
    next(generator)
    generator.close()
    assert closed == [False]
    assert is_grad_enabled()


def test_an_error_in_a_decorated_generator_comes_out_and_the_tape_is_on_again():
    @no_grad()
    def failing():
        yield 1
        raise ValueError("inside")

    generator = failing()
    next(generator)
    with pytest.raises(ValueError, match="inside"):
        next(generator)
    assert is_grad_enabled()


def test_a_block_that_is_open_in_a_decorated_generator_does_not_reach_its_caller():
    @no_grad()
    def inside():
        with no_grad():
            yield is_grad_enabled()
        yield is_grad_enabled()

    generator = inside()
    seen = []
    for mode in generator:
        with no_grad():
            assert not is_grad_enabled()
        seen.append((mode, is_grad_enabled()))
    assert seen == [(False, True), (False, True)]


def test_what_a_decorated_generator_yields_holds_no_tape():
    x = Tensor([1.0], requires_grad=True)

    @no_grad()
    def doubled():
        """Twice x."""
        yield x * 2

    assert not next(doubled()).requires_grad
    assert (x * 2).requires_grad
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice x.")
