"""What `import minigrad` costs: NumPy, and nothing that takes long to load or to compile."""

import subprocess
import sys


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


LOADED = "import sys; heavy = {'numba', 'cupy', 'matplotlib', 'safetensors', 'torch', 'scipy', 'llvmlite'}; "


def test_importing_minigrad_and_its_modules_loads_none_of_the_heavy_packages():
    code = LOADED + (
        "import minigrad, minigrad.draw, minigrad.gradcheck; "
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    assert run(code) == "[]"


def test_building_and_training_a_model_on_the_reference_kernels_compiles_nothing():
    code = LOADED + (
        "import numpy as np; from minigrad import Tensor, nn, ops, optim, use_kernels; use_kernels('reference'); "
        "model = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 2)); "
        "ops.cross_entropy(model(Tensor(np.ones((3, 4), np.float32))), np.zeros(3, int)).backward(); "
        "optim.AdamW(model.parameters()).step(); "
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    assert run(code) == "[]"


def test_numba_is_loaded_by_the_first_fast_kernel():
    code = (
        "import sys, numpy as np; from minigrad import Tensor; x = Tensor(np.ones((2, 2))); "
        "before = 'numba' in sys.modules; x @ x; print(before, 'numba' in sys.modules)"
    )
    assert run(code) == "False True"
