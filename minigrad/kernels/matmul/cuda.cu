// The matrix product on a GPU, in float32 and float64: C = A·B, A (M, K), B (K, N), C (M, N).
//
// A multiprocessor can do dozens of multiplications in the time in which memory delivers one number. So each number
// that is read must be used many times. Both kernels are about that alone:
//
//   tiled_matmul     A block of 16 × 16 threads computes 16 × 16 numbers of C, one for each thread. It reads tiles of
//                    A and B into shared memory, where 16 threads use each number. Read this one first.
//   blocked_matmul   A block of 256 threads computes 128 × 128 numbers, each thread 8 × 8 of them: a number that is
//                    read from memory is used in 128 sums, and one that is read from shared memory in 8.
//
// There are two leading axes (a batch of products), outer and inner, each with its own stride, which is 0 if an operand
// is broadcast. All strides count numbers, not bytes. C is written in C order.

struct Place {
    int row, column;         // where the block's tile of C begins
    long long outer, inner;  // which product of the batch
    long long product;       // outer and inner as one number
};

// The blocks are numbered along the tiles of a row, then row by row, then product by product.
__device__ Place place_of_block(int M, int N, int tile_rows, int tile_columns, int n_inner) {
    unsigned across = (N + tile_columns - 1) / tile_columns, down = (M + tile_rows - 1) / tile_rows;
    unsigned tile = blockIdx.x % (across * down), product = blockIdx.x / (across * down);
    return {int(tile / across) * tile_rows, int(tile % across) * tile_columns, product / n_inner, product % n_inner,
            product};
}

// ---------------------------------------------------------------------------------------------------------------
// Tiles in shared memory
//
//                   ┌──┬──┐
//                 B │  │##│ k      For its tile of C, a block needs a band of A and a band of B. It walks along k in
//                   ├──┼──┤ ↓      steps of 16. At each step, every thread fetches one number of A's tile and one of
//                   │  │##│        B's. When all are there, it multiplies 16 pairs of numbers from shared memory.
//         k →       └──┴──┘
//      A ┌──┬──┐    ┌──┬──┐        So each number of A is read from memory N/16 times instead of N times, and each
//        │##│##│    │  │##│ C      number of B M/16 times instead of M times.
//        └──┴──┘    └──┴──┘

constexpr int TILE = 16;

template <typename T>
__global__ void __launch_bounds__(TILE * TILE)
tiled_matmul(const T* a, const T* b, T* c, int M, int N, int K, int n_inner,
             long long a_outer, long long a_inner, long long a_row, long long a_column,
             long long b_outer, long long b_inner, long long b_row, long long b_column) {
    __shared__ T a_tile[TILE][TILE], b_tile[TILE][TILE];
    Place place = place_of_block(M, N, TILE, TILE, n_inner);
    a += place.outer * a_outer + place.inner * a_inner;
    b += place.outer * b_outer + place.inner * b_inner;
    c += place.product * M * N;
    int i = threadIdx.y, j = threadIdx.x, row = place.row + i, column = place.column + j;

    T sum = 0;
    for (int k = 0; k < K; k += TILE) {
        // Outside of the matrices the tiles are zero, which adds nothing.
        a_tile[i][j] = row < M && k + j < K ? a[row * a_row + (k + j) * a_column] : T(0);
        b_tile[i][j] = k + i < K && column < N ? b[(k + i) * b_row + column * b_column] : T(0);
        __syncthreads();  // all have fetched before anybody multiplies
        for (int step = 0; step < TILE; ++step) sum += a_tile[i][step] * b_tile[step][j];
        __syncthreads();  // all have multiplied before anybody fetches the next tiles
    }
    if (row < M && column < N) c[(long long)row * N + column] = sum;
}

// ---------------------------------------------------------------------------------------------------------------
// Tiles in registers
//
// Above, each multiplication reads two numbers from shared memory, and waits for them. Here a thread reads 8 numbers
// of A and 8 of B for 64 multiplications. Its 64 sums stay in registers from the first k to the last. Its 8 rows are
// two groups of four, and so are its 8 columns: one instruction reads four numbers, and the threads of a warp read
// without bank conflicts:
//
//      a warp's 64 × 32 numbers                   thread (p, q), lane = 4·p + q, has rows 4·p … 4·p + 3
//      ┌────────────────┬────────────────┐        and the same plus 32, columns 4·q … 4·q + 3 and the
//      │ 8 × 4 threads, │ the same       │        same plus 16: one 4 × 4 in each quarter.
//      │ 4 × 4 each     │ threads        │
//      ├────────────────┼────────────────┤        A block's 8 warps lie as 2 × 4: 128 × 128 numbers.
//      │ the same       │ the same       │
//      └────────────────┴────────────────┘
//
// There are two pairs of tiles in shared memory. While the block multiplies one pair, the next four numbers of A and
// of B are in flight to the registers of each thread, which then stores them in the other pair. So memory is read
// during the arithmetic, and one barrier for each tile is enough.
//
// An operand is contiguous in memory either along k (A as it is, B transposed) or across k (A transposed, B as it is).
// In shared memory, both are contiguous across k, so that only fetch and put differ.

constexpr int BLOCK = 128, DEPTH = 8;  // the sides of a tile of C; and how many k the tiles of A and B have
constexpr int PADDED = BLOCK + 4;      // four more, so that storing a tile along k causes no bank conflicts

