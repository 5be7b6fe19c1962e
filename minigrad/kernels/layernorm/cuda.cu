// Layer normalisation and RMS normalisation on a GPU.
//
// There is little to compute and much to move, so the time is that of the memory: a kernel should read each row once.
// So the threads of a row hold it in their registers; sums over the row go through shuffles and shared memory. Rows
// that are too wide for the registers have kernels of their own, at the end of this file, which read a row several
// times. They are shorter, so start there.
//
// A block has blockDim.y rows at a time, and blockDim.x threads (whole warps) for each row. Elements move between
// memory and registers in packs of PACK, up to 16 bytes with one instruction.

enum Norm { LAYER, RMS };  // RMS normalisation has no mean and no bias

constexpr int ELEMENTS = 16;   // of a row, in the registers of each thread
constexpr int MAX_WARPS = 16;  // of a block
constexpr unsigned ALL_LANES = 0xffffffff;

template <int PACK>
constexpr int MAX_THREADS = PACK == 4 ? 512 : 256;  // of a block: more would not have registers enough

// ---- A thread's part of a row ---------------------------------------------------------------------------------------

template <typename T, int PACK>
struct alignas(sizeof(T) * PACK) Pack {
    T elements[PACK];
};

// The first column of the pack that holds a thread's element `e`. Neighbours in a warp have neighbouring packs, so that
// a warp reads contiguous memory.
template <int PACK>
__device__ int column_of(int e) {
    return (e / PACK * blockDim.x + threadIdx.x) * PACK;
}

// Elements beyond the width are zero.
template <int PACK, typename T>
__device__ void load(T (&held)[ELEMENTS], const T* __restrict__ row, int width) {
#pragma unroll
    for (int e = 0; e < ELEMENTS; e += PACK) {
        Pack<T, PACK> pack = {};
        if (column_of<PACK>(e) < width) pack = *reinterpret_cast<const Pack<T, PACK>*>(row + column_of<PACK>(e));
#pragma unroll
        for (int k = 0; k < PACK; k++) held[e + k] = pack.elements[k];
    }
}

template <int PACK, typename T>
__device__ void store(T* __restrict__ row, const T (&held)[ELEMENTS], int width) {
#pragma unroll
    for (int e = 0; e < ELEMENTS; e += PACK) {
        Pack<T, PACK> pack;
#pragma unroll
        for (int k = 0; k < PACK; k++) pack.elements[k] = held[e + k];
        if (column_of<PACK>(e) < width) *reinterpret_cast<Pack<T, PACK>*>(row + column_of<PACK>(e)) = pack;
    }
}

// The sum of `value` over the threads of a row, for each of them. First within a warp: in five steps, each lane adds
// the value of the lane 16, 8, 4, 2, 1 places away. Then over the warps of the row, through shared memory.
template <typename T>
__device__ T sum_over_row(T value) {
    __shared__ T of_warps[MAX_WARPS];
    for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(ALL_LANES, value, distance);
    int n_warps = blockDim.x / 32;
    if (n_warps == 1) return value;
    T* of_my_row = of_warps + threadIdx.y * n_warps;
    __syncthreads();  // everybody has read the sums of the call before
    if (threadIdx.x % 32 == 0) of_my_row[threadIdx.x / 32] = value;
    __syncthreads();
    T sum = 0;
    for (int warp = 0; warp < n_warps; warp++) sum += of_my_row[warp];
    return sum;
}

// ---- Forward: out = (x - mean) rstd weight + bias -------------------------------------------------------------------
//
// The sums are in T. So the mean is rounded, and the row minus this mean has a small mean of its own, `rest`, which is
// subtracted as well. If the squares overflow or vanish in a float, the row is computed again in double.

// Whether a variance + eps has all its digits; NaN has none.
template <typename T>
__device__ bool fits(T spread) {
    return sizeof(T) == 8 || (spread > T(1e-30) && spread < T(1e36));
}

