// The cells of an LSTM at one time step on a GPU, and their derivative: a thread for each cell of each sequence.
//
// cuBLAS computes the matrix products; these kernels run between two of them, at every step. A block has blockDim.x
// cells of one sequence, blockIdx.x. The gates i, f, g, o of a cell are `size` numbers apart.

template <typename T>
__device__ T sigmoid(T x) {
    return T(1) / (T(1) + exp(-x));
}

// `gates` holds the share of the inputs, and is overwritten with the gates. `recurrent` is the share of the hidden
// state of the step before.
template <typename T>
__global__ void lstm_cell_forward(T* __restrict__ gates, const T* __restrict__ recurrent,
                                  const T* __restrict__ c_before, T* __restrict__ c, T* __restrict__ h,
                                  long long size) {
    const long long n = (long long)blockIdx.y * blockDim.x + threadIdx.x, cell = blockIdx.x * size + n;
    if (n >= size) return;
    gates += blockIdx.x * 4 * size + n;
    recurrent += blockIdx.x * 4 * size + n;

    const T i = sigmoid(gates[0] + recurrent[0]);
    const T f = sigmoid(gates[size] + recurrent[size]);
    const T g = tanh(gates[2 * size] + recurrent[2 * size]);
    const T o = sigmoid(gates[3 * size] + recurrent[3 * size]);
    const T c_now = f * c_before[cell] + i * g;
    gates[0] = i, gates[size] = f, gates[2 * size] = g, gates[3 * size] = o;
    c[cell] = c_now;
    h[cell] = o * tanh(c_now);
}

// `grad` is the gradient of h from the layer above, `grad_h` that from the next step. `grad_c` holds the gradient of c
// from the next step, and is overwritten with the one for the step before.
template <typename T>
__global__ void lstm_cell_backward(const T* __restrict__ grad, const T* __restrict__ grad_h, T* __restrict__ grad_c,
                                   const T* __restrict__ gates, const T* __restrict__ c_before,
                                   const T* __restrict__ c, T* __restrict__ grad_gates, long long size) {
    const long long n = (long long)blockIdx.y * blockDim.x + threadIdx.x, cell = blockIdx.x * size + n;
    if (n >= size) return;
    gates += blockIdx.x * 4 * size + n;
    grad_gates += blockIdx.x * 4 * size + n;

    const T i = gates[0], f = gates[size], g = gates[2 * size], o = gates[3 * size];
    const T tanh_c = tanh(c[cell]);
    const T dh = grad_h[cell] + grad[cell];
    const T dc = grad_c[cell] + dh * o * (1 - tanh_c * tanh_c);
    grad_gates[0] = dc * g * i * (1 - i);
    grad_gates[size] = dc * c_before[cell] * f * (1 - f);
    grad_gates[2 * size] = dc * i * (1 - g * g);
    grad_gates[3 * size] = dh * tanh_c * o * (1 - o);
    grad_c[cell] = dc * f;
}
