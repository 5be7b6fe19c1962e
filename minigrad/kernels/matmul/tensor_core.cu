// The matrix product on tensor cores: C = A·B with factors in TF32 or bfloat16 and sums in float32.
//
// A tensor core multiplies small matrices, not numbers: one instruction (mma) of a warp computes
//
//     C (16 × 8) += A (16 × 8 words) · B (8 words × 8)         a word, 4 bytes, holds 1 TF32 or 2 bfloat16 along k
//
// and the 32 lanes hold the matrices together, each a few words in its registers. lane = 4·g + t, g < 8, t < 4:
//
//             A   k →  words 0–3   4–7                     B    columns 0–7               C   columns 0–7
//                     ┌──────────┬──────────┐              ┌──────────────────────┐       ┌────────────────────────┐
//          rows 0–7   │ a[0]:    │ a[2]:    │   words 0–3  │ b0: word t, column g │       │ c[0], c[1]: row g,     │
//                     │ (g, t)   │ (g, 4+t) │              ├──────────────────────┤       │ columns 2·t, 2·t + 1   │
//                     ├──────────┼──────────┤   words 4–7  │ b1: word 4+t, col. g │       ├────────────────────────┤
//          rows 8–15  │ a[1]:    │ a[3]:    │              └──────────────────────┘       │ c[2], c[3]: row 8 + g, │
//                     │ (8+g, t) │(8+g, 4+t)│                                             │ the same columns       │
//                     └──────────┴──────────┘                                             └────────────────────────┘
//
// (PTX ISA, "Matrix fragments for mma.m16n8k8" with .tf32 and "… for mma.m16n8k16" with .bf16: in words they agree.)
//
// A block of 8 warps computes 128 × 256 numbers of C, each warp 64 × 64 of them. For every 8 words of k, a warp issues
// 4 × 8 instructions, which share 4 pieces of A and 8 of B. Tensor cores are so fast that data must move meanwhile:
// - from memory to shared memory, cp.async copies tiles of 16 words of k without using registers: while one pair of
//   tiles is multiplied, the next is in flight;
// - from shared memory to registers, the pieces of the next 8 words are read while the last are multiplied.
//
// Needs compute capability 8.0.

constexpr int ROWS = 128, COLUMNS = 256;     // the block's tile of C, multiples of a warp's
constexpr int PER_WARP = 64, WARPS_ACROSS = COLUMNS / PER_WARP, WARPS = ROWS / PER_WARP * WARPS_ACROSS;
constexpr int THREADS = 32 * WARPS;
constexpr int DEPTH_BYTES = 64, CHUNK = 16;  // of k in a tile: 16 words; and what cp.async and ldmatrix move at once

__device__ int lane() { return threadIdx.x % 32; }
__device__ int warp() { return threadIdx.x / 32; }

// ---- Four instructions -------------------------------------------------------------------------------------------

#ifndef CUDA_ON_HOST

#if __CUDA_ARCH__ >= 800
#define PTX(...) asm volatile(__VA_ARGS__)
#define PURE_PTX(...) asm(__VA_ARGS__)  // depends only on its operands, so the compiler may move it
#else
#define PTX(...)                        // older GPUs lack them; tensor_core.py launches nothing there
#define PURE_PTX(...)
#endif

__device__ unsigned shared_address(const void* at) { return (unsigned)__cvta_generic_to_shared(at); }

// Asynchronous copies from memory to shared memory. wait() waits for the thread's own copies only: those of the other
// threads are complete after their wait() and a __syncthreads().
struct Pipeline {
    // 16 bytes, or as many zeros. Both addresses are multiples of 16.
    __device__ void copy(char* to, const void* from, bool exists) {
        PTX("cp.async.cg.shared.global [%0], [%1], 16, %2;"
            ::"r"(shared_address(to)), "l"(from), "r"(exists ? CHUNK : 0) : "memory");
    }
    __device__ void end_group() { PTX("cp.async.commit_group;" ::: "memory"); }
    template <int GROUPS>  // waits for all groups except the last GROUPS
    __device__ void wait() { PTX("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory"); }
};

