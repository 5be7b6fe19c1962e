"""Let the C library keep freed memory, so that large arrays do not need the operating system each time.

Every training step allocates and frees hundreds of large arrays of the same sizes. By default the C library returns
such memory to the system when it is freed, and the system provides it again page by page, filled with zeros. That takes
a third of the time of a step. If the C library keeps the memory, it can reuse it at once.

The process then keeps as much memory as it has ever used, which the next training step uses again anyway.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # glibc's malloc.h


def keep_freed_memory() -> bool:
    """Tell the C library to keep freed memory; returns whether that worked.

    It works on Linux with glibc. Elsewhere nothing changes: macOS and Windows keep memory for reuse by themselves.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library, such as musl
        return False
    megabyte = 1 << 20
    # Put every array on the heap, grow it by 64 MB at a time, and shrink it only if 2 GB at its end are free.
    return all([mallopt(_MMAP_MAX, 0), mallopt(_TOP_PAD, 64 * megabyte), mallopt(_TRIM_THRESHOLD, 2047 * megabyte)])
