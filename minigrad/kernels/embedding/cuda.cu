// The sum of gradients by row on a GPU, without atomics: each element of the table is written by one thread, which
// adds up its gradients in the order in which they stand. So the bits are always the same.
//
// The positions come sorted by the row of the table that they belong to (stably: those of one row in their order):
//
//     place in this list     0  1  2  3  4  5
//     sorted_rows            3  3  3  7  9  9      the row of the table
//     order                  1  4  5  0  2  3      where in grad its gradient stands
//     ends                   3  3  3  4  6  6      where the row's places end
//
// A block for each place and each blockDim.x columns: the block at a row's first place does the row, the others have
// nothing to do. A row that occurs nowhere is not written: the table comes filled with zeros. Rows that the table does
// not have are left out.

constexpr int BATCH = 16;  // additions wait for each other, reads do not: so many are on their way at a time

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
