// A bias on a GPU: added to every row, and the sum of the rows.
//
// There is one addition for each number that is read, so the time is that of the memory. A thread moves a pack at a
// time: 16 bytes, the most that one instruction can, or a single number if rows do not start at multiples of 16 bytes.
// Sizes and columns are counted in packs.

template <typename T, int PACK>
struct alignas(sizeof(T) * PACK) Pack {
    T lane[PACK];
};

// An array as packs.
template <int PACK, typename T>
__device__ Pack<T, PACK>* packs(T* array) { return reinterpret_cast<Pack<T, PACK>*>(array); }

template <int PACK, typename T>
__device__ const Pack<T, PACK>* packs(const T* array) { return reinterpret_cast<const Pack<T, PACK>*>(array); }

// The second pack is passed by value: by reference, NVCC would load it number by number.
template <typename T, int PACK>
__device__ void add(Pack<T, PACK>& sum, Pack<T, PACK> pack) {
#pragma unroll
    for (int k = 0; k < PACK; ++k) sum.lane[k] += pack.lane[k];
}

// ---- x[i] += bias ---------------------------------------------------------------------------------------------------
//
// Thread i takes the packs i, i + n_threads, i + 2 n_threads, … of the whole matrix, so that neighbours have
// neighbouring packs, however wide a row is. The column of pack i is i modulo the width. Division is slow, so a thread
// divides only at the start: from one of its packs to the next, the column advances by the same step, modulo the width.

template <typename T, int PACK>
__global__ void add_bias(T* __restrict__ x, const T* __restrict__ bias, long long n, long long width) {
    const long long n_threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long step = n_threads % width;
    long long column = thread % width;

    for (long long i = thread; i < n; i += n_threads) {
        Pack<T, PACK> sum = packs<PACK>(x)[i];
        add(sum, packs<PACK>(bias)[column]);
        packs<PACK>(x)[i] = sum;
        column += step;
        if (column >= width) column -= width;
    }
}

// ---- Σ_i grad[i] ----------------------------------------------------------------------------------------------------
//
// rows (n_rows, width) → sums (gridDim.y, width). A block has 32 columns, one for each threadIdx.x, and reads
// blockDim.y rows at a time, one for each threadIdx.y; its next rows come after those of the other blocks. Each thread
// adds up what it reads, and in the end the first row of threads adds up the sums of all. The result is rows again, but
// few: the same kernel with gridDim.y = 1 adds them up. The order of every sum depends on the sizes alone, so the same
// rows give the same bits. Atomic additions would not.

constexpr int COLUMNS = 32;   // of a block
constexpr int MAX_ROWS = 32;  // of threads

template <typename T, int PACK>
__global__ void __launch_bounds__(COLUMNS * MAX_ROWS) sum_of_rows(const T* __restrict__ rows, T* __restrict__ sums,
                                                                  long long n_rows, long long width) {
    __shared__ Pack<T, PACK> of_threads[MAX_ROWS][COLUMNS];
    const long long column = (long long)blockIdx.x * COLUMNS + threadIdx.x;
    const long long first = blockIdx.y * blockDim.y + threadIdx.y, step = gridDim.y * blockDim.y;

    Pack<T, PACK> sum = {};
    for (long long i = first; i < n_rows && column < width; i += step) {
        add(sum, packs<PACK>(rows)[i * width + column]);
    }
    of_threads[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y > 0 || column >= width) return;
    for (int y = 1; y < blockDim.y; ++y) add(sum, of_threads[y][threadIdx.x]);
    packs<PACK>(sums)[blockIdx.y * width + column] = sum;
}
