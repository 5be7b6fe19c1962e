// Softmax attention in bfloat16 on tensor cores; sums, softmax and intermediate results are in float32.
//
// The walk over the keys, the online softmax and the backward pass are those of cuda.cu: read that first. The
// difference is how small matrices are multiplied. One instruction of a warp, mma, computes
//
//     C (16 × 8, float32) += A (16 × 16, bfloat16) · B (16 × 8, bfloat16)
//
// and its lanes hold the matrices together, two numbers of bfloat16 in a register. Lane 4 y + x / 2 has a row y < 8 and
// an x of 0, 2, 4 or 6 (PTX ISA, "Matrix fragments for mma.m16n8k16"):
//
//     A   a[0]: row y, columns x, x + 1          a[2]: row y, columns x + 8, x + 9
//         a[1]: row y + 8, the same columns      a[3]: row y + 8, the same columns
//     B   b0: rows x, x + 1 of column y          b1: rows x + 8, x + 9 of column y
//     C   c[0], c[1]: row y, columns x, x + 1    c[2], c[3]: row y + 8, the same columns
//
// FlashAttention-2 (Dao 2023) is built on two consequences. First, two C beside each other, rounded, are an A: scores
// become the weights of the next product in the same registers, not through shared memory as in cuda.cu, and warps need
// not exchange anything. Second, ldmatrix reads B from shared memory either by rows of a tile, as products of rows need
// it, or by columns, as weighted sums of rows need it, so one tile serves both.
//
// A warp owns 16 rows (of queries, or of keys), and keeps them in registers as A from the first to the last tile. The
// tiles that pass are copied asynchronously: while one is used, the next is in flight. Exponentials are powers of two,
// for which there is an instruction: scores are scaled by log₂ e as well, and log_sum is a logarithm to base two.

constexpr int ROWS = 16, MAX_WARPS = 8;
constexpr int PADDING = 8;  // numbers, 16 bytes: eight consecutive rows then begin in different banks
constexpr float LOG2_E = 1.4426950408889634f;
using Number = unsigned short;  // bfloat16: the upper half of a float's bits
using Stride = long long;       // in numbers, not in bytes

