#include "cuda.h"
// Counts of bytes: a histogram in shared memory, then added to the global one.
KERNEL histogram256(int* counts, const uchar* x, int n) {
    __shared__ int local[256];
    for (int i = tid; i < 256; i += bdim) local[i] = 0;
    __syncthreads();
    for (int i = bid * bdim + tid; i < n; i += bdim * gdim) __nvvm_atom_add_gen_i(&local[x[i]], 1);
    __syncthreads();
    for (int i = tid; i < 256; i += bdim) if (local[i]) __nvvm_atom_add_gen_i(&counts[i], local[i]);
}
// Every atomic on one word each: min, max, and, or, xor, exchange, compare and swap.
KERNEL atomics(int* out, const int* x, uint* wrap, long64* wide) {
    int value = x[bid * bdim + tid];
    __nvvm_atom_min_gen_i(&out[0], value);
    __nvvm_atom_max_gen_i(&out[1], value);
    __nvvm_atom_and_gen_i(&out[2], value);
    __nvvm_atom_or_gen_i(&out[3], value);
    __nvvm_atom_xor_gen_i(&out[4], value);
    __nvvm_atom_min_gen_ui((uint*)&out[5], value);
    __nvvm_atom_max_gen_ui((uint*)&out[6], value);
    __nvvm_atom_inc_gen_ui(&wrap[0], 6);
    __nvvm_atom_dec_gen_ui(&wrap[1], 6);
    __nvvm_atom_add_gen_ll(&wide[0], value);
    __nvvm_atom_max_gen_ll(&wide[1], value);
    int seen = out[7], expected;
    do {
        expected = seen;
        seen = __nvvm_atom_cas_gen_i(&out[7], expected, expected + 2 * value);
    } while (seen != expected);
}
