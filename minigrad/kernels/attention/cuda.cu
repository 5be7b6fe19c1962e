// Softmax attention on a GPU, in float and double. The T × S matrix of scores is never written to memory: a block of
// threads has a few queries, walks over the keys one tile at a time, and keeps running sums.
//
// Sources: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax" (a softmax in one pass);
// Dao et al. 2022, "FlashAttention", and Dao 2023, "FlashAttention-2" (tiles, and computing the scores again in the
// backward pass instead of storing them).
//
// Three kernels have the same structure: the output, the gradient of the queries, the gradients of the keys and values.
// A block owns some rows (of queries, or of keys), and the rows of the other kind pass by in tiles. For each tile:
//
//     row_products        the scores: dot products of the rows owned with the rows that pass
//     add_weighted_rows   sums of the rows that pass, with weights computed from the scores.
//
// The work is divided as follows. A block has two warps, each with half of the rows owned. The 32 lanes of a warp form
// a grid of 4 × 8. Lane (y, x) has the rows y, y + 4, y + 8, … of its warp and the columns x, x + 8, x + 16, … of the
// tile. So a thread has a small rectangle of scores in its registers, and uses a number from shared memory for a whole
// side of it. Eight lanes share a row, and compute its largest score and its sum by shuffles.
//
// Below, a head is one of the B · H pairs of sequence and head. A head with fewer than HEAD numbers is padded with
// zeros, which add nothing to a dot product.

constexpr int THREADS = 64, WARPS = 2, LANES_Y = 4, LANES_X = 8;
using Stride = long long;  // in numbers, not in bytes
constexpr int BLOCKS = 4;  // on a multiprocessor at once: few enough for a thread to use all of its 255 registers

// Shared memory is read 16 bytes at a time. A row of a tile is padded by 16 bytes: consecutive rows then begin in
// different banks, and eight lanes can read eight rows at once.
template <typename T>
struct alignas(16) Pack {
    static constexpr int SIZE = 16 / sizeof(T);
    T at[SIZE];
};

template <typename T>
__device__ Pack<T> read_pack(const T* from) {
    return *reinterpret_cast<const Pack<T>*>(from);
}

// ---- What a query may see, and what is added to its scores ----------------------------------------------------------

// The mask or the bias of one head: T × S numbers with any strides.
template <typename T>
struct Matrix {
    const T* start;  // null if there is none
    Stride row_stride, column_stride;

    __device__ T operator()(int row, int column) const { return start[row * row_stride + column * column_stride]; }
};

// How a score is made of q · k.
template <typename T>
struct Scoring {
    Matrix<bool> mask;
    Matrix<T> bias;
    int n_queries, n_keys, causal;
    T scale;

    // Query t may see the keys 0 … visible(t) - 1. A query beyond the last sees nothing.
    __device__ int visible(int t) const {
        if (t >= n_queries) return 0;
        return causal ? min(max(t + 1 + n_keys - n_queries, 0), n_keys) : n_keys;
    }

    // Whether these scores are the products times the scale, without mask and bias: the case for nearly all.
    __device__ bool plain(int first_query, int last_query, int last_key) const {
        return !mask.start && !bias.start && last_query < n_queries && last_key < visible(first_query);
    }
};

// ---- The steps of the kernels ---------------------------------------------------------------------------------------

// The rows of one head in global memory: n_rows of `size` numbers each.
template <typename T>
struct Head {
    const T* start;
    Stride row_stride;
    int n_rows, size;
};