// Reads four matrices of 8 rows × 4 words. Lane i passes the address of row i % 8 of matrix i / 8, and gets word t of
// row g of each; or, TRANSPOSED, of 8 × 8 numbers of two bytes, those in rows 2·t and 2·t + 1 of column g.
template <bool TRANSPOSED>
__device__ void ldmatrix(unsigned (&words)[4], const char* row) {
    if (TRANSPOSED)
        PTX("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3]) : "r"(shared_address(row)));
    else
        PTX("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3]) : "r"(shared_address(row)));
}

#define MMA(Format, shape_and_types)                                                                                \
    PURE_PTX("mma.sync.aligned." shape_and_types " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
             : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                                       \
             : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))

#if __CUDA_ARCH__ >= 900
#define NEAREST "rn"   // ties to even
#else
#define NEAREST "rna"  // ties away from zero
#endif

__device__ unsigned nearest_tf32(unsigned word) {
    PURE_PTX("cvt." NEAREST ".tf32.f32 %0, %1;" : "=r"(word) : "f"(__uint_as_float(word)));
    return word;
}

#else  // The same in C++, for a CPU.

struct Pipeline {  // copies as late as possible, so that a kernel that forgets to wait reads something else
    struct Copy { char* to; const void* from; bool exists; int group; } copies[32];
    int n_copies = 0, group = 0;

    void copy(char* to, const void* from, bool exists) { copies[n_copies++] = {to, from, exists, group}; }
    void end_group() { ++group; }
    template <int GROUPS>
    void wait() {
        int n_left = 0;
        for (int i = 0; i < n_copies; ++i) {
            Copy x = copies[i];
            if (x.group >= group - GROUPS) { copies[n_left++] = x; continue; }
            if (((size_t)x.to | (size_t)x.from) % CHUNK) continue;  // an error on a GPU; here NaN stays where it is
            x.exists ? memcpy(x.to, x.from, CHUNK) : memset(x.to, 0, CHUNK);
        }
        n_copies = n_left;
    }
};

// Each lane writes what it holds to its place in a table. When all have written, each reads what it gets.
template <bool TRANSPOSED>
void ldmatrix(unsigned (&words)[4], const char* row) {
    __shared__ const char* table[WARPS][4][8];
    int g = lane() / 4, t = lane() % 4;
    table[warp()][lane() / 8][lane() % 8] = row;
    __syncwarp();
    for (int i = 0; i < 4; ++i) {
        const char** rows = table[warp()][i];
        char* word = (char*)&words[i];
        if (TRANSPOSED) memcpy(word, rows[2 * t] + 2 * g, 2), memcpy(word + 2, rows[2 * t + 1] + 2 * g, 2);
        else memcpy(word, rows[g] + 4 * t, 4);
    }
    __syncwarp();
}

template <typename Format>
void mma_on_host(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    __shared__ unsigned a_table[WARPS][16][8], b_table[WARPS][8][8];
    int g = lane() / 4, t = lane() % 4;
    for (int i = 0; i < 4; ++i) a_table[warp()][g + i % 2 * 8][t + i / 2 * 4] = a[i];
    b_table[warp()][t][g] = b0, b_table[warp()][t + 4][g] = b1;
    __syncwarp();
    for (int i = 0; i < 4; ++i)
        for (int k = 0; k < 8; ++k)
            c[i] += Format::product(a_table[warp()][g + i / 2 * 8][k], b_table[warp()][k][2 * t + i % 2]);
    __syncwarp();
}
#define MMA(Format, shape_and_types) mma_on_host<Format>(c, a, b0, b1)

unsigned nearest_tf32(unsigned word) {
    return isnan(__uint_as_float(word)) ? 0x7fffffff : (word + 0xfff + (word >> 13 & 1)) & 0xffffe000;
}

#endif

struct TF32 {
    using Number = float;  // the last 13 bits are ignored, so that 10 remain after the point
    __device__ static unsigned round(unsigned word) { return nearest_tf32(word); }
    __device__ static void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
        MMA(TF32, "m16n8k8.row.col.f32.tf32.tf32.f32");
    }
    __device__ static float product(unsigned a, unsigned b) {  // what the instruction does with two words
        return __uint_as_float(a & 0xffffe000) * __uint_as_float(b & 0xffffe000);
    }
};

struct BF16 {
    using Number = unsigned short;  // the upper half of a float: 7 bits after the point
    __device__ static unsigned round(unsigned word) { return word; }
    __device__ static void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
        MMA(BF16, "m16n8k16.row.col.f32.bf16.bf16.f32");
    }
    __device__ static float product(unsigned a, unsigned b) {
        return __uint_as_float(a << 16) * __uint_as_float(b << 16) +
               __uint_as_float(a & 0xffff0000) * __uint_as_float(b & 0xffff0000);
    }
};

// ---- Tiles -------------------------------------------------------------------------------------------------------

