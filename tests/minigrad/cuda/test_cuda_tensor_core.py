"""The tensor-core product, run on the CPU: against the reference, and its index functions against PTX's tables."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from minigrad import cuda_on_host
from minigrad.errors import DeviceError
from minigrad.kernels.matmul import reference as matmul_reference
from minigrad.kernels.matmul import tensor_core
from minigrad.kernels.matmul.tensor_core import tensor_core_matmul
from tests.minigrad.cuda.test_cuda_matmul import before_forbidden_memory, normal
from tests.minigrad.test_fast_kernels import assert_agrees, wide

LOST_BITS = {"tf32": 13, "bf16": 16}
precisions = pytest.mark.parametrize("precision", LOST_BITS)


def nearest(x: np.ndarray, precision: str) -> np.ndarray:
    """The nearest number of the format, halves to the even one: by distance, not by the kernels' arithmetic."""
    bits, step = np.ascontiguousarray(x).view(np.uint32), np.uint32(1 << LOST_BITS[precision])
    below, above = (b.view(np.float32) for b in (bits // step * step, (bits // step + 1) * step))
    nearer = abs(wide(above)[0] - x) - abs(wide(below)[0] - x)
    return np.where((nearer < 0) | ((nearer == 0) & (bits // step % 2 == 1)), above, below)


def assert_product(product: np.ndarray, a: np.ndarray, b: np.ndarray, precision: str) -> None:
    a, b = wide(nearest(a, precision), nearest(b, precision))
    assert_agrees(product, matmul_reference.matmul(a, b), matmul_reference.matmul(abs(a), abs(b)), np.float32)


@precisions
@pytest.mark.parametrize("a_layout", ["as it is", "transposed"])
@pytest.mark.parametrize("b_layout", ["as it is", "transposed"])
@pytest.mark.parametrize(("m", "k", "n"), [(1, 1, 1), (129, 9, 3), (3, 20, 257), (72, 70, 130)])
def test_the_factors_are_rounded_and_nothing_else(on_host, precision, a_layout, b_layout, m, k, n):
    a = normal(m, k) if a_layout == "as it is" else normal(k, m).T
    b = normal(k, n) if b_layout == "as it is" else normal(n, k).T
    assert_product(on_host(tensor_core_matmul, a, b, precision), a, b, precision)


@precisions
def test_leading_axes_broadcast(on_host, precision):
    for a, b in (
        (normal(2, 1, 3, 5), normal(2, 5, 4)),
        (normal(3, 5), normal(2, 1, 1, 5, 4)),
        (normal(1, 5, 2, 4).swapaxes(1, 2), normal(2, 4, 3)),
    ):
        assert_product(on_host(tensor_core_matmul, a, b, precision), a, b, precision)


@precisions
@pytest.mark.parametrize(("m", "k", "n"), [(0, 2, 3), (2, 0, 3), (2, 3, 0)])
def test_empty_matrices(on_host, precision, m, k, n):
    product = on_host(tensor_core_matmul, normal(m, k), normal(k, n), precision)
    np.testing.assert_array_equal(product, np.zeros((m, n), np.float32), strict=True)


@precisions
def test_rounding_to_the_nearest(on_host, precision):
    ulp = 2.0 ** (LOST_BITS[precision] - 23)
    x = np.array([1 + n * ulp / 4 for n in range(17)], np.float32)  # numbers of the format, and between two of them
    x = np.concatenate([x, -x, x * 2**-120, [0.0, 3.0e38, 1e-40, -1e-40]]).astype(np.float32)[:, None]
    np.testing.assert_array_equal(on_host(tensor_core_matmul, x, np.ones_like(x[:1]), precision), nearest(x, precision))


@precisions
@pytest.mark.parametrize("bits", [0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00001, 0x7FC00000, 0x7F800000, 0xFF800000])
def test_nan_and_infinity_survive_the_rounding(on_host, precision, bits):
    a, b = abs(normal(20, 18)), abs(normal(18, 21))
    a[3, 5] = value = np.array(bits, np.uint32).view(np.float32)
    expected = matmul_reference.matmul(a, b)
    assert np.isnan(value) == np.isnan(expected[3]).all()
    np.testing.assert_allclose(on_host(tensor_core_matmul, a, b, precision), expected, rtol=0.02)


@precisions
def test_numbers_beside_an_operand_are_not_used(on_host, precision):
    a, b = (np.full((40, 40), np.nan, np.float32) for _ in "ab")
    a[8:27, 16:29], b[8:21, 16:39] = normal(19, 13), normal(13, 23)
    left, right = a[8:27, 16:29], b[8:21, 16:39]
    assert_product(on_host(tensor_core_matmul, left, right, precision), left, right, precision)


@precisions
@pytest.mark.parametrize(("m", "k", "n"), [(20, 16, 24), (5, 7, 3)])
def test_nothing_is_read_behind_the_end_of_an_operand(on_host, precision, m, k, n):
    a, b = before_forbidden_memory(normal(m, k)), before_forbidden_memory(normal(k, n))
    assert_product(on_host(tensor_core_matmul, a, b, precision), a, b, precision)
    assert_product(on_host(tensor_core_matmul, b.T, a.T, precision), b.T, a.T, precision)


def test_what_lies_on_sixteen_bytes_is_not_copied():
    x = np.zeros((4, 8, 16), np.float32)
    assert x.ctypes.data % 16 == 0
    for view in (x, x[1], x.swapaxes(-1, -2), x.swapaxes(0, 1), x[:, :, 4:12], np.broadcast_to(x[0], (3, 8, 16))):
        assert np.shares_memory(tensor_core.whole_chunks(view), view)
    for view in (x[:, :, 1:5], x[:, :, :6], x.swapaxes(-1, -2)[..., :6, :], x[..., ::2]):
        assert not np.shares_memory(tensor_core.whole_chunks(view), view)


@pytest.mark.parametrize(
    ("dtype", "precision", "error", "message"),
    [
        (np.float32, "fp32", ValueError, 'precision must be "tf32" or "bf16", got \'fp32\''),
        (np.float64, "tf32", TypeError, "TF32 is a way to multiply float32, got float64"),
        (np.float64, "bf16", TypeError, 'precision "bf16" is for float32 and bfloat16, got float64'),
    ],
)
def test_other_precisions_and_dtypes_are_refused(dtype, precision, error, message):
    with pytest.raises(error, match=message):
        tensor_core_matmul(np.zeros((2, 2), dtype), np.zeros((2, 2), dtype), precision)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"matmul needs \(..., M, K\) and \(..., K, N\), got \(2, 3\) and \(2, 3\)"):
        tensor_core_matmul(normal(2, 3), normal(2, 3), "tf32")


def test_a_gpu_without_these_instructions_is_refused():
    array = SimpleNamespace(device=SimpleNamespace(compute_capability="75"))
    with pytest.raises(DeviceError, match=r"needs compute capability 8\.0, this GPU has 7\.5"):
        tensor_core_matmul(array, array, "tf32")


# ---- The index functions, one by one: a tile filled through `place`, read by `read`, multiplied by `mma` -------------

INSPECT = """
template <typename Format, bool IS_A, bool ALONG_K>
__device__ void inspect_operand(const typename Format::Number* tile_of_numbers, unsigned* words, int* places) {
    using O = Operand<Format, IS_A, ALONG_K, 128>;
    alignas(128) __shared__ char tile[O::TILE_BYTES];
    for (int row = 0; row < O::HEIGHT; ++row)
        for (int chunk = 0; chunk < O::CHUNKS; ++chunk) places[row * O::CHUNKS + chunk] = O::place(row, chunk);
    for (int line = lane(); line < 128; line += 32)
        for (int k = 0; k < O::DEPTH; ++k) {
            int row = ALONG_K ? line : k, number = ALONG_K ? k : line;
            char* at = tile + O::place(row, number / O::PER_CHUNK) + number % O::PER_CHUNK * sizeof(*tile_of_numbers);
            *(typename Format::Number*)at = tile_of_numbers[line * O::DEPTH + k];
        }
    __syncthreads();
    for (int step = 0; step < 2; ++step) {
        unsigned pieces[4][4];
        O::read(pieces, tile, 64, step);
        for (int i = 0; i < 16; ++i) words[(step * 32 + lane()) * 16 + i] = pieces[i / 4][i % 4];
    }
}

template <typename Format>
__global__ void inspect(const typename Format::Number* tile, unsigned* words, int* places,
                        const unsigned* a, const unsigned* b, float* c) {
    inspect_operand<Format, true, true>(tile, words, places);
    inspect_operand<Format, true, false>(tile, words + 1024, places + 512);
    inspect_operand<Format, false, true>(tile, words + 2048, places + 1024);
    inspect_operand<Format, false, false>(tile, words + 3072, places + 1536);
    unsigned own_a[4] = {a[4 * lane()], a[4 * lane() + 1], a[4 * lane() + 2], a[4 * lane() + 3]};
    float own_c[4] = {c[4 * lane()], c[4 * lane() + 1], c[4 * lane() + 2], c[4 * lane() + 3]};
    Format::mma(own_c, own_a, b[2 * lane()], b[2 * lane() + 1]);
    for (int i = 0; i < 4; ++i) c[4 * lane() + i] = own_c[i];
}

__global__ void inspect_rest(int* places, int M, int N, int n_inner, const float* from, float* seen) {
    Place place = place_of_block(M, N, n_inner);
    int all[5] = {place.row, place.column, int(place.outer), int(place.inner), int(place.product)};
    for (int i = 0; i < 5; ++i) places[5 * blockIdx.x + i] = all[i];

    alignas(16) __shared__ float to[8];  // starts as NaN
    Pipeline pipeline;
    pipeline.copy((char*)to, from, true);
    pipeline.end_group();
    pipeline.copy((char*)(to + 4), from, false);
    pipeline.end_group();
    seen[0] = to[0], seen[1] = to[4];
    pipeline.wait<1>();
    seen[2] = to[0], seen[3] = to[4];
    pipeline.wait<0>();
    seen[4] = to[0], seen[5] = to[4];
}
"""


@pytest.fixture(scope="module")
def launch(host_compiler, tmp_path_factory) -> Any:
    """Launches a kernel of tensor_core.cu with the above behind it; compiled for these tests alone."""
    folder = tmp_path_factory.mktemp("inspect")
    source = folder / "inspect.cu"
    source.write_text(tensor_core.SOURCE.path.read_text("utf-8") + INSPECT, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda_on_host, "_cache_folder", lambda: folder)
        yield lambda kernel, grid, block, *arguments: cuda_on_host.launch(
            source, kernel, (grid, 1, 1), (block, 1, 1), arguments
        )


class Inspection:
    """What `inspect` finds for a format, for the four kinds of operand, and mma's result."""

    def __init__(self, launch: Any, precision: str) -> None:
        rng = np.random.default_rng(0)
        self.per_word = {"tf32": 1, "bf16": 2}[precision]
        self.depth = 16 * self.per_word
        numbers = np.arange(128 * self.depth).reshape(128, self.depth)  # few enough for TF32's 11 bits
        self.tile = numbers.astype(np.float32 if precision == "tf32" else np.uint16)
        self.words = np.zeros((4, 2, 32, 4, 4), np.uint32)  # kind, step, lane, piece, register
        self.places = np.zeros((4, 512), np.int32)
        self.a, self.b = (
            rng.integers(-9, 10, shape).astype(np.float32)
            for shape in ((16, 8 * self.per_word), (8 * self.per_word, 8))
        )
        self.c = rng.integers(-9, 10, (16, 8)).astype(np.float32)
        a, b = np.zeros((32, 4), np.uint32), np.zeros((32, 2), np.uint32)
        for lane in range(32):
            for i in range(4 * self.per_word):
                put(a[lane], i, self.per_word, self.a[a_place(self.per_word, lane, i)])
            for i in range(2 * self.per_word):
                put(b[lane], i, self.per_word, self.b[b_place(self.per_word, lane, i)])
        c = np.array([[self.c[c_place(lane, i)] for i in range(4)] for lane in range(32)], np.float32)
        launch(f"inspect<{precision.upper()}>", 1, 32, self.tile, self.words, self.places, a, b, c)
        self.product = np.zeros_like(self.c)
        for lane in range(32):
            for i in range(4):
                self.product[c_place(lane, i)] = c[lane, i]


def put(registers: np.ndarray, i: int, per_word: int, value: float) -> None:
    """Element i of a lane: a register of its own, or half of one as the upper half of a float32's bits."""
    bits = int(np.float32(value).view(np.uint32))
    registers[i // per_word] |= np.uint32(bits if per_word == 1 else bits >> 16 << 16 * (i % 2))


# From "Matrix Fragments for mma.m16n8k8" (.tf32) and "… for mma.m16n8k16" (.bf16) in NVIDIA's PTX ISA: which element of
# a matrix is the i-th of a lane. There, groupID is lane >> 2 and threadID_in_group is lane % 4.


def a_place(per_word: int, lane: int, i: int) -> tuple[int, int]:
    group, thread = lane >> 2, lane % 4
    if per_word == 1:
        return group + 8 * (i in (1, 3)), thread + 4 * (i in (2, 3))
    return group + 8 * (i not in (0, 1, 4, 5)), thread * 2 + (i & 1) + 8 * (i >= 4)


def b_place(per_word: int, lane: int, i: int) -> tuple[int, int]:
    group, thread = lane >> 2, lane % 4
    if per_word == 1:
        return thread + 4 * (i == 1), group
    return thread * 2 + (i & 1) + 8 * (i >= 2), group


def c_place(lane: int, i: int) -> tuple[int, int]:
    group, thread = lane >> 2, lane % 4
    return group + 8 * (i >= 2), thread * 2 + (i & 1)


@pytest.fixture(scope="module", params=LOST_BITS)
def inspection(request, launch) -> Inspection:
    return Inspection(launch, request.param)


def test_the_instruction_written_out_in_cpp_does_what_ptx_says(inspection):
    np.testing.assert_array_equal(inspection.product, inspection.a @ inspection.b + inspection.c)


@pytest.mark.parametrize("kind", range(4), ids=["A", "A transposed", "B transposed", "B"])
def test_the_registers_hold_what_ptx_wants_in_them(inspection, kind):
    per_word, is_a = inspection.per_word, kind < 2
    numbers = inspection.words[kind].view(np.float32 if per_word == 1 else np.uint16)  # step, lane, piece, element
    for step, lane, piece, i in np.ndindex(2, 32, 4, 4 * per_word):
        if is_a:
            line, k = a_place(per_word, lane, i)
        else:
            k, line = b_place(per_word, lane, i % (2 * per_word))
            line += i // (2 * per_word) * 8
        assert numbers[step, lane, piece, i] == inspection.tile[64 + 16 * piece + line, 8 * per_word * step + k]


@pytest.mark.parametrize("kind", range(4), ids=["A", "A transposed", "B transposed", "B"])
def test_what_a_warp_reads_at_once_lies_in_different_banks(inspection, kind):
    places = inspection.places[kind]
    np.testing.assert_array_equal(np.sort(places), np.arange(512) * 16)
    banks = places // 16 % 8  # in fours: 8 chunks go over all 32 banks
    if kind in (0, 2):  # ldmatrix: 8 rows of one chunk
        at_once = banks.reshape(-1, 8, 4).swapaxes(1, 2)
    elif inspection.per_word == 2:  # the same, of rows of 16 chunks
        at_once = banks.reshape(-1, 8, 16).swapaxes(1, 2)
    else:  # 4 rows of 8 words, two chunks
        at_once = banks.reshape(-1, 4, 16, 2).swapaxes(1, 2)
    assert (np.sort(at_once.reshape(-1, 8)) == np.arange(8)).all()


@pytest.mark.parametrize(("m", "n"), [(1, 1), (128, 256), (1300, 700), (2100, 257)])
def test_the_blocks_cover_every_tile_of_every_product_once(launch, m, n):
    down, across, outer, inner = -(-m // 128), -(-n // 256), 2, 3
    n_blocks = down * across * outer * inner
    places, seen = np.zeros((n_blocks, 5), np.int32), np.zeros(6, np.float32)
    launch("inspect_rest", n_blocks, 1, places, np.int32(m), np.int32(n), np.int32(inner), np.ones(4, np.float32), seen)
    expected = {
        (row * 128, column * 256, i, j, i * inner + j) for row, column, i, j in np.ndindex(down, across, outer, inner)
    }
    assert len(expected) == n_blocks
    assert set(map(tuple, places.tolist())) == expected


def test_on_the_host_a_copy_arrives_when_it_is_waited_for_and_no_sooner(launch):
    seen = np.zeros(6, np.float32)
    launch("inspect_rest", 1, 1, np.zeros(5, np.int32), *map(np.int32, (1, 1, 1)), np.full(4, 7, np.float32), seen)
    np.testing.assert_array_equal(seen, [np.nan, np.nan, 7, np.nan, 7, 0])