// The variance + eps, given Σ (x - m)² and the mean of x - m, by which m is off.
template <typename T>
__device__ T spread_of(T squares, T rest, int width, T eps) {
    const T variance = squares / width - rest * rest;
    return (variance < 0 ? 0 : variance) + eps;
}

// Whether any row of the block is computed again: then all its threads must reach the barriers in there.
__device__ bool any_in_block(bool again) { return blockDim.x == 32 ? again : __syncthreads_or(again); }

template <typename T, int PACK, Norm NORM>
__global__ void __launch_bounds__(MAX_THREADS<PACK>) norm_forward(
    const T* __restrict__ x, const T* __restrict__ weight, const T* __restrict__ bias, T* __restrict__ out,
    T* __restrict__ mean, T* __restrict__ rstd, int n_rows, int width, T eps) {
    int i = blockIdx.x * blockDim.y + threadIdx.y;
    long long start = (long long)i * width;
    if (i >= n_rows) width = 0;  // there is no such row, but its threads must reach the barriers
    T row[ELEMENTS];
    load<PACK>(row, x + start, width);

    T m = 0;
    if (NORM == LAYER) {
        T total = 0;
#pragma unroll
        for (int e = 0; e < ELEMENTS; e++) total += row[e];
        m = sum_over_row(total) / width;
    }
    T square = 0, rest = 0;
#pragma unroll
    for (int e = 0; e < ELEMENTS; e++) {
        row[e] = column_of<PACK>(e) < width ? row[e] - m : 0;
        rest += row[e];
        square += row[e] * row[e];
    }
    rest = NORM == LAYER ? sum_over_row(rest) / width : 0;
    const T spread = spread_of(sum_over_row(square), rest, width, eps);
    T r = 1 / sqrt(spread);
    m += rest == rest ? rest : 0;  // rest is NaN if m is infinite
#pragma unroll
    for (int e = 0; e < ELEMENTS; e++) row[e] = (row[e] - rest) * r;

    if (const bool again = i < n_rows && !fits(spread); any_in_block(again)) {
        if (again) load<PACK>(row, x + start, width);
        double exact_m = 0, exact_square = 0;
        if (NORM == LAYER) {
            for (int e = 0; e < ELEMENTS; e++) exact_m += again ? row[e] : 0;
            exact_m = sum_over_row(exact_m) / width;
        }
        for (int e = 0; e < ELEMENTS; e++) {
            const double centred = again && column_of<PACK>(e) < width ? row[e] - exact_m : 0;
            exact_square += centred * centred;
        }
        const double exact_r = 1 / sqrt(sum_over_row(exact_square) / width + eps);
        if (again) {
            m = exact_m, r = exact_r;
            for (int e = 0; e < ELEMENTS; e++) row[e] = (row[e] - exact_m) * exact_r;
        }
    }

    T w[ELEMENTS], b[ELEMENTS] = {};
    load<PACK>(w, weight, width);
    if (NORM == LAYER) load<PACK>(b, bias, width);
#pragma unroll
    for (int e = 0; e < ELEMENTS; e++) row[e] = row[e] * w[e] + b[e];
    store<PACK>(out + start, row, width);
    if (threadIdx.x == 0 && i < n_rows) {
        rstd[i] = r;
        if (NORM == LAYER) mean[i] = m;
    }
}

// ---- Backward: with n = (x - mean) rstd and dn = grad weight, -------------------------------------------------------
//
// grad_x = rstd (dn - mean(dn) - n mean(dn n)),  grad_weight = Σ_rows grad n,  grad_bias = Σ_rows grad.
//
// A block takes several groups of rows, and a thread has the same columns in all of them. So it adds up grad_weight and
// grad_bias for its columns in registers. In the end, each block writes its sums into a slot of its own, and add_slots
// adds up the slots. The order of every sum is fixed, so the same input gives the same bits.

