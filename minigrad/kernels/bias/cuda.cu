// A bias on a GPU: added to every row, and the sum of the rows.
//
// There is an addition for each number that is read, so the time goes into memory. A thread moves a pack at a time: 16
// bytes, the most that one instruction can, or a single number where rows do not start at multiples of 16 bytes. Sizes
// and columns are counted in packs.

template <typename T, int PACK>
struct alignas(sizeof(T) * PACK) Pack {
    T lane[PACK];
};

// An array as packs.
template <int PACK, typename T>
__device__ Pack<T, PACK>* packs(T* array) { return reinterpret_cast<Pack<T, PACK>*>(array); }

template <int PACK, typename T>
__device__ const Pack<T, PACK>* packs(const T* array) { return reinterpret_cast<const Pack<T, PACK>*>(array); }

// The second pack comes by value: by reference, NVCC would load it number by number.
template <typename T, int PACK>
__device__ void add(Pack<T, PACK>& sum, Pack<T, PACK> pack) {
#pragma unroll
    for (int k = 0; k < PACK; ++k) sum.lane[k] += pack.lane[k];
}

// ---- x[i] += bias ---------------------------------------------------------------------------------------------------
//
// Thread i takes the packs i, i + n_threads, i + 2 n_threads, … of the whole matrix: neighbours have neighbouring packs,
// however wide a row is. The column of a pack is its remainder by the width. A thread divides once, at the start; then
// it goes around the columns by the same step each time.

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
// rows (n_rows, width) → sums (gridDim.y, width). A block has 32 columns, one for each threadIdx.x, of blockDim.y rows
// at a time, one for each threadIdx.y; then it goes on to rows beyond those of the other blocks. A thread adds up what
// it sees, and at the end the first row of threads adds up what all have. The sums are rows again, but few, and the same
// kernel with gridDim.y = 1 adds these. Who adds what in which order depends on the sizes alone, so the same rows give
// the same bits; atomic additions would not.

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
