#include "cuda.h"
// Inclusive scan of one block: Hillis and Steele, two buffers in shared memory.
KERNEL scan_block(int* out, const int* x, int n) {
    __shared__ int buffer[2][256];
    int from = 0;
    buffer[0][tid] = tid < n ? x[tid] : 0;
    __syncthreads();
    for (int offset = 1; offset < bdim; offset *= 2) {
        int value = buffer[from][tid];
        if (tid >= offset) value += buffer[from][tid - offset];
        from ^= 1;
        buffer[from][tid] = value;
        __syncthreads();
    }
    if (tid < n) out[tid] = buffer[from][tid];
}
// Inclusive scan of every warp with shuffles.
KERNEL scan_warp(int* out, const int* x) {
    int value = x[bid * bdim + tid];
    int lane = tid & 31;
    for (int offset = 1; offset < 32; offset *= 2) {
        int other = __nvvm_shfl_sync_up_i32(FULL, value, offset, 0);
        if (lane >= offset) value += other;
    }
    out[bid * bdim + tid] = value;
}