// Adds up what the blockDim.y threads at the same columns hold, one after the other, and writes the sums into a slot.
template <int PACK, typename T>
__device__ void sum_over_rows_of_threads(T (&held)[ELEMENTS], T* __restrict__ slot, int width) {
    __shared__ T sums[ELEMENTS * 128];  // if there are several rows of threads, a row has at most 128
    for (int y = 0; y < blockDim.y && blockDim.y > 1; y++) {
        if (threadIdx.y == y) {
#pragma unroll
            for (int e = 0; e < ELEMENTS; e++) {
                T& sum = sums[e * blockDim.x + threadIdx.x];
                held[e] += y > 0 ? sum : 0;
                sum = held[e];
            }
        }
        __syncthreads();
    }
    if (threadIdx.y == blockDim.y - 1) store<PACK>(slot, held, width);
}

template <typename T, int PACK, Norm NORM>
__global__ void __launch_bounds__(MAX_THREADS<PACK>) norm_backward(
    const T* __restrict__ grad, const T* __restrict__ x, const T* __restrict__ weight, const T* __restrict__ mean,
    const T* __restrict__ rstd, T* __restrict__ grad_x, T* __restrict__ slots, int n_rows, int width) {
    T w[ELEMENTS], grad_weight[ELEMENTS] = {}, grad_bias[ELEMENTS] = {};
    load<PACK>(w, weight, width);

    for (int first = blockIdx.x * blockDim.y; first < n_rows; first += gridDim.x * blockDim.y) {
        int i = first + threadIdx.y;
        bool there = i < n_rows;
        long long start = (long long)i * width;
        T n[ELEMENTS], dn[ELEMENTS];  // first they hold the row of x and that of grad
        load<PACK>(n, x + start, there ? width : 0);
        load<PACK>(dn, grad + start, there ? width : 0);
        T m = NORM == LAYER && there ? mean[i] : 0, r = there ? rstd[i] : 0;

        T total = 0, inner = 0;
#pragma unroll
        for (int e = 0; e < ELEMENTS; e++) {
            n[e] = (n[e] - m) * r;
            grad_weight[e] += dn[e] * n[e];
            if (NORM == LAYER) grad_bias[e] += dn[e];
            dn[e] *= w[e];
            total += dn[e];
            inner += dn[e] * n[e];  // dn is zero beyond the width
        }
        total = NORM == LAYER ? sum_over_row(total) / width : 0;
        inner = sum_over_row(inner) / width;

#pragma unroll
        for (int e = 0; e < ELEMENTS; e++) dn[e] = r * (dn[e] - total - n[e] * inner);
        if (there) store<PACK>(grad_x + start, dn, width);
    }
    sum_over_rows_of_threads<PACK>(grad_weight, slots + (long long)blockIdx.x * width, width);
    if (NORM == LAYER) {
        sum_over_rows_of_threads<PACK>(grad_bias, slots + (long long)(gridDim.x + blockIdx.x) * width, width);
    }
}

// slots (arrays, n_slots, width) → sums (arrays, width). A block adds 32 columns of one array, each with 32 threads.
template <typename T>
__global__ void add_slots(const T* __restrict__ slots, T* __restrict__ sums, int n_slots, int width) {
    __shared__ T parts[32][32];
    int column = blockIdx.x * 32 + threadIdx.x;
    const T* array = slots + (long long)blockIdx.y * n_slots * width;
    T part = 0;
    for (int slot = threadIdx.y; slot < n_slots && column < width; slot += 32) {
        part += array[(long long)slot * width + column];
    }
    parts[threadIdx.y][threadIdx.x] = part;
    __syncthreads();
    if (threadIdx.y > 0 || column >= width) return;
    T sum = 0;
    for (int y = 0; y < 32; y++) sum += parts[y][threadIdx.x];
    sums[(long long)blockIdx.y * width + column] = sum;
}

// ---- Rows of any width: a block for a row, which it reads from memory each time -------------------------------------