// Copies its rows first, first + 1, … to shared memory, with zeros outside of the head. A thread goes down a column,
// and neighbours go down neighbouring columns.
template <typename T, int ROWS, int LENGTH>
__device__ void load_rows(T (&tile)[ROWS][LENGTH], Head<T> head, int first) {
    constexpr int WIDTH = LENGTH - Pack<T>::SIZE, ACROSS = WIDTH < THREADS ? WIDTH : THREADS, DOWN = THREADS / ACROSS;
    const int y = threadIdx.x / ACROSS;
    for (int column = threadIdx.x % ACROSS; column < WIDTH; column += ACROSS) {
        const T* from = head.start + (first + y) * head.row_stride + column;
#pragma unroll 16  // so that up to 16 loads are in flight at once
        for (int row = 0; row < ROWS; row += DOWN, from += DOWN * head.row_stride)
            tile[row + y][column] = first + row + y < head.n_rows && column < head.size ? *from : T(0);
    }
}

// products[i][j] = row i of the thread's in `owned` · row j of the thread's in `passing`.
template <typename T, int ROWS, int COLUMNS, int LENGTH>
__device__ void row_products(T (&products)[ROWS][COLUMNS], const T (*owned)[LENGTH], const T (*passing)[LENGTH]) {
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) products[i][j] = 0;
#pragma unroll 2
    for (int k = 0; k < LENGTH - Pack<T>::SIZE; k += Pack<T>::SIZE) {
        Pack<T> a[ROWS], b[COLUMNS];
        for (int i = 0; i < ROWS; i++) a[i] = read_pack(&owned[LANES_Y * i][k]);
        for (int j = 0; j < COLUMNS; j++) b[j] = read_pack(&passing[LANES_X * j][k]);
        for (int e = 0; e < Pack<T>::SIZE; e++)
            for (int i = 0; i < ROWS; i++)
                for (int j = 0; j < COLUMNS; j++) products[i][j] += a[i].at[e] * b[j].at[e];
    }
}

// Turns those products into scores. `row` and `column` are the thread's first; rows are queries, or keys.
template <bool ROWS_ARE_KEYS, typename T, int ROWS, int COLUMNS>
__device__ void to_scores(T (&products)[ROWS][COLUMNS], const Scoring<T>& scoring, int row, int column) {
    auto each = [&](auto change) {
#pragma unroll
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) {
                const int r = row + LANES_Y * i, c = column + LANES_X * j;
                ROWS_ARE_KEYS ? change(products[i][j], c, r) : change(products[i][j], r, c);
            }
    };
    const int below = row + LANES_Y * (ROWS - 1), right = column + LANES_X * (COLUMNS - 1);  // the last of the thread's
    const int last_t = scoring.n_queries - 1, last_s = scoring.n_keys - 1;  // there is no mask and no bias beyond them

    each([&](T& score, int, int) { score *= scoring.scale; });
    if (ROWS_ARE_KEYS ? scoring.plain(column, right, below) : scoring.plain(row, below, right)) return;
    if (const auto bias = scoring.bias; bias.start)
        each([&](T& score, int t, int s) { score += bias(min(t, last_t), min(s, last_s)); });
    if (const auto mask = scoring.mask; mask.start)
        each([&](T& score, int t, int s) { if (!mask(min(t, last_t), min(s, last_s))) score = -INFINITY; });
    each([&](T& score, int t, int s) { if (s >= scoring.visible(t)) score = -INFINITY; });
}

// sums[i] += Σ_s weights[row i][s] · passing[s], for the thread's numbers of a row: the packs x, x + 8, …
template <typename T, int ROWS, int NUMBERS, int KEPT, int LENGTH>
__device__ void add_weighted_rows(T (&sums)[ROWS][NUMBERS], const T (*weights)[KEPT],
                                  const T (*passing)[LENGTH], int x) {
    constexpr int SIZE = Pack<T>::SIZE;
#pragma unroll 2
    for (int s = 0; s < KEPT - SIZE; s += SIZE) {
        Pack<T> w[ROWS];
        for (int i = 0; i < ROWS; i++) w[i] = read_pack(&weights[LANES_Y * i][s]);
        for (int e = 0; e < SIZE; e++)
            for (int j = 0; j < NUMBERS; j += SIZE) {
                const Pack<T> row = read_pack(&passing[s + e][LANES_X * j + SIZE * x]);
                for (int i = 0; i < ROWS; i++)
                    for (int f = 0; f < SIZE; f++) sums[i][j + f] += w[i].at[e] * row.at[f];
            }
    }
}

