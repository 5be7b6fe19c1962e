"""Learning-rate schedules: functions that map a step to a factor of the peak learning rate.

    optimizer.lr = peak_lr * warmup_cosine(step, warmup_steps=100, total_steps=1000)

All rise linearly from 0 during the warm-up, in which Adam's averages settle, and then fall. Steps are integers and
start at 0. `final` is a factor of the peak too, from 0 to 1.
"""

import math

from minigrad import checks


def warmup_cosine(step: int, warmup_steps: int, total_steps: int, final: float = 0.0) -> float:
    """Half a cosine from 1 down to `final`. Source: Loshchilov and Hutter 2017, "SGDR", equation 5.

    Raises:
        TypeError: if a number of steps is not an integer, or final not a number.
        ValueError: if a number of steps is negative, total_steps is not above warmup_steps, or final not in [0, 1].
    """
    _check(step, warmup_steps, total_steps, final)
    if step < warmup_steps:
        return step / warmup_steps
    progress = _progress(step, warmup_steps, total_steps)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))


def warmup_linear(step: int, warmup_steps: int, total_steps: int, final: float = 0.0) -> float:
    """A straight line from 1 down to `final`. Source: Devlin et al. 2019, "BERT", appendix A.2.

    Raises:
        TypeError, ValueError: as `warmup_cosine`.
    """
    _check(step, warmup_steps, total_steps, final)
    if step < warmup_steps:
        return step / warmup_steps
    return 1 - (1 - final) * _progress(step, warmup_steps, total_steps)


def inverse_square_root(step: int, warmup_steps: int) -> float:
    """1 at the end of the warm-up, then sqrt(warmup_steps / step). It needs no total number of steps.

    Source: Vaswani et al. 2017, "Attention Is All You Need", section 5.3; used by T5.

    Raises:
        TypeError: if a number of steps is not an integer; ValueError: if it is negative.
    """
    checks.whole_number("step", step, at_least=0)
    checks.whole_number("warmup_steps", warmup_steps, at_least=0)
    if step < warmup_steps:
        return step / warmup_steps
    return math.sqrt(max(warmup_steps, 1) / max(step, 1))


def _check(step: int, warmup_steps: int, total_steps: int, final: float) -> None:
    checks.whole_number("step", step, at_least=0)
    checks.whole_number("warmup_steps", warmup_steps, at_least=0)
    checks.whole_number("total_steps", total_steps)
    checks.number("final", final, at_least=0, at_most=1)
    if total_steps <= warmup_steps:
        raise ValueError(f"total_steps must exceed warmup_steps, got {total_steps} and {warmup_steps}")


def _progress(step: int, warmup_steps: int, total_steps: int) -> float:
    return min((step - warmup_steps) / (total_steps - warmup_steps), 1.0)
