// Softmax of each row of a matrix, in CUDA. Exercise 3.5.
//
// A block has ROWS rows of THREADS threads. The threads of one row share the work on one row of the matrix:
//
//   threadIdx.x   which thread of the row, 0 to THREADS - 1
//   threadIdx.y   which row of the block, 0 to ROWS - 1
//   blockIdx.x    which block
//
// Two barriers are needed around each use of the shared array: one before other threads read what was written, and one
// before it is overwritten.

#define THREADS 64
#define ROWS 2

// x (n_rows, n_columns) → out (n_rows, n_columns): exp(x - highest) / sum, where both are those of the row.
// Threads of rows that the matrix does not have must not read or write it, and must reach every barrier.
extern "C" __global__ void row_softmax(const float* x, float* out, int n_rows, int n_columns) {
    __shared__ float shared[ROWS][THREADS];
    const int thread = threadIdx.x, slot = threadIdx.y;
    const int row = blockIdx.x * ROWS + slot;
    const int count = row < n_rows ? n_columns : 0;  // a row that is not there has no columns
    const long long start = (long long)row * n_columns;

    // The highest number: each thread looks at every THREADS-th column, then a tree joins the threads.
    float highest = -INFINITY;
    for (int i = thread; i < count; i += THREADS) highest = fmaxf(highest, x[start + i]);
    shared[slot][thread] = highest;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (thread < half) shared[slot][thread] = fmaxf(shared[slot][thread], shared[slot][thread + half]);
        __syncthreads();
    }
    highest = shared[slot][0];
    __syncthreads();  // all have read it

    // The sum of the exponentials, in the same way.
    float sum = 0;
    for (int i = thread; i < count; i += THREADS) sum += expf(x[start + i] - highest);
    shared[slot][thread] = sum;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (thread < half) shared[slot][thread] += shared[slot][thread + half];
        __syncthreads();
    }
    sum = shared[slot][0];

    for (int i = thread; i < count; i += THREADS) out[start + i] = expf(x[start + i] - highest) / sum;
}