// Writes the thread's numbers of one row, times `factor`, to global memory.
template <typename T, int NUMBERS>
__device__ void store_row(T* row, const T (&sums)[NUMBERS], T factor, int x, int head_size) {
    constexpr int SIZE = Pack<T>::SIZE;
    for (int j = 0; j < NUMBERS; j++) {
        const int column = (j / SIZE * LANES_X + x) * SIZE + j % SIZE;
        if (column < head_size) row[column] = factor * sums[j];
    }
}

// The maximum and the sum over the eight lanes that share a row.
template <typename T> __device__ T row_max(T value) {
    for (int lanes = 1; lanes < LANES_X; lanes *= 2) value = max(value, __shfl_xor_sync(0xffffffff, value, lanes));
    return value;
}
template <typename T> __device__ T row_sum(T value) {
    for (int lanes = 1; lanes < LANES_X; lanes *= 2) value += __shfl_xor_sync(0xffffffff, value, lanes);
    return value;
}

// ---- The parameters of a kernel, and the place of a block -----------------------------------------------------------

// The parameters for an array (B, H, T, K), whose rows are dense; and for a mask or bias, whose four axes broadcast to
// (B, H, T, S): the stride of an axis of length 1 is 0.
#define ROWS_OF(x) const T *x, Stride x##_batch, Stride x##_head, Stride x##_row
#define MATRIX_OF(x, Type) \
    const Type *x, int has_##x, Stride x##_batch, Stride x##_head, Stride x##_row, Stride x##_column

// The part of an array that belongs to the block's head.
#define START(x) (x + at.batch * x##_batch + at.head * x##_head)
#define HEAD_OF(x, n_rows) {START(x), x##_row, n_rows, head_size}
#define SCORING {{has_mask ? START(mask) : nullptr, mask_row, mask_column}, \
                 {has_bias ? START(bias) : nullptr, bias_row, bias_column}, n_queries, n_keys, causal, scale}

struct Place {
    int batch, head, first;  // the first of the rows owned
};

// Under a causal mask the last queries see the most keys: the blocks with the longest walks start first.
__device__ Place place(int n_heads, int n_rows, int rows, bool last_first) {
    const int n_tiles = (n_rows + rows - 1) / rows, tile = blockIdx.x % n_tiles, head = blockIdx.x / n_tiles;
    return {head / n_heads, head % n_heads, (last_first ? n_tiles - 1 - tile : tile) * rows};
}

// The offset of the row of query or key t in a dense array (B, T, H, K); and of the head's numbers in one (B, H, T).
__device__ Stride row_offset(Place at, int n_heads, int n_rows, int t, int head_size) {
    return (((Stride)at.batch * n_rows + t) * n_heads + at.head) * head_size;
}
__device__ Stride number_offset(Place at, int n_heads, int n_rows) {
    return ((Stride)at.batch * n_heads + at.head) * n_rows;
}

// ---- Forward --------------------------------------------------------------------------------------------------------

