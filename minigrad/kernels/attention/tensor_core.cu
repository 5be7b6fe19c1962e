// Softmax attention in bfloat16 on tensor cores, with sums, softmax and all that is kept between in float32.
//
// The walk over the keys, the online softmax and the three kernels are those of cuda.cu: read that first. What is
// different is how two small matrices are multiplied. One instruction of a warp, mma, computes
//
//     C (16 × 8, float32) += A (16 × 16, bfloat16) · B (16 × 8, bfloat16)
//
// and its lanes hold the matrices together, two numbers of bfloat16 in a register. With lane = 4 y + x / 2, so that
// y < 8 is a row and x one of the columns 0, 2, 4, 6, a lane has
//
//     A   a[0]: row y, columns x, x + 1          a[2]: row y, columns x + 8, x + 9
//         a[1]: row y + 8, the same columns      a[3]: row y + 8, the same columns
//     B   b0: rows x, x + 1 of column y          b1: rows x + 8, x + 9 of column y
//     C   c[0], c[1]: row y, columns x, x + 1    c[2], c[3]: row y + 8, the same columns
//
// (PTX ISA, "Matrix fragments for mma.m16n8k16".) Two things follow, which FlashAttention-2 (Dao 2023) is built on:
//
// - Two C beside each other, rounded, are an A. So the scores become the weights of the next product in the registers
//   where they are: no tile of them in shared memory, as cuda.cu has, and no warp needs to know of another's.
// - B is read from shared memory by ldmatrix, which gives a lane neighbours of one row of a tile, or of one column. The
//   first is what a product of rows needs, the second what a weighted sum of rows needs; so a tile serves both.
//
// A warp owns 16 rows (of queries, or of keys), and keeps them in registers as A from the first to the last tile. The
// tiles that pass come by asynchronous copies: while one is at work, the next is on its way.
//
// Exponentials are powers of two here, for which there is an instruction: scores are multiplied by log₂ e when they are
// scaled, and log_sum is a logarithm to the base of two.

constexpr int ROWS = 16, MAX_WARPS = 8;
constexpr int PADDING = 8;  // numbers, 16 bytes: eight rows one below the other then lie in different banks
constexpr float LOG2_E = 1.4426950408889634f;

using Number = unsigned short;  // bfloat16: the upper half of a float's bits
using Stride = long long;       // in numbers, not in bytes

__device__ int warp() { return threadIdx.x / 32; }
__device__ int lane_y() { return threadIdx.x % 32 / 4; }
__device__ int lane_x() { return threadIdx.x % 4 * 2; }

