"""The peak memory of `encode_iterable` on an endless text, in a process that does nothing else.

    python -m experiments.benchmarks.encoding_memory FOLDER MEGABYTES [FILE]

encodes the file again and again, or without a file a text in which no word occurs twice, and prints time and memory.
"""

import json
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tokenizer import ByteLevelBPE


def main(folder: str, megabytes: str, file: str = "") -> None:
    """Encode, and print seconds, ids and the peak of the resident memory in MB as JSON."""
    wanted = float(megabytes) * 1e6
    tokenizer = ByteLevelBPE.load(folder)
    start = time.perf_counter()
    n_ids = sum(1 for _ in tokenizer.encode_iterable(up_to(wanted, repeated(Path(file)) if file else distinct())))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "ids": n_ids, "peak_mb": peak_memory() / 1e6}))


def repeated(path: Path) -> Iterator[str]:
    """The lines of a file, again and again."""
    while True:
        with open(path, encoding="utf-8", newline="") as lines:
            yield from lines


def distinct() -> Iterator[str]:
    """Words that never repeat: numbers written with letters, eight to a line."""
    letters = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
    words = (
        f" {number * 2654435761 % 2**40:010x}".translate(letters) for number in count()
    )  # an odd factor: the numbers are distinct
    while True:
        yield "".join(next(words) for _ in range(8)) + "\n"


def up_to(wanted: float, chunks: Iterator[str]) -> Iterator[str]:
    """Chunks, until they have that many bytes together."""
    size = 0
    for chunk in chunks:
        if size >= wanted:
            return
        size += len(chunk.encode())
        yield chunk


def peak_memory() -> int:
    """The peak resident memory of this process so far, in bytes.

    Raises OSError if the system does not report it (Windows).
    """
    status = Path("/proc/self/status")
    if status.exists():  # Linux, where ru_maxrss would include the parent process
        lines = status.read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    try:
        import resource
    except ImportError:
        raise OSError("this system does not tell a process its peak memory") from None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
