"""The current resident memory of this process, and its peak."""

from contextlib import suppress
from pathlib import Path

from experiments.benchmarks.encoding_memory import peak_memory

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident() -> int:
    """The current resident memory in bytes; if the system does not report it, the peak so far.

    Raises OSError if the system reports neither (Windows).
    """
    if not STATUS.exists():
        return peak_memory()
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def forget_peak() -> None:
    """Reset the peak to the current memory, on systems that allow it (Linux)."""
    with suppress(OSError):  # on others the peak includes memory that was used during preparation
        CLEAR.write_text("5", encoding="ascii")
