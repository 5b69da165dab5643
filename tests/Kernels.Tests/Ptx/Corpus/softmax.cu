#include "cuda.h"
extern __shared__ float scratch[];
__device__ float exponential(float x) { return __nvvm_ex2_approx_f(x * 1.4426950408889634f); }
// Rows of a matrix, one block a row, dynamic shared memory of one float a thread.
KERNEL softmax_rows(float* y, const float* x, int columns) {
    const float* row = x + (long64)bid * columns;
    float m = -__builtin_inff();
    for (int c = tid; c < columns; c += bdim) m = row[c] > m ? row[c] : m;
    scratch[tid] = m;
    __syncthreads();
    for (int s = bdim / 2; s > 0; s /= 2) {
        if (tid < s && scratch[tid + s] > scratch[tid]) scratch[tid] = scratch[tid + s];
        __syncthreads();
    }
    m = scratch[0];
    __syncthreads();
    float sum = 0;
    for (int c = tid; c < columns; c += bdim) sum += exponential(row[c] - m);
    scratch[tid] = sum;
    __syncthreads();
    for (int s = bdim / 2; s > 0; s /= 2) {
        if (tid < s) scratch[tid] += scratch[tid + s];
        __syncthreads();
    }
    float inverse = 1.0f / scratch[0];
    for (int c = tid; c < columns; c += bdim) y[(long64)bid * columns + c] = exponential(row[c] - m) * inverse;
}
