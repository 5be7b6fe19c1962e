"""What this process holds in memory, and the most it held."""

from contextlib import suppress
from pathlib import Path

from experiments.benchmarks.encoding_memory import peak_memory

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident() -> int:
    """The resident memory now, in bytes; where the system does not tell it, the most there was so far.

    Raises OSError where the system tells neither (Windows).
    """
    if not STATUS.exists():
        return peak_memory()
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def forget_peak() -> None:
    """Let the peak start anew from what is held now, where the system can (Linux)."""
    with suppress(OSError):  # elsewhere the peak includes what was needed while building
        CLEAR.write_text("5", encoding="ascii")