// Which four numbers of an operand's tile, (BLOCK rows or columns) × (DEPTH of k), this thread fetches.
template <bool ALONG_K>
__device__ int own_line() { return ALONG_K ? threadIdx.x / 2 : threadIdx.x % 32 * 4; }
template <bool ALONG_K>
__device__ int own_k() { return ALONG_K ? threadIdx.x % 2 * 4 : threadIdx.x / 32; }

// The four numbers from `at` on, with zeros beyond the end of the matrix, which is lines_left (rows or columns) and
// k_left away.
template <bool ALONG_K>
__device__ float4 fetch(const float* at, int lines_left, int k_left) {
    int inside = ALONG_K ? (lines_left > 0 ? k_left : 0) : (k_left > 0 ? lines_left : 0);
    if (inside >= 4 && reinterpret_cast<unsigned long long>(at) % 16 == 0) return *reinterpret_cast<const float4*>(at);
    return make_float4(inside > 0 ? at[0] : 0, inside > 1 ? at[1] : 0, inside > 2 ? at[2] : 0, inside > 3 ? at[3] : 0);
}

template <bool ALONG_K>
__device__ void put(float (*tile)[PADDED], float4 four) {
    int line = own_line<ALONG_K>(), k = own_k<ALONG_K>();
    if (ALONG_K) {
        tile[k][line] = four.x, tile[k + 1][line] = four.y, tile[k + 2][line] = four.z, tile[k + 3][line] = four.w;
    } else {
        *reinterpret_cast<float4*>(&tile[k][line]) = four;
    }
}

__device__ void read_eight(float (&eight)[8], const float* low, const float* high) {
    *reinterpret_cast<float4*>(&eight[0]) = *reinterpret_cast<const float4*>(low);
    *reinterpret_cast<float4*>(&eight[4]) = *reinterpret_cast<const float4*>(high);
}

template <bool A_ALONG_K, bool B_ALONG_K>
__global__ void __launch_bounds__(256, 2)
blocked_matmul(const float* a, const float* b, float* c, int M, int N, int K, int n_inner,
               long long a_outer, long long a_inner, long long a_stride,
               long long b_outer, long long b_inner, long long b_stride) {
    alignas(16) __shared__ float a_tiles[2][DEPTH][PADDED], b_tiles[2][DEPTH][PADDED];
    Place place = place_of_block(M, N, BLOCK, BLOCK, n_inner);
    a += place.outer * a_outer + place.inner * a_inner;
    b += place.outer * b_outer + place.inner * b_inner;
    c += place.product * M * N;

    int a_line = place.row + own_line<A_ALONG_K>(), a_k = own_k<A_ALONG_K>();
    int b_line = place.column + own_line<B_ALONG_K>(), b_k = own_k<B_ALONG_K>();
    a += A_ALONG_K ? a_line * a_stride + a_k : a_k * a_stride + a_line;
    b += B_ALONG_K ? b_line * b_stride + b_k : b_k * b_stride + b_line;
    put<A_ALONG_K>(a_tiles[0], fetch<A_ALONG_K>(a, M - a_line, K - a_k));
    put<B_ALONG_K>(b_tiles[0], fetch<B_ALONG_K>(b, N - b_line, K - b_k));
    __syncthreads();

    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int row = warp / 4 * 64 + lane / 4 * 4, column = warp % 4 * 32 + lane % 4 * 4;  // of the thread, in the tile
    float sums[8][8] = {};
    for (int k = 0, current = 0; k < K; k += DEPTH, current ^= 1) {
        a += A_ALONG_K ? DEPTH : DEPTH * a_stride;
        b += B_ALONG_K ? DEPTH : DEPTH * b_stride;
        float4 next_a = fetch<A_ALONG_K>(a, M - a_line, K - k - DEPTH - a_k);  // beyond K: zeros
        float4 next_b = fetch<B_ALONG_K>(b, N - b_line, K - k - DEPTH - b_k);
        #pragma unroll 2  // with more, 128 registers for each thread are not enough
        for (int step = 0; step < DEPTH; ++step) {
            alignas(16) float left[8], right[8];
            const float* a_line = a_tiles[current][step] + row;
            const float* b_line = b_tiles[current][step] + column;
            read_eight(left, a_line, a_line + 32);
            read_eight(right, b_line, b_line + 16);
            #pragma unroll
            for (int i = 0; i < 8; ++i)
                #pragma unroll
                for (int j = 0; j < 8; ++j) sums[i][j] += left[i] * right[j];
        }
        put<A_ALONG_K>(a_tiles[current ^ 1], next_a);
        put<B_ALONG_K>(b_tiles[current ^ 1], next_b);
        __syncthreads();  // the next tiles are complete, and nobody reads these any more
    }

    #pragma unroll
    for (int i = 0; i < 8; ++i) {
        int at_row = place.row + row + i % 4 + i / 4 * 32;
        if (at_row >= M) continue;
        #pragma unroll
        for (int half = 0; half < 2; ++half) {
            int at_column = place.column + column + half * 16;
            float* out = c + (long long)at_row * N + at_column;
            const float* four = &sums[i][half * 4];
            if (N % 4 == 0 && at_column < N) {
                *reinterpret_cast<float4*>(out) = make_float4(four[0], four[1], four[2], four[3]);
            } else {
                for (int j = 0; j < 4; ++j)
                    if (at_column + j < N) out[j] = four[j];
            }
        }
    }
}