__device__ float low(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ float high(unsigned pair) { return __uint_as_float(pair & 0xffff0000); }

// ---- Four instructions ----------------------------------------------------------------------------------------------

#ifndef CUDA_ON_HOST

#if __CUDA_ARCH__ >= 800
#define PTX asm volatile
#define PURE_PTX asm  // depends on its operands alone, so the compiler may move it
#else
#define PTX(...)      // older GPUs have none of them; tensor_core.py launches nothing there
#define PURE_PTX(...)
#endif

__device__ unsigned shared_address(const void* at) { return (unsigned)__cvta_generic_to_shared(at); }

// Copies of 16 bytes to shared memory, for which a thread does not wait until it says so; zeros for what is not there.
struct Copies {
    __device__ void start(Number* to, const Number* from, bool there) {
        PTX("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(there ? 16 : 0)
            : "memory");
    }
    __device__ void wait() { PTX("cp.async.wait_all;" ::: "memory"); }
};

// Two numbers to the nearest bfloat16.
__device__ unsigned pack(float low, float high) {
    unsigned pair = 0;
    PURE_PTX("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

// Four matrices of 8 × 8. Lane i says where row i % 8 of matrix i / 8 begins, and is given of each matrix the numbers
// x and x + 1 of row y, or, BY_COLUMN, of column y.
template <bool BY_COLUMN>
__device__ void ldmatrix(unsigned (&pairs)[4], const Number* row) {
    if (BY_COLUMN)
        PTX("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(pairs[0]), "=r"(pairs[1]), "=r"(pairs[2]), "=r"(pairs[3]) : "r"(shared_address(row)));
    else
        PTX("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(pairs[0]), "=r"(pairs[1]), "=r"(pairs[2]), "=r"(pairs[3]) : "r"(shared_address(row)));
}

__device__ void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    PURE_PTX("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
             "{%0, %1, %2, %3};" : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
             : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#else  // The same in C++, for a CPU.

struct Copies {  // made as late as they may be, so that who forgets to wait reads something else
    struct { Number* to; const Number* from; bool there; } all[32];
    int n = 0;

    void start(Number* to, const Number* from, bool there) { all[n++] = {to, from, there}; }
    void wait() {
        for (; n > 0; n--)
            for (int i = 0; i < 8; i++) all[n - 1].to[i] = all[n - 1].there ? all[n - 1].from[i] : 0;
    }
};

unsigned nearest(float number) {  // halves to the even one
    const unsigned bits = __float_as_uint(number);
    return isnan(number) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
unsigned pack(float low, float high) { return nearest(low) | nearest(high) << 16; }

// The lanes lay what they hold on a table, each on its place; when all have done so, each takes what it is to have.
template <bool BY_COLUMN>
void ldmatrix(unsigned (&pairs)[4], const Number* row) {
    __shared__ const Number* table[MAX_WARPS][32];
    const Number** rows = table[warp()];
    rows[threadIdx.x % 32] = row;
    __syncwarp();
    for (int i = 0; i < 4; i++, rows += 8)
        pairs[i] = BY_COLUMN ? rows[lane_x()][lane_y()] | rows[lane_x() + 1][lane_y()] << 16
                             : rows[lane_y()][lane_x()] | rows[lane_y()][lane_x() + 1] << 16;
    __syncwarp();
}

void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    __shared__ float a_table[MAX_WARPS][16][16], b_table[MAX_WARPS][16][8];
    auto A = a_table[warp()];
    auto B = b_table[warp()];
    const int y = lane_y(), x = lane_x();
    for (int i = 0; i < 4; i++) {
        A[y + i % 2 * 8][x + i / 2 * 8] = low(a[i]);
        A[y + i % 2 * 8][x + i / 2 * 8 + 1] = high(a[i]);
    }
    B[x][y] = low(b0), B[x + 1][y] = high(b0), B[x + 8][y] = low(b1), B[x + 9][y] = high(b1);
    __syncwarp();
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 16; k++) c[i] += A[y + i / 2 * 8][k] * B[k][x + i % 2];
    __syncwarp();
}

#endif

// ---- Rows that a warp owns, tiles of rows that pass -----------------------------------------------------------------

// The rows of one head in global memory. They begin at multiples of 16 bytes, and head_size is a multiple of 8.
struct Head {
    const Number* start;
    Stride row_stride;
    int n_rows, head_size;

    __device__ bool has(int row, int column) const { return row < n_rows && column < head_size; }
    __device__ const Number* at(int row, int column) const { return start + row * row_stride + column; }
};

// The rows first … first + 15 as A: a piece for each 16 columns. Zeros where there is nothing.
template <int PIECES>
__device__ void load_owned(unsigned (&owned)[PIECES][4], Head head, int first) {
    for (int k = 0; k < PIECES; k++)
        for (int i = 0; i < 4; i++) {
            const int row = first + lane_y() + i % 2 * 8, column = 16 * k + lane_x() + i / 2 * 8;
            owned[k][i] = head.has(row, column) ? *reinterpret_cast<const unsigned*>(head.at(row, column)) : 0;
        }
}

// The rows from first on of two heads to two tiles, by all threads of the block.
template <int WARPS, int N_ROWS, int LENGTH>
__device__ void start_copies(Copies& copies, Number (&a)[N_ROWS][LENGTH], Head head_a, Number (&b)[N_ROWS][LENGTH],
                             Head head_b, int first) {
    constexpr int ACROSS = (LENGTH - PADDING) / 8;
#pragma unroll 1  // to save registers
    for (int i = threadIdx.x; i < N_ROWS * ACROSS; i += 32 * WARPS) {
        const int row = i / ACROSS, column = i % ACROSS * 8;
        const bool there = head_a.has(first + row, column);
        copies.start(&a[row][column], there ? head_a.at(first + row, column) : head_a.start, there);
        copies.start(&b[row][column], there ? head_b.at(first + row, column) : head_b.start, there);
    }
}

// products (16 × 8 N) = the rows owned · each of the first 8 N rows that pass.
template <int N, int PIECES, int LENGTH>
__device__ void row_products(float (&products)[N][4], const unsigned (&owned)[PIECES][4],
                             const Number (*passing)[LENGTH]) {
    const int i = threadIdx.x % 32;
    for (int j = 0; j < N; j++)
        for (int e = 0; e < 4; e++) products[j][e] = 0;
    for (int k = 0; k < PIECES; k++)
        for (int j = 0; j < N; j += 2) {  // 16 rows that pass: two B, one below the other in the tile
            unsigned b[4];
            ldmatrix<false>(b, &passing[8 * j + i / 16 * 8 + i % 8][16 * k + i / 8 % 2 * 8]);
            mma(products[j], owned[k], b[0], b[1]);
            mma(products[j + 1], owned[k], b[2], b[3]);
        }
}

// sums (16 × HEAD) += weights (16 × 16) · the first 16 rows that pass.
template <int N, int LENGTH>
__device__ void add_weighted_rows(float (&sums)[N][4], const unsigned (&weights)[4], const Number (*passing)[LENGTH]) {
    const int i = threadIdx.x % 32;
    for (int j = 0; j < N; j += 2) {  // 16 columns: two B beside each other
        unsigned b[4];
        ldmatrix<true>(b, &passing[i / 8 % 2 * 8 + i % 8][8 * j + i / 16 * 8]);
        mma(sums[j], weights, b[0], b[1]);
        mma(sums[j + 1], weights, b[2], b[3]);
    }
}

// Two C beside each other, as A.
struct Weights {
    unsigned pairs[4];
    __device__ Weights(const float (&left)[4], const float (&right)[4])
        : pairs{pack(left[0], left[1]), pack(left[2], left[3]), pack(right[0], right[1]), pack(right[2], right[3])} {}
};

// Of the 16 rows that the sums are for, the row below to global memory: 0 for row y, 1 for row y + 8.
template <int N>
__device__ void store_row(Number* row, const float (&sums)[N][4], int below, float factor, int head_size) {
    for (int j = 0; j < N; j++)
        if (8 * j < head_size)
            *reinterpret_cast<unsigned*>(row + 8 * j + lane_x()) =
                pack(factor * sums[j][2 * below], factor * sums[j][2 * below + 1]);
}

// Over the four lanes that share a row.
__device__ float row_max(float value) {
    value = max(value, __shfl_xor_sync(0xffffffff, value, 1));
    return max(value, __shfl_xor_sync(0xffffffff, value, 2));
}
__device__ float row_sum(float value) {
    value += __shfl_xor_sync(0xffffffff, value, 1);
    return value + __shfl_xor_sync(0xffffffff, value, 2);
}

// ---- Scores, and where a block of threads is, as in cuda.cu ---------------------------------------------------------

struct Scoring {
    const bool* mask;    // null: there is none
    Stride mask_row, mask_column;
    const Number* bias;  // likewise
    Stride bias_row, bias_column;
    int n_queries, n_keys, causal;
    float scale;

    // Query t may see the keys 0 … visible(t) - 1. A query beyond the last sees nothing.
    __device__ int visible(int t) const {
        if (t >= n_queries) return 0;
        return causal ? min(max(t + 1 + n_keys - n_queries, 0), n_keys) : n_keys;
    }

    // The first row and column are those of the 16 × 8 N products; rows are queries, or keys.
    template <bool ROWS_ARE_KEYS, int N>
    __device__ void apply(float (&products)[N][4], int row, int column) const {
        auto each = [&](auto change) {
#pragma unroll
            for (int j = 0; j < N; j++)
                for (int e = 0; e < 4; e++) {
                    const int r = row + lane_y() + e / 2 * 8, c = column + 8 * j + lane_x() + e % 2;
                    ROWS_ARE_KEYS ? change(products[j][e], c, r) : change(products[j][e], r, c);
                }
        };
        const int first_t = ROWS_ARE_KEYS ? column : row, last_t = first_t + (ROWS_ARE_KEYS ? 8 * N : ROWS) - 1;
        const int last_s = ROWS_ARE_KEYS ? row + ROWS - 1 : column + 8 * N - 1;
        const int t_end = n_queries - 1, s_end = n_keys - 1;  // beyond them there is no mask and no bias

        each([&](float& score, int, int) { score *= scale * LOG2_E; });
        if (!mask && !bias && last_t < n_queries && last_s < visible(first_t)) return;  // so it is nearly everywhere
        if (bias)
            each([&](float& score, int t, int s) {
                score += LOG2_E * low(bias[min(t, t_end) * bias_row + min(s, s_end) * bias_column]);
            });
        if (mask)
            each([&](float& score, int t, int s) {
                if (!mask[min(t, t_end) * mask_row + min(s, s_end) * mask_column]) score = -INFINITY;
            });
        each([&](float& score, int t, int s) { if (s >= visible(t)) score = -INFINITY; });
    }
};

// What a kernel is given for an array (B, H, T, K), and for the mask or the bias; and what of it belongs to the block's
// head.
#define ROWS_OF(x) const Number *x, Stride x##_batch, Stride x##_head, Stride x##_row
#define MATRIX_OF(x, Type) \
    const Type *x, int has_##x, Stride x##_batch, Stride x##_head, Stride x##_row, Stride x##_column
#define START(x) (x + at.batch * x##_batch + at.head * x##_head)
#define HEAD_OF(x, n_rows) {START(x), x##_row, n_rows, head_size}
#define SCORING {has_mask ? START(mask) : nullptr, mask_row, mask_column, \
                 has_bias ? START(bias) : nullptr, bias_row, bias_column, n_queries, n_keys, causal, scale}

struct Place {
    int batch, head, first;  // the first of the rows that the block owns
};

__device__ Place place(int n_heads, int n_rows, bool last_first) {
    const int rows = ROWS * blockDim.x / 32, n_tiles = (n_rows + rows - 1) / rows;
    const int tile = blockIdx.x % n_tiles, head = blockIdx.x / n_tiles;
    return {head / n_heads, head % n_heads, (last_first ? n_tiles - 1 - tile : tile) * rows};
}

// In an array (B, T, H, K) without gaps, the rows of a head; and in one (B, H, T), where its numbers begin.
__device__ Stride rows_offset(Place at, int n_heads, int n_rows, int head_size) {
    return ((Stride)at.batch * n_rows * n_heads + at.head) * head_size;
}
__device__ Stride numbers_offset(Place at, int n_heads, int n_rows) {
    return ((Stride)at.batch * n_heads + at.head) * n_rows;
}

// ---- Forward --------------------------------------------------------------------------------------------------------

template <int HEAD, int WARPS, int KEYS>
__global__ void __launch_bounds__(32 * WARPS, 1024 / (HEAD * WARPS)) attention_forward(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), MATRIX_OF(mask, bool), MATRIX_OF(bias, Number),
    Number* out, float* log_sum, int n_heads, int n_queries, int n_keys, int head_size, int causal, float scale) {
    alignas(16) __shared__ Number tile_k[2][KEYS][HEAD + PADDING], tile_v[2][KEYS][HEAD + PADDING];
    const Place at = place(n_heads, n_queries, causal);
    const Head queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Scoring scoring SCORING;

    const int first_query = at.first + ROWS * warp();
    unsigned owned_q[HEAD / 16][4];
    load_owned(owned_q, queries, first_query);
    float sums[HEAD / 8][4] = {}, highest[2] = {-INFINITY, -INFINITY}, total[2] = {};

    const int stop = scoring.visible(min(at.first + ROWS * WARPS, n_queries) - 1);  // what any query of the block sees
    const int own_stop = scoring.visible(min(first_query + ROWS, n_queries) - 1);  // what any of the warp's sees
    Copies copies;
    start_copies<WARPS>(copies, tile_k[0], keys, tile_v[0], values, 0);
    for (int first_key = 0, now = 0; first_key < stop; first_key += KEYS, now = 1 - now) {
        copies.wait();
        __syncthreads();  // this tile is there for all threads, and nobody reads the last one any more
        if (first_key + KEYS < stop)
            start_copies<WARPS>(copies, tile_k[1 - now], keys, tile_v[1 - now], values, first_key + KEYS);
        if (first_key >= own_stop) continue;

        float scores[KEYS / 8][4];
        row_products(scores, owned_q, tile_k[now]);
        scoring.apply<false>(scores, first_query, first_key);
        for (int below = 0; below < 2; below++) {
            float new_highest = highest[below];
            for (auto& pair : scores) new_highest = max(new_highest, max(pair[2 * below], pair[2 * below + 1]));
            new_highest = row_max(new_highest);
            const float subtracted = new_highest == -INFINITY ? 0 : new_highest;
            const float rescale = exp2(highest[below] - subtracted);
            highest[below] = new_highest;

            total[below] *= rescale;
            for (auto& pair : sums) pair[2 * below] *= rescale, pair[2 * below + 1] *= rescale;
            for (auto& pair : scores)
                for (int e = 2 * below; e < 2 * below + 2; e++) total[below] += pair[e] = exp2(pair[e] - subtracted);
        }
        for (int j = 0; j < KEYS / 8; j += 2)
            add_weighted_rows(sums, Weights(scores[j], scores[j + 1]).pairs, tile_v[now] + 8 * j);
    }
    copies.wait();

    for (int below = 0; below < 2; below++) {
        const int t = first_query + lane_y() + 8 * below;
        const float sum = row_sum(total[below]);
        if (t >= n_queries) continue;
        Number* row = out + rows_offset(at, n_heads, n_queries, head_size) + (Stride)t * n_heads * head_size;
        store_row(row, sums, below, sum == 0 ? 0 : 1 / sum, head_size);
        if (lane_x() == 0)
            log_sum[numbers_offset(at, n_heads, n_queries) + t] = sum == 0 ? INFINITY : highest[below] + log2(sum);
    }
}

// ---- Backward -------------------------------------------------------------------------------------------------------
//
// A strip of 16 rows that pass at a time: what they give is multiplied on before the next strip is looked at.

template <int HEAD, int WARPS, int KEYS>
__global__ void __launch_bounds__(32 * WARPS) attention_grad_q(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), ROWS_OF(grad), MATRIX_OF(mask, bool), MATRIX_OF(bias, Number),
    const Number* out, const float* log_sum, Number* grad_q, float* delta, Number* grad_scores, int n_heads,
    int n_queries, int n_keys, int head_size, int causal, float scale) {
    alignas(16) __shared__ Number tile_k[2][KEYS][HEAD + PADDING], tile_v[2][KEYS][HEAD + PADDING];
    const Place at = place(n_heads, n_queries, causal);
    const Stride rows = rows_offset(at, n_heads, n_queries, head_size), row_stride = (Stride)n_heads * head_size;
    const Stride numbers = numbers_offset(at, n_heads, n_queries);
    const Head queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Head grads HEAD_OF(grad, n_queries);
    const Scoring scoring SCORING;

    const int first_query = at.first + ROWS * warp();
    unsigned owned_q[HEAD / 16][4], owned_grad[HEAD / 16][4], owned_out[HEAD / 16][4];
    load_owned(owned_q, queries, first_query);
    load_owned(owned_grad, grads, first_query);
    load_owned(owned_out, {out + rows, row_stride, n_queries, head_size}, first_query);
    float sums[HEAD / 8][4] = {}, log_sum_of[2] = {}, delta_of[2] = {};
    for (int below = 0; below < 2; below++) {
        for (int k = 0; k < HEAD / 16; k++)
            for (int i = below; i < 4; i += 2) {
                const unsigned g = owned_grad[k][i], o = owned_out[k][i];
                delta_of[below] += low(g) * low(o) + high(g) * high(o);
            }
        delta_of[below] = row_sum(delta_of[below]);
        const int t = first_query + lane_y() + 8 * below;
        if (t >= n_queries) continue;
        log_sum_of[below] = log_sum[numbers + t];
        if (lane_x() == 0) delta[numbers + t] = delta_of[below];
    }

    const int stop = scoring.visible(min(at.first + ROWS * WARPS, n_queries) - 1);  // what any query of the block sees
    const int own_stop = scoring.visible(min(first_query + ROWS, n_queries) - 1);  // what any of the warp's sees
    Copies copies;
    start_copies<WARPS>(copies, tile_k[0], keys, tile_v[0], values, 0);
    for (int first_key = 0, now = 0; first_key < stop; first_key += KEYS, now = 1 - now) {
        copies.wait();
        __syncthreads();
        if (first_key + KEYS < stop)
            start_copies<WARPS>(copies, tile_k[1 - now], keys, tile_v[1 - now], values, first_key + KEYS);

#pragma unroll 1
        for (int strip = 0; strip < KEYS && first_key + strip < own_stop; strip += 16) {
            float scores[2][4], ds[2][4];
            row_products(scores, owned_q, tile_k[now] + strip);
            row_products(ds, owned_grad, tile_v[now] + strip);
            scoring.apply<false>(scores, first_query, first_key + strip);
            for (int j = 0; j < 2; j++)
                for (int e = 0; e < 4; e++) {
                    ds[j][e] = exp2(scores[j][e] - log_sum_of[e / 2]) * (ds[j][e] - delta_of[e / 2]);
                    const int t = first_query + lane_y() + e / 2 * 8, s = first_key + strip + 8 * j + lane_x() + e % 2;
                    if (has_bias && t < n_queries && s < n_keys)
                        grad_scores[(numbers + t) * n_keys + s] = pack(ds[j][e], 0);
                }
            add_weighted_rows(sums, Weights(ds[0], ds[1]).pairs, tile_k[now] + strip);
        }
    }
    copies.wait();

    for (int below = 0; below < 2; below++) {
        const int t = first_query + lane_y() + 8 * below;
        if (t < n_queries) store_row(grad_q + rows + t * row_stride, sums, below, scale, head_size);
    }
}

template <int HEAD, int WARPS, int QUERIES>
__global__ void __launch_bounds__(32 * WARPS) attention_grad_kv(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), ROWS_OF(grad), MATRIX_OF(mask, bool), MATRIX_OF(bias, Number),
    const float* log_sum, const float* delta, Number* grad_k, Number* grad_v, int n_heads, int n_queries, int n_keys,
    int head_size, int causal, float scale) {
    alignas(16) __shared__ Number tile_q[2][QUERIES][HEAD + PADDING], tile_grad[2][QUERIES][HEAD + PADDING];
    const Place at = place(n_heads, n_keys, false);
    const Stride rows = rows_offset(at, n_heads, n_keys, head_size), row_stride = (Stride)n_heads * head_size;
    const Stride numbers = numbers_offset(at, n_heads, n_queries);
    const Head queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Head grads HEAD_OF(grad, n_queries);
    const Scoring scoring SCORING;

    const int first_key = at.first + ROWS * warp();
    unsigned owned_k[HEAD / 16][4], owned_v[HEAD / 16][4];
    load_owned(owned_k, keys, first_key);
    load_owned(owned_v, values, first_key);
    float sums_k[HEAD / 8][4] = {}, sums_v[HEAD / 8][4] = {};

    const int start = causal ? max(at.first + n_queries - n_keys, 0) / QUERIES * QUERIES : 0;
    Copies copies;
    start_copies<WARPS>(copies, tile_q[0], queries, tile_grad[0], grads, start);
    for (int first_query = start, now = 0; first_query < n_queries; first_query += QUERIES, now = 1 - now) {
        copies.wait();
        __syncthreads();
        if (first_query + QUERIES < n_queries)
            start_copies<WARPS>(copies, tile_q[1 - now], queries, tile_grad[1 - now], grads, first_query + QUERIES);

#pragma unroll 1
        for (int strip = 0; strip < QUERIES; strip += 16) {
            if (scoring.visible(min(first_query + strip + 16, n_queries) - 1) <= first_key) continue;
            float log_sum_of[2][2], delta_of[2][2];  // a query is a column here
            for (int j = 0; j < 2; j++)
                for (int e = 0; e < 2; e++) {
                    const int t = min(first_query + strip + 8 * j + lane_x() + e, n_queries - 1);
                    log_sum_of[j][e] = log_sum[numbers + t], delta_of[j][e] = delta[numbers + t];
                }
            float p[2][4], ds[2][4];
            row_products(p, owned_k, tile_q[now] + strip);
            row_products(ds, owned_v, tile_grad[now] + strip);
            scoring.apply<true>(p, first_key, first_query + strip);
            for (int j = 0; j < 2; j++)
                for (int e = 0; e < 4; e++) {
                    p[j][e] = exp2(p[j][e] - log_sum_of[j][e % 2]);
                    ds[j][e] = p[j][e] * (ds[j][e] - delta_of[j][e % 2]);
                }
            add_weighted_rows(sums_v, Weights(p[0], p[1]).pairs, tile_grad[now] + strip);
            add_weighted_rows(sums_k, Weights(ds[0], ds[1]).pairs, tile_q[now] + strip);
        }
    }
    copies.wait();

    for (int below = 0; below < 2; below++) {
        const int s = first_key + lane_y() + 8 * below;
        if (s >= n_keys) continue;
        store_row(grad_k + rows + s * row_stride, sums_k, below, scale, head_size);
        store_row(grad_v + rows + s * row_stride, sums_v, below, 1, head_size);
    }
}
