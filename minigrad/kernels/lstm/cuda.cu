// The cell of an LSTM at one time step on a GPU, and its derivative: a thread for each cell of each sequence.
//
// The matrix products are cuBLAS's; between the two of them, at every step, stands this. A block is one sequence's
// (blockIdx.x) and blockDim.x of its cells. The gates i, f, g, o of a cell stand `size` apart.

template <typename T>
__device__ T sigmoid(T x) {
    return T(1) / (T(1) + exp(-x));
}

// gates come in as the input's share and go out as the gates; recurrent is the share of the hidden state before.
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

// grad is the gradient of h from above, grad_h from the step after this one. grad_c comes in as that of c from the
// step after, and goes out as what the step before gets.
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
