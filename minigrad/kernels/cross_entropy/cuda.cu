// Softmax cross-entropy on a GPU: a block for each row of logits. A row without a label is not read.
//
// The loss, log Σ eˣ - x[target], is computed as log Σ eˣ⁻ᵐ - (x[target] - m), where m is the highest logit, so that eˣ
// does not overflow. One pass finds both m and the sum ("online"): a thread keeps the highest logit so far, and the sum
// relative to it. When a higher one comes, it multiplies the sum by e^(old m - new m). The results of two threads are
// combined in the same way, and those of all threads by a tree of fixed order. The gradient is a second pass over the
// row.
//
// The target is left out of both passes and added in the end. If it has nearly all of the probability, loss and
// gradient come from the small e^x of the other words, which would be lost in a sum with it.
//
// If a logit is ∞, ∞ - ∞ makes the sum NaN, as in the reference. Logits of -∞ are allowed: therefore a thread starts
// with a finite m.
//
// Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", section 3.

constexpr int WARP = 32, MAX_WARPS = 16, CHUNK = 4;
constexpr unsigned ALL_LANES = 0xffffffff;
constexpr double LOWEST = -3e38;  // instead of -∞; both types can represent it

template <typename T>
struct Found {  // what a pass over a part of a row has found
    T highest;  // m
    T total;    // Σ eˣ⁻ᵐ
};

template <typename T>
__device__ Found<T> combine(Found<T> a, Found<T> b) {
    const T highest = max(a.highest, b.highest);
    return {highest, a.total * exp(a.highest - highest) + b.total * exp(b.highest - highest)};
}

// Combines the 32 lanes of a warp in five steps: 16 and 16 lanes, 8 and 8, and so on. The first lane has the result.
template <typename T>
__device__ Found<T> combine_warp(Found<T> found) {
    for (int step = WARP / 2; step > 0; step /= 2) {
        const Found<T> other = {__shfl_down_sync(ALL_LANES, found.highest, step),
                                __shfl_down_sync(ALL_LANES, found.total, step)};
        found = combine(found, other);
    }
    return found;
}

// Combines all threads of a block: the warps' results go through shared memory to the first warp, and back to
// everybody.
template <typename T>
__device__ Found<T> combine_block(Found<T> found) {
    __shared__ Found<T> of_warp[MAX_WARPS];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, n_warps = blockDim.x / WARP;
    found = combine_warp(found);
    if (lane == 0) of_warp[warp] = found;
    __syncthreads();
    if (warp == 0) {
        found = combine_warp(lane < n_warps ? of_warp[lane] : Found<T>{T(LOWEST), T(0)});
        if (lane == 0) of_warp[0] = found;
    }
    __syncthreads();
    return of_warp[0];
}

// Thread i has the logits i, i + n_threads, i + 2 n_threads, …, so that neighbours read neighbours. It reads CHUNK of
// them at a time, so that CHUNK reads are in flight. Beyond the end of the row, and at the target, the logit counts as
// -∞.
template <typename T>
__device__ void read_chunk(T (&x)[CHUNK], const T* __restrict__ row, int j, int vocab_size, long long target) {
    for (int k = 0; k < CHUNK; ++k, j += blockDim.x) x[k] = j < vocab_size && j != target ? row[j] : T(-INFINITY);
}

template <typename T>
__device__ Found<T> look_through(const T* __restrict__ row, int vocab_size, long long target) {
    Found<T> found = {T(LOWEST), T(0)};
    for (int j = threadIdx.x; j < vocab_size; j += CHUNK * blockDim.x) {
        T x[CHUNK], highest = found.highest;
        read_chunk(x, row, j, vocab_size, target);
        for (int k = 0; k < CHUNK; ++k) highest = max(highest, x[k]);
        T total = found.total * exp(found.highest - highest);
        for (int k = 0; k < CHUNK; ++k) total += exp(x[k] - highest);
        found = {highest, total};
    }
    return combine_block(found);
}

// The logit of the target. A target that is no token has the probability 0 and an infinite loss; nothing is read for
// it.
template <typename T>
__device__ T logit_of(const T* __restrict__ row, long long target, int vocab_size) {
    return target >= 0 && target < vocab_size ? row[target] : T(-INFINITY);
}

template <typename T>
struct Row {
    T highest;  // of all its logits
    T others;   // Σ e^(x - highest) over all but the target
    T shifted;  // the target's logit - highest

    __device__ Row(Found<T> found, T of_target) : highest(max(found.highest, of_target)) {
        others = found.total * exp(found.highest - highest);
        shifted = of_target - highest;
    }
    __device__ T loss() const { return shifted == 0 ? log1p(others) : log(others + exp(shifted)) - shifted; }
};

template <typename T>
__global__ void __launch_bounds__(MAX_WARPS * WARP)
    cross_entropy(const T* __restrict__ logits, const long long* __restrict__ targets, const bool* __restrict__ counts,
                  T* __restrict__ losses, int vocab_size) {
    const long long i = blockIdx.x;
    if (!counts[i]) {
        if (threadIdx.x == 0) losses[i] = 0;
        return;
    }
    const T* row = logits + i * vocab_size;
    const Row<T> all(look_through(row, vocab_size, targets[i]), logit_of(row, targets[i], vocab_size));
    if (threadIdx.x == 0) losses[i] = all.loss();
}

// The gradient is (softmax(x) - 1 at the target) · scale.
template <typename T>
__global__ void __launch_bounds__(MAX_WARPS * WARP)
    cross_entropy_and_gradient(const T* __restrict__ logits, const long long* __restrict__ targets,
                               const bool* __restrict__ counts, T* __restrict__ losses, T* __restrict__ grad,
                               int vocab_size, T scale) {
    const long long i = blockIdx.x;
    T* grad_row = grad + i * vocab_size;
    if (!counts[i]) {
        if (threadIdx.x == 0) losses[i] = 0;
        for (int j = threadIdx.x; j < vocab_size; j += blockDim.x) grad_row[j] = 0;
        return;
    }
    const T* row = logits + i * vocab_size;
    const long long target = targets[i];
    const Row<T> all(look_through(row, vocab_size, target), logit_of(row, target, vocab_size));
    if (threadIdx.x == 0) losses[i] = all.loss();

    const T factor = scale / (all.others + exp(all.shifted));
    for (int j = threadIdx.x; j < vocab_size; j += CHUNK * blockDim.x) {
        T x[CHUNK];
        read_chunk(x, row, j, vocab_size, target);
        for (int k = 0, at = j; k < CHUNK; ++k, at += blockDim.x) {
            if (at < vocab_size) grad_row[at] = factor * (at == target ? -all.others : exp(x[k] - all.highest));
        }
    }
}
