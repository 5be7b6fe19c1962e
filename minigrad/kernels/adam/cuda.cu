// Adam's step on a GPU: one pass over the four arrays, in place.
//
// It reads four arrays and writes three, 28 bytes an element in float32. That takes longer than the arithmetic, so a
// thread moves 16 bytes at a time, the most that one instruction can.

template <typename T>
struct alignas(16) Pack {
    static constexpr int SIZE = 16 / sizeof(T);
    T lane[SIZE];
};

__device__ bool is_aligned(const void* pointer) { return reinterpret_cast<unsigned long long>(pointer) % 16 == 0; }

// Thread i takes the packs i, i + n_threads, i + 2 n_threads, …, so that neighbours read neighbouring packs. The
// elements that fill no pack follow in the same way: all of them if an array does not start at a multiple of 16 bytes.
//
// rest1 and rest2 are 1 - beta1 and 1 - beta2, step_size is lr / (1 - β₁ᵗ), v_scale is 1 / (1 - β₂ᵗ).
template <typename T>
__global__ void adam_step(T* __restrict__ data, const T* __restrict__ grad, T* __restrict__ m, T* __restrict__ v,
                          long long n, T beta1, T rest1, T beta2, T rest2, T step_size, T v_scale, T eps, T decay) {
    const auto update = [=](T& data, T grad, T& m, T& v) {
        m = beta1 * m + rest1 * grad;
        v = beta2 * v + rest2 * grad * grad;
        data = decay * data - step_size * m / (sqrt(v * v_scale) + eps);
    };
    const long long n_threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const bool all_aligned = is_aligned(data) && is_aligned(grad) && is_aligned(m) && is_aligned(v);
    const long long n_packs = all_aligned ? n / Pack<T>::SIZE : 0;

    for (long long i = thread; i < n_packs; i += n_threads) {
        Pack<T> data_pack = reinterpret_cast<Pack<T>*>(data)[i];
        const Pack<T> grad_pack = reinterpret_cast<const Pack<T>*>(grad)[i];
        Pack<T> m_pack = reinterpret_cast<Pack<T>*>(m)[i];
        Pack<T> v_pack = reinterpret_cast<Pack<T>*>(v)[i];
        for (int k = 0; k < Pack<T>::SIZE; ++k) {
            update(data_pack.lane[k], grad_pack.lane[k], m_pack.lane[k], v_pack.lane[k]);
        }
        reinterpret_cast<Pack<T>*>(data)[i] = data_pack;
        reinterpret_cast<Pack<T>*>(m)[i] = m_pack;
        reinterpret_cast<Pack<T>*>(v)[i] = v_pack;
    }
    for (long long i = n_packs * Pack<T>::SIZE + thread; i < n; i += n_threads) update(data[i], grad[i], m[i], v[i]);
}