// One of the two factors, as a thread sees it. Its lines are the rows of A, or the columns of B. In memory it is
// contiguous ALONG_K (A as it is, B transposed) or across k (A transposed, B as it is). A tile in shared memory has the
// same layout: HEIGHT rows of WIDTH bytes.
//
// Shared memory has 32 banks of one word, and lanes that read different words of one bank wait for each other. So the
// chunks of a row are permuted, by an exclusive or with a number that depends on the row. What a warp reads at once, 8
// rows of one chunk or 4 rows of two, is then in different banks. ALONG_K, two rows of 4 chunks cover all banks:
//
//      row 0: 0 1 2 3     row 2: 1 0 3 2     row 4: 2 3 0 1     row 6: 3 2 1 0
//      row 1: 0 1 2 3     row 3: 1 0 3 2     row 5: 2 3 0 1     row 7: 3 2 1 0
template <typename Format, bool IS_A, bool ALONG_K, int LINES>
struct Operand {
    using Number = typename Format::Number;
    static constexpr int PER_CHUNK = CHUNK / sizeof(Number), DEPTH = DEPTH_BYTES / sizeof(Number);
    static constexpr int HEIGHT = ALONG_K ? LINES : DEPTH, WIDTH = ALONG_K ? DEPTH_BYTES : LINES * sizeof(Number);
    static constexpr int CHUNKS = WIDTH / CHUNK, TILE_BYTES = HEIGHT * WIDTH;

    const Number* from;  // the thread's first chunk of the next tile
    long long stride;    // from one row of the matrix in memory to the next
    int rows, numbers;   // what is left of the matrix from there on: rows, and numbers of a row

    __device__ Operand(const Number* matrix, long long stride, int first_line, int n_lines, int n_k) : stride(stride) {
        int row = threadIdx.x / CHUNKS, number = threadIdx.x % CHUNKS * PER_CHUNK;
        (ALONG_K ? row : number) += first_line;
        from = matrix + row * stride + number;
        rows = (ALONG_K ? n_lines : n_k) - row;
        numbers = (ALONG_K ? n_k : n_lines) - number;
    }

    __device__ static int place(int row, int chunk) {
        int turn = ALONG_K ? row / 2 % 4 : sizeof(Number) == 4 ? row % 4 * 2 : row % 8;
        return row * WIDTH + (chunk ^ turn) * CHUNK;
    }

    // Starts to copy the next tile, with zeros outside of the matrix. All threads must call it.
    __device__ void fetch(Pipeline& pipeline, char* tile) {
        constexpr int AT_ONCE = THREADS / CHUNKS;  // rows
        int row = threadIdx.x / CHUNKS, chunk = threadIdx.x % CHUNKS;
        #pragma unroll
        for (int i = 0; i < HEIGHT; i += AT_ONCE)
            pipeline.copy(tile + place(row + i, chunk), from + i * stride, i < rows && numbers > 0);
        from += ALONG_K ? DEPTH : DEPTH * stride;
        (ALONG_K ? numbers : rows) -= DEPTH;
    }

    // Reads 64 lines from `line` on × the 8 words of a step, as mma needs them. pieces[i] are 16 lines: of A in the
    // order of the drawing; of B as b0 and b1 of eight columns, then of the next eight. All lanes must call it.
    __device__ static void read(unsigned (&pieces)[4][4], const char* tile, int line, int step) {
        int g = lane() / 4, t = lane() % 4, own_quarter = lane() / 8, own_row = lane() % 8;  // for ldmatrix
        #pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (ALONG_K) {
                int row = line + 16 * i + 8 * line_half(own_quarter) + own_row;
                ldmatrix<false>(pieces[i], tile + place(row, 2 * step + k_half(own_quarter)));
            } else if (sizeof(Number) == 2) {  // a row is one k, so the two numbers of a word are in two rows
                int row = 16 * step + 8 * k_half(own_quarter) + own_row;
                ldmatrix<true>(pieces[i], tile + place(row, line / 8 + 2 * i + line_half(own_quarter)));
            } else {
                #pragma unroll
                for (int quarter = 0; quarter < 4; ++quarter) {
                    // Number line + 16·i + 8·line_half + g of row 8·step + 4·k_half + t. The part that is the same for
                    // all lanes is added last: it becomes part of the instruction and needs no register.
                    const char* at = tile + t * WIDTH + (line + g) * 4 + ((2 * (i % 2) + line_half(quarter)) ^ t) * 32;
                    pieces[i][quarter] = *(const unsigned*)(at + (8 * step + 4 * k_half(quarter)) * WIDTH + i / 2 * 128);
                }
            }
            #pragma unroll
            for (int quarter = 0; quarter < 4; ++quarter) pieces[i][quarter] = Format::round(pieces[i][quarter]);
        }
    }

    __device__ static int line_half(int quarter) { return IS_A ? quarter % 2 : quarter / 2; }
    __device__ static int k_half(int quarter) { return IS_A ? quarter / 2 : quarter % 2; }
};

// ---- The kernel --------------------------------------------------------------------------------------------------

