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
