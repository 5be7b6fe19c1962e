// The sum of squares on a GPU, in two steps.
//
// First, many blocks each add up a part of an array and write one number. Then a single block adds up these numbers,
// for all arrays. The order of every sum depends on the sizes alone, so the same arrays give the same bits. Atomic
// additions would not.
//
// A thread reads 16 bytes at a time. It adds up the squares of these few elements in their own type, and the results in
// double. A float sum of millions of elements would lose digits; double arithmetic for every element would be slow on
// GPUs that have few units for it.

constexpr int THREADS = 256;  // of a block

template <typename T>
struct alignas(16) Pack {
    static constexpr int SIZE = 16 / sizeof(T);
    T lane[SIZE];
};

__device__ bool is_aligned(const void* pointer) { return reinterpret_cast<unsigned long long>(pointer) % 16 == 0; }

// The sum of the numbers of all threads of the block, for thread 0. In each round, the lower half of the remaining
// threads adds the numbers of the upper half.
__device__ double sum_of_block(double mine) {
    __shared__ double sums[THREADS];
    sums[threadIdx.x] = mine;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
        __syncthreads();
    }
    return sums[0];
}

template <typename T>
__global__ void sum_of_squares(const T* __restrict__ x, double* __restrict__ of_blocks, long long n) {
    const long long n_threads = (long long)gridDim.x * THREADS;
    const long long thread = (long long)blockIdx.x * THREADS + threadIdx.x;
    const long long n_packs = is_aligned(x) ? n / Pack<T>::SIZE : 0;
    double sum = 0;

    for (long long i = thread; i < n_packs; i += n_threads) {
        const Pack<T> pack = reinterpret_cast<const Pack<T>*>(x)[i];
        T of_pack = 0;
        for (int k = 0; k < Pack<T>::SIZE; ++k) of_pack += pack.lane[k] * pack.lane[k];
        sum += of_pack;
    }
    for (long long i = n_packs * Pack<T>::SIZE + thread; i < n; i += n_threads) sum += x[i] * x[i];

    sum = sum_of_block(sum);
    if (threadIdx.x == 0) of_blocks[blockIdx.x] = sum;
}

__global__ void add_up(const double* __restrict__ of_blocks, double* __restrict__ total, int n_blocks) {
    double sum = 0;
    for (int i = threadIdx.x; i < n_blocks; i += THREADS) sum += of_blocks[i];
    sum = sum_of_block(sum);
    if (threadIdx.x == 0) *total = sum;
}
