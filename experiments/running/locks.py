"""One process at a time: a lock that the system releases when its process ends, however it ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_at_a_time(path: Path, purpose: str) -> Iterator[None]:
    """Wait until no other process is inside `with one_at_a_time(path, …):`. The file at `path` is the lock; it stays.

    Where files cannot be locked (Windows, some network drives), nobody waits: do not run the same table twice there
    at the same time.

    Args:
        purpose: what another process may be doing, for the message to whoever waits.
    """
    with open(path, "ab") as lock:
        try:
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"  waiting for another process: {purpose}", file=sys.stderr, flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
        except (ImportError, OSError):
            pass
        yield  # closing the file releases the lock
