// ReLU on a GPU: one pass over the elements.
//
// Its time is that of reading and writing memory, so a thread moves 16 bytes at a time, the most that one instruction
// can.

template <typename T>
struct alignas(16) Pack {
    static constexpr int SIZE = 16 / sizeof(T);
    T lane[SIZE];
};

__device__ bool is_aligned(const void* pointer) { return reinterpret_cast<unsigned long long>(pointer) % 16 == 0; }

template <typename T>
__device__ T positive_part(T x) {
    return x < T(0) ? T(0) : x;  // this way around, NaN stays NaN
}

template <typename T>
__device__ T where_positive(T grad, T out) {
    return out <= T(0) ? T(0) : grad;  // selected, not multiplied: 0 · ∞ is NaN
}

// Thread i takes the packs i, i + n_threads, i + 2 n_threads, …, so that neighbours read neighbouring packs. The
// elements that fill no pack follow in the same way: all of them if an array does not start at a multiple of 16 bytes.

template <typename T>
__global__ void relu_forward(const T* __restrict__ x, T* __restrict__ out, long long n) {
    const long long n_threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long n_packs = is_aligned(x) && is_aligned(out) ? n / Pack<T>::SIZE : 0;

    for (long long i = thread; i < n_packs; i += n_threads) {
        Pack<T> pack = reinterpret_cast<const Pack<T>*>(x)[i];
        for (int k = 0; k < Pack<T>::SIZE; ++k) pack.lane[k] = positive_part(pack.lane[k]);
        reinterpret_cast<Pack<T>*>(out)[i] = pack;
    }
    for (long long i = n_packs * Pack<T>::SIZE + thread; i < n; i += n_threads) out[i] = positive_part(x[i]);
}

template <typename T>
__global__ void relu_backward(const T* __restrict__ grad, const T* __restrict__ out, T* __restrict__ grad_x,
                              long long n) {
    const long long n_threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long n_packs = is_aligned(grad) && is_aligned(out) && is_aligned(grad_x) ? n / Pack<T>::SIZE : 0;

    for (long long i = thread; i < n_packs; i += n_threads) {
        Pack<T> pack = reinterpret_cast<const Pack<T>*>(grad)[i];
        const Pack<T> at = reinterpret_cast<const Pack<T>*>(out)[i];
        for (int k = 0; k < Pack<T>::SIZE; ++k) pack.lane[k] = where_positive(pack.lane[k], at.lane[k]);
        reinterpret_cast<Pack<T>*>(grad_x)[i] = pack;
    }
    for (long long i = n_packs * Pack<T>::SIZE + thread; i < n; i += n_threads) grad_x[i] = where_positive(grad[i], out[i]);
}
