"""Times on a GPU: CUDA events, contenders in turns, caches flushed.

An event is a mark in the stream of work that the card notes the time of as it comes past. Between two marks there is
what the card did for one call, and nothing of what Python did before. Three things make such times honest:

- Before each call a gigabyte is read, many times what the L2 cache holds: what the call reads comes from memory, as it
  would in training, where a step touches far more than the cache. (Were it written, the call would have to make room
  for itself by putting what is in the cache back into memory.)
- That takes the card some tenths of a millisecond, in which Python has time to queue the marks and the kernels between
  them. So the card does not wait for Python inside a call, unless it is one of hundreds of kernels.
- Contenders take turns, every other round backwards: the card's clock changes as it grows warm.
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
        flush: whether memory is read before each call. A training step needs no such help.
    """

    def __init__(self, cupy: Any, flush: bool = True) -> None:
        self.cupy, self.stream = cupy, cupy.cuda.Stream.null
        self.ballast = cupy.zeros(BALLAST, "float32") if flush else None

    def seconds(self, work: Work) -> float:
        """What one call takes the card."""
        start, end = self.cupy.cuda.Event(), self.cupy.cuda.Event()
        if self.ballast is not None:
            self.ballast.max()  # its value stays on the card: nobody waits for it
        start.record(self.stream)
        work()
        end.record(self.stream)
        end.synchronize()
        return self.cupy.cuda.get_elapsed_time(start, end) / 1000


def take_turns(seconds: Callable[[Work], float], contenders: Mapping[str, Work], runs: int = RUNS) -> dict[str, Times]:
    """The times of each contender; one that fails is left out from there on, and its error stands in its place."""
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    failed: dict[str, str] = {}

    def turn(name: str) -> None:
        if name not in failed:
            try:
                measured[name].append(seconds(contenders[name]))
            except Exception as error:  # whatever a driver, a compiler or a peer has to say
                failed[name] = brief(error)

    for name in contenders:
        for _ in range(WARM_UP):  # the first call compiles
            turn(name)
    for values in measured.values():
        values.clear()
    for number in range(runs):
        for name in list(contenders)[:: 1 if number % 2 == 0 else -1]:
            turn(name)
    return {
        name: Times(missing=failed[name]) if name in failed else Times.of(values) for name, values in measured.items()
    }
