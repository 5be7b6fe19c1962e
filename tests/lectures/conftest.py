"""A small project with a package and a course, for tests of what makes the course's pages."""

from pathlib import Path
from textwrap import dedent

import pytest

MODULE = '''
    """A module."""

    from functools import cache

    LIMIT = 3
    """How many there may be."""

    if LIMIT > 2:
        FAST = True
    else:
        FAST = False


    @cache
    def twice(x: int) -> int:
        """x + x.

        For numbers.
        """

        def rule(grad):
            # both inputs are x
            return grad, grad

        y = x + x  # (T,)
        return y


    class Box:
        """Holds something."""

        size: int = 1

        def open(self):
            """Nothing."""

        @property
        def value(self):
            return 1

        @value.setter
        def value(self, new):
            self.size = new
'''

KERNEL = """
    // Adds one. With a comment
    // of two lines.
    template <typename T>
    __global__ void __launch_bounds__(256, MIN_BLOCKS) add_one(
        T* x, int n) {
        if (n) {
            x[0] += 1;
        }
    }

    __device__ int lane() { return threadIdx.x % 32; }
    __device__ int both(int a) { return a; }
    __device__ int both(int a, int b) { return a + b; }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with minigrad/numbers.py, minigrad/numbers.cu and an empty course."""
    write(tmp_path / "minigrad" / "__init__.py", "")
    write(tmp_path / "minigrad" / "numbers.py", MODULE)
    write(tmp_path / "minigrad" / "numbers.cu", KERNEL)
    (tmp_path / "lectures" / "walks").mkdir(parents=True)
    return tmp_path


def write(path: Path, text: str) -> Path:
    """Write a file; the margin that all its lines have is taken off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path