// The mean m, what it is off by, and the variance + eps, which is returned. `Sum` is T or, if T overflows, double.
template <typename Sum, Norm NORM, typename T>
__device__ Sum wide_statistics(const T* __restrict__ row, int width, T eps, Sum& m, Sum& rest) {
    m = rest = 0;
    if (NORM == LAYER) {
        Sum total = 0;
        for (int j = threadIdx.x; j < width; j += blockDim.x) total += row[j];
        m = sum_over_row(total) / width;
        for (int j = threadIdx.x; j < width; j += blockDim.x) rest += row[j] - m;
        rest = sum_over_row(rest) / width;
    }
    Sum square = 0;
    for (int j = threadIdx.x; j < width; j += blockDim.x) square += (row[j] - m) * (row[j] - m);
    return spread_of(sum_over_row(square), rest, width, Sum(eps));
}

template <Norm NORM, typename Sum, typename T>
__device__ void write_wide_row(const T* __restrict__ row, const T* __restrict__ weight, const T* __restrict__ bias,
                               T* __restrict__ target, T* __restrict__ mean, T* __restrict__ rstd, int width, Sum m,
                               Sum rest, Sum r) {
    for (int j = threadIdx.x; j < width; j += blockDim.x) {
        target[j] = T((row[j] - m - rest) * r) * weight[j] + (NORM == LAYER ? bias[j] : 0);
    }
    if (threadIdx.x == 0) {
        rstd[blockIdx.x] = r;
        if (NORM == LAYER) mean[blockIdx.x] = m + (rest == rest ? rest : 0);
    }
}

template <typename T, Norm NORM>
__global__ void wide_norm_forward(const T* __restrict__ x, const T* __restrict__ weight, const T* __restrict__ bias,
                                  T* __restrict__ out, T* __restrict__ mean, T* __restrict__ rstd, int width, T eps) {
    const T* row = x + (long long)blockIdx.x * width;
    T* target = out + (long long)blockIdx.x * width;

    T m, rest;
    const T spread = wide_statistics<T, NORM>(row, width, eps, m, rest);
    if (fits(spread)) {
        const T r = 1 / sqrt(spread);
        write_wide_row<NORM>(row, weight, bias, target, mean, rstd, width, m, rest, r);
    } else {
        double exact_m, exact_rest;
        const double r = 1 / sqrt(wide_statistics<double, NORM>(row, width, eps, exact_m, exact_rest));
        write_wide_row<NORM>(row, weight, bias, target, mean, rstd, width, exact_m, exact_rest, r);
    }
}

template <typename T, Norm NORM>
__global__ void wide_norm_backward(const T* __restrict__ grad, const T* __restrict__ x, const T* __restrict__ weight,
                                   const T* __restrict__ mean, const T* __restrict__ rstd, T* __restrict__ grad_x,
                                   int width) {
    long long start = (long long)blockIdx.x * width;
    T m = NORM == LAYER ? mean[blockIdx.x] : 0, r = rstd[blockIdx.x];

    T total = 0, inner = 0;
    for (int j = threadIdx.x; j < width; j += blockDim.x) {
        T n = (x[start + j] - m) * r, dn = grad[start + j] * weight[j];
        total += dn;
        inner += dn * n;
    }
    total = NORM == LAYER ? sum_over_row(total) / width : 0;
    inner = sum_over_row(inner) / width;

    for (int j = threadIdx.x; j < width; j += blockDim.x) {
        T n = (x[start + j] - m) * r, dn = grad[start + j] * weight[j];
        grad_x[start + j] = r * (dn - total - n * inner);
    }
}

// A thread for a column of a slot: it adds up every gridDim.y-th row.
template <typename T, Norm NORM>
__global__ void wide_norm_slots(const T* __restrict__ grad, const T* __restrict__ x, const T* __restrict__ mean,
                                const T* __restrict__ rstd, T* __restrict__ slots, int n_rows, int width) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= width) return;
    T grad_weight = 0, grad_bias = 0;
    for (int i = blockIdx.y; i < n_rows; i += gridDim.y) {
        T g = grad[(long long)i * width + column], m = NORM == LAYER ? mean[i] : 0;
        grad_weight += g * ((x[(long long)i * width + column] - m) * rstd[i]);
        grad_bias += g;
    }
    slots[(long long)blockIdx.y * width + column] = grad_weight;
    if (NORM == LAYER) slots[(long long)(gridDim.y + blockIdx.y) * width + column] = grad_bias;
}