// Writes out (B, T, H, K) and log_sum (B, H, T), the logarithm of Σ_s e^score of each query.
//
// Softmax subtracts the largest score before it takes exponentials, so that none overflows. But the largest is known
// only after the last key. So the sums use the largest score so far. When a tile brings a larger one, every term so far
// is too large by the same factor, e^(new - old), and multiplying the sums by e^(old - new) corrects them.
template <typename T, int HEAD, int QUERIES, int KEYS>
__global__ void __launch_bounds__(THREADS, BLOCKS) attention_forward(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), MATRIX_OF(mask, bool), MATRIX_OF(bias, T),
    T* out, T* log_sum, int n_heads, int n_queries, int n_keys, int head_size, int causal, T scale) {
    constexpr int ROWS = QUERIES / (WARPS * LANES_Y), COLUMNS = KEYS / LANES_X, NUMBERS = HEAD / LANES_X;
    constexpr int SIZE = Pack<T>::SIZE;
    alignas(16) __shared__ T tile_q[QUERIES][HEAD + SIZE], tile_k[KEYS][HEAD + SIZE], tile_v[KEYS][HEAD + SIZE];
    alignas(16) __shared__ T tile_p[QUERIES][KEYS + SIZE];
    const int x = threadIdx.x % LANES_X, y = threadIdx.x / 32 * (QUERIES / WARPS) + threadIdx.x % 32 / LANES_X;

    const Place at = place(n_heads, n_queries, QUERIES, causal);
    const Head<T> queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Scoring<T> scoring SCORING;
    load_rows(tile_q, queries, at.first);

    T sums[ROWS][NUMBERS] = {}, highest[ROWS], total[ROWS];
    for (int i = 0; i < ROWS; i++) highest[i] = -INFINITY, total[i] = 0;

    const int stop = scoring.visible(min(at.first + QUERIES, n_queries) - 1);  // no query of the block sees a later key
    for (int first_key = 0; first_key < stop; first_key += KEYS) {
        __syncthreads();  // everybody has read the last tile
        load_rows(tile_k, keys, first_key);
        load_rows(tile_v, values, first_key);
        __syncthreads();

        T scores[ROWS][COLUMNS];
        row_products(scores, tile_q + y, tile_k + x);
        to_scores<false>(scores, scoring, at.first + y, first_key + x);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            T new_highest = highest[i];  // max() of a number and NaN is the number; NaN propagates through the sums
            for (int j = 0; j < COLUMNS; j++) new_highest = max(new_highest, scores[i][j]);
            new_highest = row_max(new_highest);
            const T subtracted = new_highest == -INFINITY ? T(0) : new_highest;  // no key seen yet: -∞ - (-∞) is NaN
            const T rescale = exp(highest[i] - subtracted);
            highest[i] = new_highest;

            total[i] *= rescale;
            for (int n = 0; n < NUMBERS; n++) sums[i][n] *= rescale;
            for (int j = 0; j < COLUMNS; j++) {
                const T weight = exp(scores[i][j] - subtracted);
                total[i] += weight;
                tile_p[y + LANES_Y * i][x + LANES_X * j] = weight;
            }
        }
        __syncwarp();  // a warp reads only its own rows of tile_p
        add_weighted_rows(sums, tile_p + y, tile_v, x);
    }

    for (int i = 0; i < ROWS; i++) {
        const int t = at.first + y + LANES_Y * i;
        const T sum = row_sum(total[i]);  // each of the eight lanes has summed its own keys
        if (t >= n_queries) continue;
        const bool nothing = sum == 0;  // no key seen: log_sum is ∞, so that e^(score - log_sum) is zero as well
        T* row = out + row_offset(at, n_heads, n_queries, t, head_size);
        store_row(row, sums[i], nothing ? T(0) : 1 / sum, x, head_size);
        if (x == 0) log_sum[number_offset(at, n_heads, n_queries) + t] = nothing ? INFINITY : highest[i] + log(sum);
    }
}

// ---- Backward -------------------------------------------------------------------------------------------------------
//
// With P = softmax(scores) and O = P V:  dV = Pᵀ dO,  dP = dO Vᵀ,  dscores = P (dP - δ),  dQ = scale · dscores K,
// dK = scale · dscoresᵀ Q.  Here P is e^(score - log_sum), and δ = Σ_s P dP = Σ_k dO O: one number for each query.
// Both kernels have the same parameters.

