"""Every CUDA kernel compiles for every architecture, if NVRTC is installed. It needs no GPU."""

import importlib
from pathlib import Path
from typing import Any

import pytest

import minigrad.kernels
from minigrad.kernels.cuda_source import OPTIONS

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100")
FILES = sorted(f"{path.parent.name}.{path.stem}" for path in Path(minigrad.kernels.__file__).parent.glob("*/*.cu"))
QUICKLY = "-Ofc=max"  # correct code that is not fast


@pytest.fixture(scope="module")
def nvrtc() -> Any:
    pytest.importorskip("cupy")
    module = pytest.importorskip("cupy_backends.cuda.libs.nvrtc")
    try:
        module.getVersion()
    except RuntimeError as error:
        pytest.skip(f"CuPy finds no NVRTC: {error}")
    return module


def compile_for(nvrtc: Any, architecture: str, source: str, kernels: tuple[str, ...]) -> str:
    """Machine code for one architecture: what NVRTC has to say, "" if all is well."""
    program = nvrtc.createProgram(source, "cuda.cu", (), ())
    try:
        for kernel in kernels:
            nvrtc.addNameExpression(program, kernel)
        nvrtc.compileProgram(program, (*OPTIONS, QUICKLY, f"-arch={architecture}"))
        return "" if nvrtc.getCUBIN(program) else "there is no machine code"
    except nvrtc.NVRTCError:
        return nvrtc.getProgramLog(program)
    finally:
        nvrtc.destroyProgram(program)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("file", FILES)
def test_all_kernels_of_a_file_compile(nvrtc, file, architecture):
    wrapper = importlib.import_module(f"minigrad.kernels.{file}")
    kernels = (*wrapper.KERNELS, *getattr(wrapper, "KERNELS_GPU_ONLY", ()))
    assert compile_for(nvrtc, architecture, wrapper.SOURCE.path.read_text("utf-8"), kernels) == ""


MISTAKES = {
    "a name that is not there": ("__global__ void k(float* x) { x[0] = exxp(x[0]); }", "exxp"),
    "too much shared memory": (
        "__global__ void k(float* x) { __shared__ float s[20000]; s[*(int*)x] = x[0]; __syncthreads(); x[1] = s[9]; }",
        "too much shared data",
    ),
    "a tensor core that the architecture has not": (
        '__global__ void k(float* x) { float* c = x; asm("mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 '
        '{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};" : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) '
        ': "r"(1), "r"(2), "r"(3)); }',
        "requires .target sm_80 or higher",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_does_not_compile_is_noticed(nvrtc, mistake):
    source, problem = MISTAKES[mistake]
    assert problem in compile_for(nvrtc, "sm_75", source, ("k",))
