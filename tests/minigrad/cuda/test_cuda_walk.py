"""The walk through a CUDA kernel in `lectures/` is true. What gdb says is replayed in tests/lectures/test_walks.py."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad import cuda_on_host
from minigrad.kernels.cuda_source import CudaSource
from minigrad.kernels.layernorm import cuda

PROJECT = Path(__file__).parents[3]
LECTURE = (PROJECT / "lectures" / "machine" / "6-cuda-kernel.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", LECTURE, flags=re.MULTILINE | re.DOTALL)
PROGRAM = next(block for language, block in BLOCKS if language == "python" and "minigrad.use_kernels" in block)
SESSION = [line for _, block in BLOCKS if "(gdb)" in block for line in block.splitlines()]


def test_the_program_of_the_walk_runs_on_the_host(on_host, tmp_path: Path):
    (tmp_path / "walk.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run([sys.executable, "walk.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    row = np.arange(1024) / 1024
    np.testing.assert_allclose(
        np.array(re.findall(r"-\d\.\d+", done.stdout), float).reshape(2, 4), [((row - row.mean()) / row.std())[:4]] * 2,
        rtol=1e-4,
    )  # fmt: skip


def test_lines_of_the_kernel_are_shown_as_they_stand():
    kernel = (PROJECT / "minigrad" / "kernels" / "layernorm" / "cuda.cu").read_text("utf-8").splitlines()
    shown = [line.split("\t", 1) for line in SESSION if "\t" in line]
    assert len(shown) > 5
    assert [line for number, line in shown] == [kernel[int(number) - 1] for number, _ in shown]


def test_the_barriers_that_the_walk_removes_do_what_it_says(on_host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    x = np.arange(2048, dtype=np.float32).reshape(2, 1024) / 1024
    arguments = x, np.ones(1024, np.float32), np.zeros(1024, np.float32), 1e-5

    def first_elements(line: int, new: str) -> str:
        lines = cuda.SOURCE.path.read_text("utf-8").splitlines()
        assert "__syncthreads();" in lines[line - 1]
        lines[line - 1] = new
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "cuda.cu").write_text("\n".join(lines), encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(cuda, "SOURCE", CudaSource(str(folder / "cuda.py")))
            forwards = cuda.layernorm_forward(*arguments)[0][:, :4]
            with cuda_on_host.backwards():
                backwards = cuda.layernorm_forward(*arguments)[0][:, :4]
        return f"{forwards}\n{backwards}"

    assert f"```\n{first_elements(66, '')}\n```" in LECTURE
    assert set(re.findall(r"[\w.]+", first_elements(68, ""))) == {"nan"}
    with pytest.raises(RuntimeError) as error:
        first_elements(68, "if (threadIdx.x % 32 == 0) __syncthreads();")
    assert str(error.value).split(" (/")[0] in LECTURE.replace("\n", " ")