// Writes grad_q (B, T, H, K); delta (B, H, T), which the other kernel needs; and, if there is a bias, grad_scores
// (B, H, T, S), which is zero already for keys that the walk does not reach.
template <typename T, int HEAD, int QUERIES, int KEYS>
__global__ void __launch_bounds__(THREADS, BLOCKS) attention_grad_q(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), ROWS_OF(grad), MATRIX_OF(mask, bool), MATRIX_OF(bias, T),
    const T* out, const T* log_sum, T* delta, T* grad_q, T* grad_k, T* grad_v, T* grad_scores, int n_heads,
    int n_queries, int n_keys, int head_size, int causal, T scale) {
    constexpr int ROWS = QUERIES / (WARPS * LANES_Y), COLUMNS = KEYS / LANES_X, NUMBERS = HEAD / LANES_X;
    constexpr int SIZE = Pack<T>::SIZE;
    alignas(16) __shared__ T tile_q[QUERIES][HEAD + SIZE], tile_grad[QUERIES][HEAD + SIZE];
    alignas(16) __shared__ T tile_k[KEYS][HEAD + SIZE], tile_v[KEYS][HEAD + SIZE], tile_ds[QUERIES][KEYS + SIZE];
    const int x = threadIdx.x % LANES_X, y = threadIdx.x / 32 * (QUERIES / WARPS) + threadIdx.x % 32 / LANES_X;

    const Place at = place(n_heads, n_queries, QUERIES, causal);
    const Stride numbers = number_offset(at, n_heads, n_queries);
    const Head<T> queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Head<T> grads HEAD_OF(grad, n_queries);
    const Scoring<T> scoring SCORING;
    load_rows(tile_q, queries, at.first);
    load_rows(tile_grad, grads, at.first);
    __syncthreads();

    T sums[ROWS][NUMBERS] = {}, log_sum_of[ROWS] = {}, delta_of[ROWS] = {};
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        const int t = at.first + y + LANES_Y * i;
        const T* row = out + row_offset(at, n_heads, n_queries, min(t, n_queries - 1), head_size);
        for (int n = x; n < head_size; n += LANES_X) delta_of[i] += tile_grad[y + LANES_Y * i][n] * row[n];
        delta_of[i] = row_sum(delta_of[i]);
        if (t >= n_queries) continue;
        log_sum_of[i] = log_sum[numbers + t];
        if (x == 0) delta[numbers + t] = delta_of[i];
    }
    const int stop = scoring.visible(min(at.first + QUERIES, n_queries) - 1);
    for (int first_key = 0; first_key < stop; first_key += KEYS) {
        __syncthreads();
        load_rows(tile_k, keys, first_key);
        load_rows(tile_v, values, first_key);
        __syncthreads();

        T scores[ROWS][COLUMNS], dp[ROWS][COLUMNS];
        row_products(scores, tile_q + y, tile_k + x);
        row_products(dp, tile_grad + y, tile_v + x);
        to_scores<false>(scores, scoring, at.first + y, first_key + x);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            const int t = at.first + y + LANES_Y * i;
            for (int j = 0; j < COLUMNS; j++) {
                const int s = first_key + x + LANES_X * j;
                const T ds = exp(scores[i][j] - log_sum_of[i]) * (dp[i][j] - delta_of[i]);
                tile_ds[y + LANES_Y * i][x + LANES_X * j] = ds;
                if (has_bias && t < n_queries && s < n_keys) grad_scores[(numbers + t) * n_keys + s] = ds;
            }
        }
        __syncwarp();
        add_weighted_rows(sums, tile_ds + y, tile_k, x);
    }
    for (int i = 0; i < ROWS; i++) {
        const int t = at.first + y + LANES_Y * i;
        if (t >= n_queries) continue;
        store_row(grad_q + row_offset(at, n_heads, n_queries, t, head_size), sums[i], scale, x, head_size);
    }
}

