#include "cuda.h"
// Sum of x[n] into out[block]: grid-stride loop, shared-memory tree.
KERNEL reduce_tree(float* out, const float* x, int n) {
    __shared__ float tile[256];
    float sum = 0;
    for (int i = bid * bdim + tid; i < n; i += bdim * gdim) sum += x[i];
    tile[tid] = sum;
    __syncthreads();
    for (int half = bdim / 2; half > 0; half /= 2) {
        if (tid < half) tile[tid] += tile[tid + half];
        __syncthreads();
    }
    if (tid == 0) out[bid] = tile[0];
}
// The same through warp shuffles, and one atomic a block.
KERNEL reduce_shuffle(float* out, const float* x, int n) {
    __shared__ float warps[32];
    float sum = 0;
    for (int i = bid * bdim + tid; i < n; i += bdim * gdim) sum += x[i];
    for (int delta = 16; delta > 0; delta /= 2) sum += __nvvm_shfl_sync_down_f32(FULL, sum, delta, 31);
    if (tid % 32 == 0) warps[tid / 32] = sum;
    __syncthreads();
    if (tid < 32) {
        sum = tid < bdim / 32 ? warps[tid] : 0.0f;
        for (int mask = 16; mask > 0; mask /= 2) sum += __nvvm_shfl_sync_bfly_f32(FULL, sum, mask, 31);
        if (tid == 0) __nvvm_atom_add_gen_f(out, sum);
    }
}
