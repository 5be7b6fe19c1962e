"""A student's folder with the warm-up, in several states."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lectures.grading.folder import assignment_of, write_handout

PROJECT = Path(__file__).parents[3]
WARM_UP = assignment_of(0)

SOLUTION = """
    x = as_tensor(x)
    x_data = x.data

    def rule(grad):
        return (grad / (1 + np.exp(-np.clip(x_data, -700, 700))),)

    return record(np.logaddexp(0, x_data), (x,), rule)
"""
# Two mistakes at once: the output overflows, and the rule drops the incoming gradient.
TWO_MISTAKES = SOLUTION.replace("np.logaddexp(0, x_data)", "np.log(1 + np.exp(x_data))").replace("grad / (", "1 / (")
UNKNOWN_MISTAKE = SOLUTION.replace("np.logaddexp(0, x_data)", "np.logaddexp(0, x_data) + 0.125")


@pytest.fixture
def handout(tmp_path: Path) -> Path:
    """The warm-up as it is handed out."""
    folder = tmp_path / "student"
    folder.mkdir()
    write_handout(folder, WARM_UP, PROJECT)
    return folder


@pytest.fixture
def solved(handout: Path) -> Callable[[str], Path]:
    """Writes a body for softplus into the handout."""

    def write(body: str) -> Path:
        path = handout / "softplus.py"
        stub = '    raise NotImplementedError("exercise 0.1 is not written yet")\n'
        text = path.read_text()
        assert text.count(stub) == 1
        path.write_text(text.replace(stub, body.lstrip("\n")))
        return handout

    return write
