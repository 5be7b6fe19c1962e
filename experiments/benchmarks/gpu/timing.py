"""Times on a GPU: CUDA events, contenders in turns, caches flushed.

An event is a mark in the stream whose time the card records when it reaches it. The time between two events is what the
card took for one call, without Python's time. Three measures make such times comparable:

- Before each call a gigabyte is read, many times the size of the L2 cache: the call then reads from memory, as it would
  in training, where a step touches far more memory than the cache holds. (If the gigabyte were written instead, the
  call would have to write dirty lines of the cache back to memory.)
- That takes the card some tenths of a millisecond, in which Python queues the events and the kernels between them. So
  the card does not wait for Python within a call, unless the call has hundreds of kernels.
- Contenders take turns, every other round in reverse order, because the card's clock changes as it warms up.
"""

from collections.abc import Callable, Mapping
from typing import Any

from experiments.benchmarks.gpu.checking import brief
from experiments.benchmarks.gpu.result import Times

Work = Callable[[], object]

WARM_UP, RUNS = 3, 20
BALLAST = 2**28  # float32 numbers, a gigabyte


class Clock:
    """Measures calls on the current GPU, in the default stream, which CuPy and PyTorch share.

    Args:
        cupy: the module.
        flush: whether the cache is flushed before each call. A training step does not need it.
    """

    def __init__(self, cupy: Any, flush: bool = True) -> None:
        self.cupy, self.stream = cupy, cupy.cuda.Stream.null
        self.ballast = cupy.zeros(BALLAST, "float32") if flush else None

    def seconds(self, work: Work) -> float:
        """The seconds that the card takes for one call."""
        start, end = self.cupy.cuda.Event(), self.cupy.cuda.Event()
        if self.ballast is not None:
            self.ballast.max()  # the value stays on the card, so nothing waits for it
        start.record(self.stream)
        work()
        end.record(self.stream)
        end.synchronize()
        return self.cupy.cuda.get_elapsed_time(start, end) / 1000


def take_turns(
    seconds: Callable[[Work], float], contenders: Mapping[str, Work], runs: int = RUNS, warm_up: int = WARM_UP
) -> dict[str, Times]:
    """The times of each contender. One that fails takes no further turns, and its result is the error."""
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    failed: dict[str, str] = {}

    def turn(name: str) -> None:
        if name not in failed:
            try:
                measured[name].append(seconds(contenders[name]))
            except Exception as error:  # any error of a driver, a compiler or a peer
                failed[name] = brief(error)

    for name in contenders:
        for _ in range(warm_up):  # the first call compiles
            turn(name)
    for values in measured.values():
        values.clear()
    for number in range(runs):
        for name in list(contenders)[:: 1 if number % 2 == 0 else -1]:
            turn(name)
    return {
        name: Times(missing=failed[name]) if name in failed else Times.of(values) for name, values in measured.items()
    }