struct Place {
    int row, column;                  // where the block's tile of C begins
    long long outer, inner, product;  // which product of the batch: along both leading axes, and as one number
};

// Blocks that run at the same time should use the same parts of A and B, which are then in the cache. So blocks are
// numbered down a band that is 8 tiles high, then along the band column by column.
__device__ Place place_of_block(int M, int N, int n_inner) {
    constexpr unsigned BAND = 8;
    unsigned across = (N + COLUMNS - 1) / COLUMNS, down = (M + ROWS - 1) / ROWS;
    unsigned tile = blockIdx.x % (across * down), product = blockIdx.x / (across * down);
    unsigned first = tile / (BAND * across) * BAND, height = min(BAND, down - first), in_band = tile - first * across;
    return {int(first + in_band % height) * ROWS, int(in_band / height) * COLUMNS, product / n_inner, product % n_inner,
            product};
}

__device__ int warp_row() { return warp() / WARPS_ACROSS * PER_WARP; }
__device__ int warp_column() { return warp() % WARPS_ACROSS * PER_WARP; }

// The operands of a warp's step: 64 lines of A and of B × 8 words.
struct Pieces {
    unsigned a[4][4], b[4][4];

    template <typename A, typename B>
    __device__ void read(const char* a_tile, const char* b_tile, int step) {
        A::read(a, a_tile, warp_row(), step);
        B::read(b, b_tile, warp_column(), step);
    }

    template <typename Format>
    __device__ void multiply(float (&sums)[4][8][4]) const {
        #pragma unroll
        for (int i = 0; i < 4; ++i)
            #pragma unroll
            for (int j = 0; j < 8; ++j) Format::mma(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
    }
};

template <typename Format, bool A_ALONG_K, bool B_ALONG_K>
__global__ void __launch_bounds__(THREADS, 1)
tensor_core_matmul(const typename Format::Number* a, const typename Format::Number* b, float* c, int M, int N, int K,
                   int n_inner, long long a_outer, long long a_inner, long long a_stride,
                   long long b_outer, long long b_inner, long long b_stride) {
    using A = Operand<Format, true, A_ALONG_K, ROWS>;
    using B = Operand<Format, false, B_ALONG_K, COLUMNS>;
    alignas(128) __shared__ char a_tiles[2][A::TILE_BYTES], b_tiles[2][B::TILE_BYTES];
    Place place = place_of_block(M, N, n_inner);
    A left(a + place.outer * a_outer + place.inner * a_inner, a_stride, place.row, M, K);
    B right(b + place.outer * b_outer + place.inner * b_inner, b_stride, place.column, N, K);

    Pipeline pipeline;
    for (int i = 0; i < 2; ++i) {
        left.fetch(pipeline, a_tiles[i]);
        right.fetch(pipeline, b_tiles[i]);
        pipeline.end_group();
    }
    pipeline.wait<1>();
    __syncthreads();

    float sums[4][8][4] = {};
    Pieces first, second;  // the two steps of a tile
    first.read<A, B>(a_tiles[0], b_tiles[0], 0);
    for (int k = 0, current = 0; k < K; k += A::DEPTH, current ^= 1) {
        second.read<A, B>(a_tiles[current], b_tiles[current], 1);
        first.multiply<Format>(sums);
        pipeline.wait<0>();
        __syncthreads();  // the next tiles are complete, whoever copied them, and all warps have read these
        left.fetch(pipeline, a_tiles[current]);
        right.fetch(pipeline, b_tiles[current]);
        pipeline.end_group();
        first.read<A, B>(a_tiles[current ^ 1], b_tiles[current ^ 1], 0);
        second.multiply<Format>(sums);
    }
    pipeline.wait<0>();

    c += place.product * M * N;
    #pragma unroll
    for (int i = 0; i < 8; ++i) {  // two rows, lane / 4 and 8 further, of each of four pieces
        int row = place.row + warp_row() + i / 2 * 16 + i % 2 * 8 + lane() / 4;
        #pragma unroll
        for (int j = 0; j < 8; ++j) {
            int column = place.column + warp_column() + j * 8 + lane() % 4 * 2;
            float* out = c + (long long)row * N + column;
            const float* pair = &sums[i / 2][j][i % 2 * 2];
            if (row < M && column < N && N % 2 == 0) {
                *(float2*)out = make_float2(pair[0], pair[1]);
            } else if (row < M) {
                if (column < N) out[0] = pair[0];
                if (column + 1 < N) out[1] = pair[1];
            }
        }
    }
}

// The nearest bfloat16 to each number, ties to even.
__global__ void round_to_bfloat16(const float* x, unsigned short* out, long long n) {
    for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x) {
        unsigned bits = __float_as_uint(x[i]);
        out[i] = isnan(x[i]) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    }
}
