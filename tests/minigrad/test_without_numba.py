"""Without Numba: what needs none works, and the first fast kernel says what to do."""

import subprocess
import sys

WITHOUT_NUMBA = """
import sys

class NoNumba:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "numba":
            raise ModuleNotFoundError("No module named 'numba'", name="numba")

sys.meta_path.insert(0, NoNumba())

import numpy as np
from minigrad import Tensor, nn, ops, optim, use_kernels
from minigrad.errors import MinigradError

x = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NUMBA + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_fast_kernel_says_what_to_install_and_so_does_the_next():
    said = run("""
for choose in (lambda: None, lambda: use_kernels("fast")):
    choose()
    for use in (lambda: x @ x, lambda: ops.gelu(x), lambda: ops.layer_norm(x, x[0], x[0]), lambda: x @ x):
        try:
            use()
        except ImportError as error:
            assert isinstance(error, MinigradError)
            print(error)
""")
    lines = said.splitlines()
    assert len(lines) == 8
    for line in lines:
        assert "the fast kernels for a CPU need Numba" in line
        assert "No module named 'numba'" in line
        assert "pip install numba" in line
        assert 'minigrad.use_kernels("reference")' in line


def test_the_reference_kernels_train_without_it():
    said = run("""
use_kernels("reference")
model = nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 2), nn.GELU(), nn.Linear(2, 2))
loss = ops.cross_entropy(model(x), np.array([0, 1]))
loss.backward()
optim.AdamW(model.parameters()).step()
print((x * 2).sum().item(), loss.item() > 0)
""")
    assert said.split() == ["8.0", "True"]
