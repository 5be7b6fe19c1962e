// The sum of gradients by row on a GPU, without atomics. One thread writes each element of the table. It adds up the
// gradients in the order of their positions, so the bits are always the same.
//
// The positions are sorted by their rows of the table. The sort is stable: positions of one row keep their order.
//
//     place in this list     0  1  2  3  4  5
//     sorted_rows            3  3  3  7  9  9      the row of the table
//     order                  1  4  5  0  2  3      the position of its gradient in grad
//     ends                   3  3  3  4  6  6      the end of the row's places
//
// There is a block for each place and each blockDim.x columns. The block at the first place of a row adds up the row;
// the others return. A row that does not occur is not written: the table is filled with zeros beforehand. Rows outside
// of the table are skipped.

constexpr int BATCH = 16;  // reads in flight at a time: additions wait for each other, reads do not

template <typename T>
__global__ void scatter_add(const T* __restrict__ grad, const long long* __restrict__ sorted_rows,
                            const long long* __restrict__ order, const long long* __restrict__ ends,
                            T* __restrict__ table, long long n_rows, long long width) {
    const long long first = blockIdx.x, row = sorted_rows[first];
    if (row < 0 || row >= n_rows || (first > 0 && sorted_rows[first - 1] == row)) return;
    const long long column = (long long)blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= width) return;

    const long long end = ends[first];
    T sum = 0;
    for (long long i = first; i < end; i += BATCH) {
        T next[BATCH];
        for (int k = 0; k < BATCH; ++k) next[k] = i + k < end ? grad[order[i + k] * width + column] : T(0);
        for (int k = 0; k < BATCH; ++k) sum += next[k];
    }
    table[row * width + column] = sum;
}