__device__ int warp() { return threadIdx.x / 32; }
__device__ int lane() { return threadIdx.x % 32; }
__device__ int lane_y() { return lane() / 4; }
__device__ int lane_x() { return lane() % 4 * 2; }
__device__ float low(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ float high(unsigned pair) { return __uint_as_float(pair & 0xffff0000); }

// ---- Four instructions ----------------------------------------------------------------------------------------------

#ifndef CUDA_ON_HOST
#if __CUDA_ARCH__ >= 800
#define PTX asm volatile
#else
#define PTX(...)  // older GPUs lack them; tensor_core.py launches nothing there
#endif
#define FOUR_PAIRS "{%0, %1, %2, %3}, [%4];" \
    : "=r"(pairs[0]), "=r"(pairs[1]), "=r"(pairs[2]), "=r"(pairs[3]) : "r"(shared_address(row))

__device__ unsigned shared_address(const void* at) { return (unsigned)__cvta_generic_to_shared(at); }

// Asynchronous copies of 16 bytes to shared memory; zeros instead if the source is not `there`.
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
    PTX("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

// Reads four matrices of 8 × 8. Lane i passes the address of row i % 8 of matrix i / 8. From each matrix it gets the
// numbers x and x + 1 of row y or, BY_COLUMN, of column y.
template <bool BY_COLUMN> __device__ void ldmatrix(unsigned (&pairs)[4], const Number* row) {
    if (BY_COLUMN) PTX("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 " FOUR_PAIRS);
    if (!BY_COLUMN) PTX("ldmatrix.sync.aligned.m8n8.x4.shared.b16 " FOUR_PAIRS);
}

__device__ void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    PTX("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};" : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#else  // the same in C++, for a CPU

struct Copies {  // as late as possible, so that a kernel that forgets to wait reads something else
    struct { Number* to; const Number* from; bool there; } all[32];
    int n = 0;
    void start(Number* to, const Number* from, bool there) { all[n++] = {to, from, there}; }
    void wait() {
        for (; n > 0; n--)
            for (int i = 0; i < 8; i++) all[n - 1].to[i] = all[n - 1].there ? all[n - 1].from[i] : 0;
    }
};

unsigned nearest(float number) {  // ties to even
    const unsigned bits = __float_as_uint(number);
    return isnan(number) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
unsigned pack(float low, float high) { return nearest(low) | nearest(high) << 16; }

// Each lane writes what it holds to its place in a table. When all have written, each reads what it gets.
template <bool BY_COLUMN> void ldmatrix(unsigned (&pairs)[4], const Number* row) {
    __shared__ const Number* table[MAX_WARPS][32];
    const Number** rows = table[warp()];
    rows[lane()] = row;
    __syncwarp();
    for (int i = 0; i < 4; i++, rows += 8)
        pairs[i] = BY_COLUMN ? rows[lane_x()][lane_y()] | rows[lane_x() + 1][lane_y()] << 16
                             : rows[lane_y()][lane_x()] | rows[lane_y()][lane_x() + 1] << 16;
    __syncwarp();
}

void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    __shared__ float a_table[MAX_WARPS][16][16], b_table[MAX_WARPS][16][8];
    auto &A = a_table[warp()];
    auto &B = b_table[warp()];
    const int y = lane_y(), x = lane_x();
    for (int i = 0; i < 4; i++)
        for (int e = 0; e < 2; e++) A[y + i % 2 * 8][x + i / 2 * 8 + e] = e ? high(a[i]) : low(a[i]);
    B[x][y] = low(b0), B[x + 1][y] = high(b0), B[x + 8][y] = low(b1), B[x + 9][y] = high(b1);
    __syncwarp();
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 16; k++) c[i] += A[y + i / 2 * 8][k] * B[k][x + i % 2];
    __syncwarp();
}
#endif

// ---- Rows that a warp owns, tiles of rows that pass -----------------------------------------------------------------

// The rows of one head in global memory. They begin at multiples of 16 bytes, and their size is a multiple of 8.
struct Head {
    Number* start;
    Stride row_stride;
    int n_rows, size;
    __device__ bool has(int row, int column) const { return row < n_rows && column < size; }
    __device__ Number* at(int row, int column) const { return start + row * row_stride + column; }
    __device__ unsigned& pair_at(int row, int column) const { return *reinterpret_cast<unsigned*>(at(row, column)); }
};

// The rows first … first + 15 as A: a piece for each 16 columns, with zeros outside of the head.
template <int PIECES> __device__ void load_owned(unsigned (&owned)[PIECES][4], Head head, int first) {
    for (int k = 0; k < PIECES; k++)
        for (int i = 0; i < 4; i++) {
            const int row = first + lane_y() + i % 2 * 8, column = 16 * k + lane_x() + i / 2 * 8;
            owned[k][i] = head.has(row, column) ? head.pair_at(row, column) : 0;
        }
}

// Writes a row of C, times a factor: the lane's row y if `below` is 0, or y + 8 if it is 1.
template <int N> __device__ void store_row(Head head, int row, const float (&sums)[N][4], int below, float factor) {
    for (int j = 0; j < N; j++)
        if (const int column = 8 * j + lane_x(); head.has(row, column))
            head.pair_at(row, column) = pack(factor * sums[j][2 * below], factor * sums[j][2 * below + 1]);
}

// Starts to copy the rows from `first` on of two heads to two tiles. All threads of the block must call it.
template <int WARPS, int N_ROWS, int LENGTH>
__device__ void start_copies(Copies& copies, Number (&tile_a)[N_ROWS][LENGTH], Head a, Number (&tile_b)[N_ROWS][LENGTH],
                             Head b, int first) {
    constexpr int ACROSS = (LENGTH - PADDING) / 8;
#pragma unroll 1  // to save registers
    for (int i = threadIdx.x; i < N_ROWS * ACROSS; i += 32 * WARPS) {
        const int row = i / ACROSS, column = i % ACROSS * 8;
        const bool there = a.has(first + row, column);
        copies.start(&tile_a[row][column], there ? a.at(first + row, column) : a.start, there);
        copies.start(&tile_b[row][column], there ? b.at(first + row, column) : b.start, there);
    }
}

// products (16 × 8 N) += the dot products of the rows owned with the first 8 N rows that pass.
template <int N, int PIECES, int LENGTH>
__device__ void row_products(float (&products)[N][4], const unsigned (&owned)[PIECES][4],
                             const Number (*passing)[LENGTH]) {
    for (int k = 0; k < PIECES; k++)
        for (int j = 0; j < N; j += 2) {  // 16 rows that pass: two B, one below the other in the tile
            unsigned b[4];
            ldmatrix<false>(b, &passing[8 * j + lane() / 16 * 8 + lane() % 8][16 * k + lane() / 8 % 2 * 8]);
            mma(products[j], owned[k], b[0], b[1]);
            mma(products[j + 1], owned[k], b[2], b[3]);
        }
}

// sums (16 × 8 N) += weights (16 × 16, two C beside each other) · the first 16 rows that pass.
template <int N, int LENGTH>
__device__ void add_weighted_rows(float (&sums)[N][4], const float (&left)[4], const float (&right)[4],
                                  const Number (*passing)[LENGTH]) {
    const unsigned weights[4] = {pack(left[0], left[1]), pack(left[2], left[3]),
                                 pack(right[0], right[1]), pack(right[2], right[3])};
    for (int j = 0; j < N; j += 2) {  // 16 columns: two B beside each other
        unsigned b[4];
        ldmatrix<true>(b, &passing[lane() / 8 % 2 * 8 + lane() % 8][8 * j + lane() / 16 * 8]);
        mma(sums[j], weights, b[0], b[1]);
        mma(sums[j + 1], weights, b[2], b[3]);
    }
}

// The maximum and the sum over the four lanes that share a row.
__device__ float row_max(float value) {
    value = max(value, __shfl_xor_sync(0xffffffff, value, 1));
    return max(value, __shfl_xor_sync(0xffffffff, value, 2));
}
__device__ float row_sum(float value) {
    value += __shfl_xor_sync(0xffffffff, value, 1);
    return value + __shfl_xor_sync(0xffffffff, value, 2);
}

// ---- Scores, parameters, and the place of a block, as in cuda.cu ----------------------------------------------------

template <typename T> struct Matrix {
    const T* start;  // null if there is none
    Stride row_stride, column_stride;
    __device__ T operator()(int row, int column) const { return start[row * row_stride + column * column_stride]; }
};

struct Scoring {
    Matrix<bool> mask;
    Matrix<Number> bias;
    int n_queries, n_keys, causal;
    float scale;
    // Query t may see the keys 0 … visible(t) - 1. A query beyond the last sees nothing.
    __device__ int visible(int t) const {
        if (t >= n_queries) return 0;
        return causal ? min(max(t + 1 + n_keys - n_queries, 0), n_keys) : n_keys;
    }

    // Turns products into scores. `row` and `column` are the first of the 16 × 8 N; rows are queries, or keys.
    template <bool ROWS_ARE_KEYS, int N> __device__ void apply(float (&products)[N][4], int row, int column) const {
        auto each = [&](auto change) {
#pragma unroll
            for (int j = 0; j < N; j++)
                for (int e = 0; e < 4; e++) {
                    const int r = row + lane_y() + e / 2 * 8, c = column + 8 * j + lane_x() + e % 2;
                    ROWS_ARE_KEYS ? change(products[j][e], c, r) : change(products[j][e], r, c);
                }
        };
        each([&](float& score, int, int) { score *= scale * LOG2_E; });
        const int below = row + ROWS, right = column + 8 * N;
        const bool all_seen = ROWS_ARE_KEYS ? right <= n_queries && below <= visible(column)
                                            : below <= n_queries && right <= visible(row);
        if (all_seen && !mask.start && !bias.start) return;  // the case nearly everywhere
        // Beyond the last query and key there is no mask and no bias: read those of the last instead.
        auto within = [&](auto matrix, int t, int s) { return matrix(min(t, n_queries - 1), min(s, n_keys - 1)); };
        if (bias.start) each([&](float& score, int t, int s) { score += LOG2_E * low(within(bias, t, s)); });
        if (mask.start) each([&](float& score, int t, int s) { if (!within(mask, t, s)) score = -INFINITY; });
        each([&](float& score, int t, int s) { if (s >= visible(t)) score = -INFINITY; });
    }
};

// The parameters for an array (B, H, T, K), and for a mask or bias; and the part that belongs to the block's head.
#define ROWS_OF(x) Number *x, Stride x##_batch, Stride x##_head, Stride x##_row
#define MATRIX_OF(x, Type) \
    const Type *x, int has_##x, Stride x##_batch, Stride x##_head, Stride x##_row, Stride x##_column
#define START(x) (x + at.batch * x##_batch + at.head * x##_head)
#define HEAD_OF(x, n_rows) {START(x), x##_row, n_rows, head_size}
#define SCORING {{has_mask ? START(mask) : nullptr, mask_row, mask_column}, \
                 {has_bias ? START(bias) : nullptr, bias_row, bias_column}, n_queries, n_keys, causal, scale}

// The same for a dense array (B, T, H, K); and the offset of the head in an array (B, H, T).
#define DENSE_HEAD_OF(x, n_rows) \
    {x + ((Stride)at.batch * n_rows * n_heads + at.head) * head_size, (Stride)n_heads * head_size, n_rows, head_size}
#define FIRST_QUERY (((Stride)at.batch * n_heads + at.head) * n_queries)

struct Place { int batch, head, first; };  // the head of a block, and the first row that it owns
__device__ Place place(int n_heads, int n_rows, bool last_first) {
    const int rows = ROWS * blockDim.x / 32, n_tiles = (n_rows + rows - 1) / rows;
    const int tile = blockIdx.x % n_tiles, head = blockIdx.x / n_tiles;
    return {head / n_heads, head % n_heads, (last_first ? n_tiles - 1 - tile : tile) * rows};
}

// ---- Forward --------------------------------------------------------------------------------------------------------

template <int HEAD, int WARPS, int KEYS>
__global__ void __launch_bounds__(32 * WARPS, 2) attention_forward(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), MATRIX_OF(mask, bool), MATRIX_OF(bias, Number),
    Number* out, float* log_sum, int n_heads, int n_queries, int n_keys, int head_size, int causal, float scale) {
    alignas(16) __shared__ Number tile_k[2][KEYS][HEAD + PADDING], tile_v[2][KEYS][HEAD + PADDING];
    const Place at = place(n_heads, n_queries, causal);
    const Head queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Scoring scoring SCORING;
    const int first_query = at.first + ROWS * warp();
    unsigned own_q[HEAD / 16][4];
    load_owned(own_q, queries, first_query);
    float sums[HEAD / 8][4] = {}, highest[2] = {-INFINITY, -INFINITY}, total[2] = {};
    const int stop = scoring.visible(min(at.first + ROWS * WARPS, n_queries) - 1);  // the keys that the block sees
    const int own_stop = scoring.visible(min(first_query + ROWS, n_queries) - 1);   // the keys that the warp sees
    Copies copies;
    if (stop > 0) start_copies<WARPS>(copies, tile_k[0], keys, tile_v[0], values, 0);
    for (int first_key = 0, now = 0; first_key < stop; first_key += KEYS, now = 1 - now) {
        copies.wait();
        __syncthreads();  // this tile is complete, and everybody has read the last one
        if (first_key + KEYS < stop)
            start_copies<WARPS>(copies, tile_k[1 - now], keys, tile_v[1 - now], values, first_key + KEYS);
        if (first_key >= own_stop) continue;

        float scores[KEYS / 8][4] = {};
        row_products(scores, own_q, tile_k[now]);
        scoring.apply<false>(scores, first_query, first_key);
        for (int below = 0; below < 2; below++) {
            float new_highest = highest[below];
            for (auto& c : scores) new_highest = max(new_highest, max(c[2 * below], c[2 * below + 1]));
            new_highest = row_max(new_highest);
            const float subtracted = new_highest == -INFINITY ? 0 : new_highest;
            const float rescale = exp2(highest[below] - subtracted);
            highest[below] = new_highest;
            total[below] *= rescale;
            for (auto& c : sums) c[2 * below] *= rescale, c[2 * below + 1] *= rescale;
            for (auto& c : scores)
                for (int e = 2 * below; e < 2 * below + 2; e++) total[below] += c[e] = exp2(c[e] - subtracted);
        }
        for (int j = 0; j < KEYS / 8; j += 2) add_weighted_rows(sums, scores[j], scores[j + 1], tile_v[now] + 8 * j);
    }

    for (int below = 0; below < 2; below++) {
        const int t = first_query + lane_y() + 8 * below;
        const float sum = row_sum(total[below]);
        store_row(DENSE_HEAD_OF(out, n_queries), t, sums, below, sum == 0 ? 0 : 1 / sum);
        if (lane_x() == 0 && t < n_queries) log_sum[FIRST_QUERY + t] = sum == 0 ? INFINITY : highest[below] + log2(sum);
    }
}

