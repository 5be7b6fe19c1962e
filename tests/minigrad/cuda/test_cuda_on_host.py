"""The shim: threads, barriers, shuffles and shared memory behave as CUDA says, and mistakes show."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad import cuda_on_host
from minigrad.errors import DeviceError
from minigrad.kernels.cuda_source import CudaSource

SOURCE = CudaSource(str(Path(__file__).with_name("kernels.cu")))


def floats(n: int) -> np.ndarray:
    return np.random.default_rng(n).standard_normal(n).astype(np.float32)


def run(kernel: str, x: np.ndarray, *shape: int, grid: int = 1, block: int = 64) -> np.ndarray:
    out = np.zeros(shape, x.dtype)
    SOURCE.launch(kernel, grid, block, x, out)
    return out


def both_orders(function, *arguments, **named) -> tuple[np.ndarray, np.ndarray]:
    forwards = function(*arguments, **named)
    with cuda_on_host.backwards():
        return forwards, function(*arguments, **named)


@pytest.mark.parametrize(("grid", "block"), [(3, 5), ((2, 3), (4, 2)), ((2, 1, 3), (3, 2, 4))])
def test_each_thread_of_each_block_runs_once_and_knows_where_it_is(on_host, grid, block):
    def indices() -> np.ndarray:
        shapes = [(*size, 1, 1)[:3] if isinstance(size, tuple) else (size, 1, 1) for size in (grid, block)]
        (gx, gy, gz), (bx, by, bz) = shapes
        out = np.full((gz, gy, gx, bz, by, bx, 6), -1, np.int32)
        SOURCE.launch("indices", grid, block, out)
        return out

    out = on_host(indices)
    places = np.moveaxis(np.indices(out.shape[:-1]), 0, -1)  # block z, y, x, thread z, y, x
    np.testing.assert_array_equal(out, places[..., [5, 4, 3, 2, 1, 0]])


def test_threads_meet_at_a_barrier(on_host):
    def turn_round_twice() -> np.ndarray:
        return run("turn_round_twice<true, true, true>", x, 192, grid=3)

    x = floats(192)
    np.testing.assert_array_equal(on_host(turn_round_twice), x)


@pytest.mark.parametrize("barriers", ["false, true, true", "true, false, true", "true, true, false"])
def test_a_kernel_that_forgets_a_barrier_gives_other_bits_in_the_other_order(on_host, barriers):
    one, other = both_orders(run, f"turn_round_twice<{barriers}>", floats(64), 64)
    assert one.tobytes() != other.tobytes()


def test_that_is_what_the_fixture_of_all_these_tests_notices(on_host):
    with pytest.raises(AssertionError, match="is a barrier missing"):
        on_host(run, "turn_round_twice<true, true, false>", floats(64), 64)


def test_lanes_meet_at_a_syncwarp(on_host):
    x = floats(64)
    rolled = np.roll(x.reshape(2, 32), -1, axis=1).reshape(-1)
    np.testing.assert_array_equal(on_host(run, "from_the_next_lane<true>", x, 64), rolled)
    one, other = both_orders(run, "from_the_next_lane<false>", x, 64)
    assert one.tobytes() != other.tobytes()


def test_a_shuffle_is_no_barrier_between_warps(on_host):
    one, other = both_orders(run, "shuffles_are_no_barrier", floats(64), 64)
    assert one.tobytes() != other.tobytes()


def test_barriers_are_passed_any_number_of_times_by_a_full_block(on_host):
    def ring() -> np.ndarray:
        x = np.arange(1024, dtype=np.float32)
        SOURCE.launch("ring", 1, 1024, x, np.int32(10))
        return x

    np.testing.assert_array_equal(on_host(ring), np.roll(np.arange(1024), -10))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the linker says where that memory is")
def test_shared_memory_is_nan_when_a_block_starts(on_host):
    out = np.zeros(96, np.float32)
    SOURCE.launch("what_shared_memory_holds", 3, 32, out)
    assert np.isnan(out).all()


@pytest.mark.parametrize(("dtype", "c_type"), [(np.float32, "float"), (np.float64, "double"), (np.int32, "int")])
def test_shuffles(on_host, dtype, c_type):
    x = (100 * floats(64)).astype(dtype)
    lane = np.arange(32)
    within = lane % 8
    sources = [
        np.full(32, 5),
        lane ^ 3,
        np.where(lane + 7 < 32, lane + 7, lane),
        np.where(lane >= 7, lane - 7, lane),
        lane - within + (within + 1) % 8,
        np.where(within + 3 < 8, lane + 3, lane),
        np.where(lane % 16 < 8, lane, lane ^ 12),  # of the groups of eight, the later look into the earlier
    ]
    expected = [np.concatenate([x[:32][source], x[32:][source]]) for source in sources]
    np.testing.assert_array_equal(on_host(run, f"shuffles<{c_type}>", x, 7, 64), expected, strict=True)


def test_lanes_of_different_masks_go_different_ways(on_host):
    def halves() -> np.ndarray:
        out = np.zeros(32, np.int32)
        SOURCE.launch("halves", 1, 32, out)
        return out

    np.testing.assert_array_equal(on_host(halves), [sum(range(16))] * 16 + [20] * 16)


def test_lanes_that_have_returned_are_not_waited_for(on_host):
    def survivors() -> np.ndarray:
        out = np.full(32, -1, np.int32)
        SOURCE.launch("survivors", 1, 32, out)
        return out

    np.testing.assert_array_equal(on_host(survivors), [*np.arange(20) // 2, *[-1] * 12])


def test_blocks_that_write_to_one_place_give_other_bits_in_the_other_order(on_host):
    def last() -> np.ndarray:
        out = np.zeros(1, np.int32)
        SOURCE.launch("the_last_block_wins", 7, 1, out)
        return out

    assert [int(out[0]) for out in both_orders(last)] == [6, 0]


MISTAKES = {
    0: r"thread \(0, 0, 0\) .* waits at __syncthreads\(\) in line \d+, but thread \(16, 0, 0\) has returned",
    1: r"thread \(0, 0, 0\) .* waits at __syncthreads\(\) in line \d+, but thread \(16, 0, 0\) waits in line \d+",
    2: r"thread \(40, 0, 0\) .* waits at a warp function in line \d+, but thread \(32, 0, 0\) waits in line \d+",
    3: r"thread \(16, 0, 0\) .* is not in the mask of the warp function that it calls",
    4: r"thread \(0, 0, 0\) .* shuffles with a lane that takes no part in it",
    5: r"thread \(1, 0, 0\) .* waits at __syncthreads\(\) in line \d+, but thread \(0, 0, 0\) has returned",
    6: r"thread \(0, 0, 0\) .* shuffles with a lane that takes no part in it",  # of another mask, and gone
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_threads_that_would_wait_forever_are_an_error_that_names_them(on_host, mistake):
    block = 16 if mistake == 4 else 64
    with pytest.raises(RuntimeError, match=MISTAKES[mistake]):
        SOURCE.launch(f"wrong<{mistake}>", 1, block, np.zeros(64, np.int32))
    x = floats(64)
    np.testing.assert_array_equal(run("turn_round_twice<true, true, true>", x, 64), x)  # nothing is left behind


@pytest.mark.parametrize(("dtype", "c_type"), [(np.float32, "float"), (np.float64, "double")])
def test_mathematics_has_one_name_for_both_types(on_host, dtype, c_type):
    x = np.array([0.3, 1.0, 2.5, 7.25], dtype)
    y = np.array([1.5, -2.0, np.nan, 7.5], dtype)
    out = np.zeros((11, 4), dtype)
    SOURCE.launch(f"mathematics<{c_type}>", 1, 4, x, y, out, np.int32(4))
    erf = np.array([math.erf(value) for value in x])
    expected = [np.exp(x), np.log(x), np.sqrt(x), 1 / np.sqrt(x), np.tanh(x), erf, x, np.floor(x), x**y]
    expected += [np.fmax(x, y), np.fmin(x, y)]
    np.testing.assert_allclose(out, expected, rtol=4 * np.finfo(dtype).eps)


def test_a_float_and_its_bits(on_host):
    x, out, back = floats(1), np.zeros(1, np.int32), np.zeros(2, np.float32)
    SOURCE.launch("bits", 1, 1, x, out, back)
    assert out.view(np.float32)[0] == back[0] == x[0]
    assert back[1] == np.inf


def test_source_that_does_not_compile_is_shown_with_the_compilers_words(on_host, tmp_path: Path):
    (tmp_path / "cuda.cu").write_text("__global__ void k(float* x) {\n    x[0] = exxp(x[0]);\n}\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"cannot compile k of (.|\n)*cuda.cu:2(.|\n)*exxp"):
        CudaSource(str(tmp_path / "cuda.py")).launch("k", 1, 1, floats(1))


def test_without_a_compiler_the_error_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(DeviceError, match=r"needs a C\+\+ compiler, and there is no g\+\+ or clang\+\+ in PATH"):
        cuda_on_host.compiler()
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(DeviceError, match="there is no no-such-compiler in PATH"):
        cuda_on_host.compiler()


FILL = "__global__ void fill(int* x) {{ x[threadIdx.x] = {value}; }}\n"
ANNOUNCEMENT = "minigrad: compiling CUDA kernels for the CPU, half a second each"
LAUNCH = (
    "import numpy as np; from minigrad.kernels.cuda_source import CudaSource; x = np.zeros(2, np.int32); "
    "CudaSource('cuda.py').launch('fill', 1, 2, x); print(x)"
)


def in_a_process(folder: Path, **variables: str) -> tuple[str, list[str]]:
    """What a process of its own prints, and the lines of its stderr."""
    command = [sys.executable, "-c", LAUNCH]
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr.splitlines()


def test_a_compiled_kernel_is_kept_until_its_source_changes(on_host, tmp_path: Path):
    compiler = tmp_path / "compiler"
    compiler.write_text(f'#!/bin/sh\necho called >> {tmp_path}/calls\nexec {cuda_on_host.compiler()} "$@"\n')
    compiler.chmod(0o755)
    variables = {"CXX": str(compiler), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for value, n_calls, said in (7, 1, [ANNOUNCEMENT]), (7, 1, []), (8, 2, [ANNOUNCEMENT]):
        (tmp_path / "cuda.cu").write_text(FILL.format(value=value), encoding="utf-8")
        assert in_a_process(tmp_path, **variables) == (f"[{value} {value}]", said)
        assert (tmp_path / "calls").read_text() == n_calls * "called\n"
    assert sorted(path.suffix for path in (tmp_path / "cache").rglob("*.*")) == [".so", ".so"]


def test_where_nothing_can_be_kept_kernels_run_all_the_same(on_host, tmp_path: Path):
    (tmp_path / "cuda.cu").write_text(FILL.format(value=3), encoding="utf-8")
    assert in_a_process(tmp_path, XDG_CACHE_HOME=os.devnull) == ("[3 3]", [ANNOUNCEMENT])