// Writes grad_k and grad_v (B, S, H, K). The rows owned are keys, and queries pass by: the matrices above, transposed.
template <typename T, int HEAD, int KEYS, int QUERIES>
__global__ void __launch_bounds__(THREADS, BLOCKS) attention_grad_kv(
    ROWS_OF(q), ROWS_OF(k), ROWS_OF(v), ROWS_OF(grad), MATRIX_OF(mask, bool), MATRIX_OF(bias, T),
    const T* out, const T* log_sum, T* delta, T* grad_q, T* grad_k, T* grad_v, T* grad_scores, int n_heads,
    int n_queries, int n_keys, int head_size, int causal, T scale) {
    constexpr int ROWS = KEYS / (WARPS * LANES_Y), COLUMNS = QUERIES / LANES_X, NUMBERS = HEAD / LANES_X;
    constexpr int SIZE = Pack<T>::SIZE;
    alignas(16) __shared__ T tile_k[KEYS][HEAD + SIZE], tile_v[KEYS][HEAD + SIZE];
    alignas(16) __shared__ T tile_q[QUERIES][HEAD + SIZE], tile_grad[QUERIES][HEAD + SIZE];
    alignas(16) __shared__ T tile_w[KEYS][QUERIES + SIZE];
    const int x = threadIdx.x % LANES_X, y = threadIdx.x / 32 * (KEYS / WARPS) + threadIdx.x % 32 / LANES_X;

    const Place at = place(n_heads, n_keys, KEYS, false);
    log_sum += number_offset(at, n_heads, n_queries);
    delta += number_offset(at, n_heads, n_queries);
    const Head<T> queries HEAD_OF(q, n_queries), keys HEAD_OF(k, n_keys), values HEAD_OF(v, n_keys);
    const Head<T> grads HEAD_OF(grad, n_queries);
    const Scoring<T> scoring SCORING;
    load_rows(tile_k, keys, at.first);
    load_rows(tile_v, values, at.first);

    T sums_k[ROWS][NUMBERS] = {}, sums_v[ROWS][NUMBERS] = {};
    // The walk begins with the first query that sees the first of the keys, rounded down to a multiple of QUERIES.
    const int start = causal ? max(at.first + n_queries - n_keys, 0) / QUERIES * QUERIES : 0;
    for (int first_query = start; first_query < n_queries; first_query += QUERIES) {
        __syncthreads();
        load_rows(tile_q, queries, first_query);
        load_rows(tile_grad, grads, first_query);
        __syncthreads();

        T scores[ROWS][COLUMNS], dp[ROWS][COLUMNS];
        row_products(scores, tile_k + y, tile_q + x);
        row_products(dp, tile_v + y, tile_grad + x);
        to_scores<true>(scores, scoring, at.first + y, first_query + x);
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
            const int t = first_query + x + LANES_X * j;
            const T log_sum_t = t < n_queries ? log_sum[t] : T(0), delta_t = t < n_queries ? delta[t] : T(0);
            for (int i = 0; i < ROWS; i++) {
                const T p = exp(scores[i][j] - log_sum_t);
                tile_w[y + LANES_Y * i][x + LANES_X * j] = p;
                dp[i][j] = p * (dp[i][j] - delta_t);
            }
        }
        __syncwarp();
        add_weighted_rows(sums_v, tile_w + y, tile_grad, x);
        __syncwarp();  // all lanes have read P, and dscores go to the same memory
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) tile_w[y + LANES_Y * i][x + LANES_X * j] = dp[i][j];
        __syncwarp();
        add_weighted_rows(sums_k, tile_w + y, tile_q, x);
    }
    for (int i = 0; i < ROWS; i++) {
        const int s = at.first + y + LANES_Y * i;
        if (s >= n_keys) continue;
        const Stride row = row_offset(at, n_heads, n_keys, s, head_size);
        store_row(grad_k + row, sums_k[i], scale, x, head_size);
        store_row(grad_v + row, sums_v[i], T(1), x, head_size);
    }
}