// ---- Backward -------------------------------------------------------------------------------------------------------

// One kernel for both walks, which are the same with rows and columns exchanged. In the first, blocks own queries and
// gradients of the output, and keys and values pass by: it writes delta and grad_q. In the second, OWN_KEYS, blocks own
// keys and values, and the others pass by. A tile is processed in strips of 16 rows, so that few scores need registers.
template <bool OWN_KEYS, int HEAD, int WARPS, int PASSING>
__global__ void __launch_bounds__(32 * WARPS, HEAD == 64 ? 3 : 2) attention_backward(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), ROWS_OF(grad), MATRIX_OF(mask, bool), MATRIX_OF(bias, Number),
    Number* out, const float* log_sum, float* delta, Number* grad_q, Number* grad_k, Number* grad_v,
    Number* grad_scores, int n_heads, int n_queries, int n_keys, int head_size, int causal, float scale) {
    alignas(16) __shared__ Number tile_a[2][PASSING][HEAD + PADDING], tile_b[2][PASSING][HEAD + PADDING];
    const int n_own = OWN_KEYS ? n_keys : n_queries;
    const Place at = place(n_heads, n_own, causal && !OWN_KEYS);
    const Head queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Head grads HEAD_OF(grad, n_queries);
    const Head passing_a = OWN_KEYS ? queries : keys, passing_b = OWN_KEYS ? grads : values;
    const Scoring scoring SCORING;
    log_sum += FIRST_QUERY, delta += FIRST_QUERY, grad_scores += FIRST_QUERY * n_keys;
    const int first = at.first + ROWS * warp();
    unsigned own_a[HEAD / 16][4], own_b[HEAD / 16][4];
    load_owned(own_a, OWN_KEYS ? keys : queries, first);
    load_owned(own_b, OWN_KEYS ? values : grads, first);
    float sums_a[HEAD / 8][4] = {}, sums_b[HEAD / 8][4] = {};
    float log_sum_of[4] = {}, delta_of[4] = {};  // of the queries in rows y and y + 8, or in four columns

    if (!OWN_KEYS) {
        unsigned own_out[HEAD / 16][4];
        load_owned(own_out, DENSE_HEAD_OF(out, n_queries), first);
        for (int k = 0; k < HEAD / 16; k++)
            for (int i = 0; i < 4; i++)
                delta_of[i % 2] += low(own_b[k][i]) * low(own_out[k][i]) + high(own_b[k][i]) * high(own_out[k][i]);
        for (int below = 0; below < 2; below++) {
            const int t = first + lane_y() + 8 * below;
            delta_of[below] = row_sum(delta_of[below]);
            if (t < n_queries) log_sum_of[below] = log_sum[t];
            if (t < n_queries && lane_x() == 0) delta[t] = delta_of[below];
        }
    }

    // The walk begins with the first query that sees one of the keys, or ends with the last key that a query sees.
    const int start = OWN_KEYS && causal ? max(at.first + n_queries - n_keys, 0) / PASSING * PASSING : 0;
    const int stop = OWN_KEYS ? n_queries : scoring.visible(min(at.first + ROWS * WARPS, n_queries) - 1);
    Copies copies;
    if (start < stop) start_copies<WARPS>(copies, tile_a[0], passing_a, tile_b[0], passing_b, start);
    for (int tile = start, now = 0; tile < stop; tile += PASSING, now = 1 - now) {
        copies.wait();
        __syncthreads();
        if (tile + PASSING < stop)
            start_copies<WARPS>(copies, tile_a[1 - now], passing_a, tile_b[1 - now], passing_b, tile + PASSING);

#pragma unroll 1
        for (int strip = 0; strip < PASSING; strip += 16) {
            const int last_t = min((OWN_KEYS ? tile + strip : first) + ROWS, n_queries) - 1;
            if (scoring.visible(last_t) <= (OWN_KEYS ? first : tile + strip)) continue;  // no query sees a key
            for (int i = 0; OWN_KEYS && i < 4; i++) {
                const int t = min(tile + strip + i / 2 * 8 + lane_x() + i % 2, n_queries - 1);
                log_sum_of[i] = log_sum[t], delta_of[i] = delta[t];
            }
            float p[2][4] = {}, ds[2][4] = {};
            row_products(p, own_a, tile_a[now] + strip);
            row_products(ds, own_b, tile_b[now] + strip);
            scoring.apply<OWN_KEYS>(p, first, tile + strip);
            for (int j = 0; j < 2; j++)
                for (int e = 0; e < 4; e++) {
                    const int i = OWN_KEYS ? 2 * j + e % 2 : e / 2;
                    p[j][e] = exp2(p[j][e] - log_sum_of[i]);
                    ds[j][e] = p[j][e] * (ds[j][e] - delta_of[i]);
                    const int t = first + lane_y() + e / 2 * 8, s = tile + strip + 8 * j + lane_x() + e % 2;
                    if (!OWN_KEYS && has_bias && t < n_queries && s < n_keys)
                        grad_scores[(Stride)t * n_keys + s] = pack(ds[j][e], 0);
                }
            add_weighted_rows(sums_a, ds[0], ds[1], tile_a[now] + strip);
            if (OWN_KEYS) add_weighted_rows(sums_b, p[0], p[1], tile_b[now] + strip);
        }
    }

    for (int below = 0; below < 2; below++) {
        const int row = first + lane_y() + 8 * below;
        store_row(DENSE_HEAD_OF((OWN_KEYS ? grad_k : grad_q), n_own), row, sums_a, below, scale);
        if (OWN_KEYS) store_row(DENSE_HEAD_OF(grad_v, n_own), row, sums_b, below, 1);
    }
}
