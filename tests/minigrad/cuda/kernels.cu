// Kernels for the tests of the launcher and of the shim.

__global__ void indices(int* out) {
    int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    int* mine = out + 6 * (block * blockDim.x * blockDim.y * blockDim.z + thread);
    mine[0] = threadIdx.x, mine[1] = threadIdx.y, mine[2] = threadIdx.z;
    mine[3] = blockIdx.x, mine[4] = blockIdx.y, mine[5] = blockIdx.z;
}

// Each block turns its numbers round, twice: it writes into shared memory, reads what others wrote, writes again.
template <bool FIRST, bool SECOND, bool THIRD>
__global__ void turn_round_twice(const float* x, float* out) {
    __shared__ float tile[64];
    int i = blockIdx.x * blockDim.x + threadIdx.x, other = blockDim.x - 1 - threadIdx.x;
    tile[threadIdx.x] = x[i];
    if (FIRST) __syncthreads();
    float turned = tile[other];
    if (SECOND) __syncthreads();
    tile[threadIdx.x] = turned;
    if (THIRD) __syncthreads();
    out[i] = tile[other];
}

// Between the lanes of a warp, __syncwarp() is enough.
template <bool WITH_BARRIER>
__global__ void from_the_next_lane(const float* x, float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    if (WITH_BARRIER) __syncwarp();
    out[threadIdx.x] = tile[threadIdx.x / 32 * 32 + (threadIdx.x + 1) % 32];
}

// A shuffle lets the lanes of a warp meet, and must not let warps meet: here each asks for a number of another's.
__global__ void shuffles_are_no_barrier(const float* x, float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    float same = __shfl_sync(0xffffffff, x[threadIdx.x], threadIdx.x % 32);
    out[threadIdx.x] = tile[63 - threadIdx.x] + 0 * same;
}

__global__ void what_shared_memory_holds(float* out) {
    __shared__ float tile[32];
    out[blockIdx.x * blockDim.x + threadIdx.x] = tile[threadIdx.x];
    tile[threadIdx.x] = 1;
}

// out (7, 64)
template <typename T>
__global__ void shuffles(const T* x, T* out) {
    int t = threadIdx.x;
    out[t] = __shfl_sync(0xffffffff, x[t], 5);
    out[64 + t] = __shfl_xor_sync(0xffffffff, x[t], 3);
    out[128 + t] = __shfl_down_sync(0xffffffff, x[t], 7);
    out[192 + t] = __shfl_up_sync(0xffffffff, x[t], 7);
    out[256 + t] = __shfl_sync(0xffffffff, x[t], t + 1, 8);
    out[320 + t] = __shfl_down_sync(0xffffffff, x[t], 3, 8);
    out[384 + t] = __shfl_xor_sync(0xffffffff, x[t], 12, 8);
}

// The halves of a warp go different ways, and meet among themselves as often as they like.
__global__ void halves(int* out) {
    int sum = threadIdx.x;
    if (threadIdx.x < 16) {
        for (int lanes = 8; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0x0000ffff, sum, lanes);
    } else {
        sum = __shfl_sync(0xffff0000, sum, 20);
    }
    out[threadIdx.x] = sum;
}

// Lanes that have returned are not waited for.
__global__ void survivors(int* out) {
    if (threadIdx.x >= 20) return;
    out[threadIdx.x] = __shfl_sync(0xffffffff, (int)threadIdx.x, threadIdx.x / 2);
}

__global__ void the_last_block_wins(int* out) { out[0] = blockIdx.x; }

// Numbers go round a ring of threads, many times.
__global__ void ring(float* x, int n_times) {
    __shared__ float tile[1024];
    float value = x[threadIdx.x];
    for (int i = 0; i < n_times; i++) {
        tile[threadIdx.x] = value;
        __syncthreads();
        value = tile[(threadIdx.x + 1) % blockDim.x];
        __syncthreads();
    }
    x[threadIdx.x] = value;
}

template <int MISTAKE>
__global__ void wrong(int* out) {
    if (MISTAKE == 0 && threadIdx.x < 16) __syncthreads();
    if (MISTAKE == 1) {
        if (threadIdx.x < 16)
            __syncthreads();
        else
            __syncthreads();
    }
    if (MISTAKE == 2) {
        if (threadIdx.x != 40)
            __syncthreads();
        else
            __syncwarp();
    }
    if (MISTAKE == 3) __shfl_sync(0x0000ffff, 1, 3);
    if (MISTAKE == 4) out[threadIdx.x] = __shfl_sync(0xffffffff, threadIdx.x, 20);
    if (MISTAKE == 5 && threadIdx.x > 0) __syncthreads();
    if (MISTAKE == 6) __shfl_sync(threadIdx.x < 16 ? 0xffffffff : 0xffff0000, 1, 20);
}

// out (11, n)
template <typename T>
__global__ void mathematics(const T* x, const T* y, T* out, int n) {
    int i = threadIdx.x;
    T results[] = {exp(x[i]),       log(x[i]), sqrt(x[i]),  rsqrt(x[i]),     tanh(x[i]),    erf(x[i]),
                   fabs(x[i]), floor(x[i]), pow(x[i], y[i]), max(x[i], y[i]), min(x[i], y[i])};
    for (int k = 0; k < 11; k++) out[k * n + i] = results[k];
}

__global__ void bits(const float* x, int* out, float* back) {
    out[0] = __float_as_int(x[0]);
    back[0] = __int_as_float(out[0]);
    back[1] = INFINITY;
}

struct bfloat16 {
    unsigned short bits;
};
__global__ void every_type(const float* a, double* b, const int* c, long long* d, const bool* e, const unsigned char* f,
                           bfloat16* g, int h, long long i, float j, double k) {
    b[0] = a[0] + c[0] + d[0] + e[0] + f[0] + g[0].bits + h + i + j + k;
}
