// GELU on a GPU, exact and in its tanh form.
//
// The time is that of reading and writing memory, so a thread moves 16 bytes at a time, the most that one instruction
// can. The backward pass computes Φ(x) again, because a GPU computes while it waits for memory. The CPU reads the
// output of the forward pass instead; on a GPU, one more array to read would take time.

template <typename T>
struct alignas(16) Pack {
    static constexpr int SIZE = 16 / sizeof(T);
    T lane[SIZE];
};

__device__ bool is_aligned(const void* pointer) { return reinterpret_cast<unsigned long long>(pointer) % 16 == 0; }

struct Exact {  // x Φ(x)
    template <typename T>
    static __device__ T cdf(T x) {
        return T(0.5) * erfc(x * T(-0.70710678118654752));  // = (1 + erf(x / √2)) / 2, which would cancel in the tail
    }
    template <typename T>
    static __device__ T value(T x) {
        return x * cdf(x);
    }
    template <typename T>
    static __device__ T slope(T x) {
        const T density = exp(T(-0.5) * x * x) * T(0.39894228040143268);  // e^(-x²/2) / √(2π)
        return cdf(x) + x * density;
    }
};

struct Tanh {  // x (1 + tanh u) / 2, with u = SLOPE (x + CUBIC x³)
    static constexpr double SLOPE = 0.79788456080286536, CUBIC = 0.044715;  // √(2 / π)

    template <typename T>
    static __device__ T power(T x) {
        return exp(T(-2 * SLOPE) * (x + T(CUBIC) * x * x * x));  // e^(-2u)
    }
    template <typename T>
    static __device__ T value(T x) {
        return x * (T(1) / (T(1) + power(x)));
    }
    template <typename T>
    static __device__ T slope(T x) {
        const T e = power(x), p = T(1) / (T(1) + e);  // = (1 + tanh u) / 2
        const T rest = x > T(0) ? e * p : T(1) - p;   // = 1 - p, which would cancel if p is nearly 1
        const T twice_du = T(2 * SLOPE) * (T(1) + T(3 * CUBIC) * x * x);
        return p + x * p * rest * twice_du;  // 1 - tanh² u = 4 p (1 - p)
    }
};

// Thread i takes the packs i, i + n_threads, i + 2 n_threads, …, so that neighbours read neighbouring packs. The
// elements that fill no pack follow in the same way: all of them if an array does not start at a multiple of 16 bytes.

template <typename Form, typename T>
__global__ void gelu_forward(const T* __restrict__ x, T* __restrict__ out, long long n) {
    const long long n_threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long n_packs = is_aligned(x) && is_aligned(out) ? n / Pack<T>::SIZE : 0;

    for (long long i = thread; i < n_packs; i += n_threads) {
        Pack<T> pack = reinterpret_cast<const Pack<T>*>(x)[i];
        for (int k = 0; k < Pack<T>::SIZE; ++k) pack.lane[k] = Form::value(pack.lane[k]);
        reinterpret_cast<Pack<T>*>(out)[i] = pack;
    }
    for (long long i = n_packs * Pack<T>::SIZE + thread; i < n; i += n_threads) out[i] = Form::value(x[i]);
}

template <typename Form, typename T>
__global__ void gelu_backward(const T* __restrict__ grad, const T* __restrict__ x, T* __restrict__ grad_x,
                              long long n) {
    const long long n_threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long n_packs = is_aligned(grad) && is_aligned(x) && is_aligned(grad_x) ? n / Pack<T>::SIZE : 0;

    for (long long i = thread; i < n_packs; i += n_threads) {
        Pack<T> pack = reinterpret_cast<const Pack<T>*>(grad)[i];
        const Pack<T> at = reinterpret_cast<const Pack<T>*>(x)[i];
        for (int k = 0; k < Pack<T>::SIZE; ++k) pack.lane[k] *= Form::slope(at.lane[k]);
        reinterpret_cast<Pack<T>*>(grad_x)[i] = pack;
    }
    for (long long i = n_packs * Pack<T>::SIZE + thread; i < n; i += n_threads) grad_x[i] = grad[i] * Form::slope(x[i]);
}
