"""Large arrays that do not cost a trip to the operating system each time.

A training step makes hundreds of large arrays and lets go of them, the same ones at every step. By default the
C library gives memory of that size back to the system at once, and gets it again, page by page and filled with
zeros: a third of the time of a step. Told to keep it, it hands the same memory out again.

The process then holds on to the most that it has needed so far, which a training run needs again anyway.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # glibc's malloc.h


def keep_freed_memory() -> bool:
    """Tell the C library to keep memory that was freed; returns whether it understood.

    It does on Linux with glibc. Elsewhere nothing is changed: macOS and Windows keep memory for reuse by themselves.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library, such as musl
        return False
    megabyte = 1 << 20
    # No array gets a mapping of its own; the heap grows by much at a time, and shrinks only by more than a run needs.
    return all([mallopt(_MMAP_MAX, 0), mallopt(_TOP_PAD, 64 * megabyte), mallopt(_TRIM_THRESHOLD, 2047 * megabyte)])
