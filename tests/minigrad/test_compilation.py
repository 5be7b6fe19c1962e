"""Compiled kernels: kept on disk, said aloud, and made anew where nothing can be kept or something has changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad

PACKAGE = Path(minigrad.__file__).parent
ANNOUNCEMENT = "minigrad: compiling kernels"
KERNELS = (
    "import numpy as np; from minigrad.kernels.gelu import gelu_tanh_forward; "
    "from minigrad.kernels.embedding import scatter_add; "
    "print(scatter_add(np.ones((3, 1)), np.array([0, 1, 0]), 2)[0, 0], gelu_tanh_forward(np.zeros(1))[0])"
)
RESULTS = "2.0 0.0"


def run(code: str, cwd: Path, **variables: str) -> tuple[str, list[str]]:
    """What a process of its own prints, and the lines of its stderr."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment | variables, capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), done.stderr.splitlines()


def installed_in(folder: Path) -> Path:
    """A copy of the package that cannot keep compiled code: where `__pycache__` folders would be, files are."""
    shutil.copytree(PACKAGE, folder / "minigrad", ignore=shutil.ignore_patterns("__pycache__"))
    for path in [folder / "minigrad", *(folder / "minigrad").rglob("*/")]:
        (path / "__pycache__").touch()
    return folder


def test_the_first_process_says_once_that_it_compiles_and_the_next_one_has_nothing_to_say(tmp_path: Path):
    out, said = run(KERNELS, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert (out, len(said)) == (RESULTS, 1)
    assert said[0].startswith(ANNOUNCEMENT)
    assert run(KERNELS, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == (RESULTS, [])


def test_importing_a_kernel_compiles_nothing(tmp_path: Path):
    code = "import minigrad.kernels.gelu.cpu, minigrad.kernels.matmul.cpu"
    assert run(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == ("", [])
    assert list(tmp_path.rglob("*.nbc")) == []


unwritable_home = pytest.mark.skipif(sys.platform == "win32", reason="Windows finds the user's folders in its registry")


@unwritable_home
def test_a_read_only_install_keeps_kernels_in_the_users_cache_folder(tmp_path: Path):
    site, home = installed_in(tmp_path / "site"), {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    out, said = run(KERNELS, site, **home)
    assert (out, len(said)) == (RESULTS, 1)
    assert run(KERNELS, site, **home) == (RESULTS, [])
    assert not list(site.rglob("*.nbc"))
    assert list(tmp_path.rglob("*.nbc"))


@unwritable_home
def test_where_nothing_can_be_written_kernels_work_and_one_line_says_what_it_costs(tmp_path: Path):
    site, home = installed_in(tmp_path / "site"), {"HOME": os.devnull, "XDG_CACHE_HOME": os.devnull}
    for _ in range(2):
        out, said = run(KERNELS, site, **home)
        assert (out, len(said)) == (RESULTS, 1)
        assert said[0].startswith(ANNOUNCEMENT)
        assert "NUMBA_CACHE_DIR" in said[0]


def test_a_change_in_the_functions_that_kernels_share_is_noticed(tmp_path: Path):
    site, cache = installed_in(tmp_path / "site"), {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    gelu_of_one = (
        "import numpy as np; from minigrad.kernels.gelu import cpu; print(cpu.gelu_tanh_forward(np.ones(1))[0])"
    )
    before, _ = run(gelu_of_one, site, **cache)
    assert before.startswith("0.841")
    shared = site / "minigrad" / "kernels" / "elementary.py"
    shared.write_text("from numba import njit\n\n@njit\ndef exp(x):\n    return x - x + 1\n", encoding="utf-8")
    after, said = run(gelu_of_one, site, **cache)
    assert after == "0.5"  # x / (1 + exp(…)), where exp is now 1
    assert len(said) == 1


STEPS = """
from numba.core.dispatcher import Dispatcher
import sys
from experiments.benchmarks.cpu.models import our_step
from experiments.benchmarks.cpu.sizes import MODELS, Size
for model in MODELS:
    our_step(model, Size(vocab_size=32, length=8, d_model=16, n_layers=1, n_heads=2, batch_size=2))()
for module in [m for name, m in sys.modules.items() if name.startswith("minigrad.kernels.") and name.endswith(".cpu")]:
    for name, kernel in vars(module).items():
        if isinstance(kernel, Dispatcher) and kernel.stats.cache_path and kernel.signatures:
            print(f"{module.__name__}.{name}", len(kernel.signatures))
"""


def test_training_gpt_bert_and_t5_compiles_each_kernel_once():
    out, _ = run(STEPS, PACKAGE.parent)
    kernels = dict(line.split() for line in out.splitlines())
    assert "minigrad.kernels.attention.cpu._masked_softmax" in kernels
    assert set(kernels.values()) == {"1"}  # one dtype, one layout in memory


def test_without_a_compiler_python_runs_the_kernels_for_a_debugger_to_step_through(tmp_path: Path):
    assert run(KERNELS, tmp_path, NUMBA_DISABLE_JIT="1", NUMBA_CACHE_DIR=str(tmp_path)) == (RESULTS, [])


def test_every_kernel_that_is_kept_on_disk_is_kept_this_way():
    rooms = [path.read_text(encoding="utf-8") for path in (PACKAGE / "kernels").glob("*/cpu.py")]
    assert rooms
    assert not [room for room in rooms if "cache=True" in room or "@compiled(" not in room]
