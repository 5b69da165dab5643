#include "cuda.h"
typedef float float4 __attribute__((ext_vector_type(4)));
typedef int int2 __attribute__((ext_vector_type(2)));
// 16-byte and 8-byte accesses.
KERNEL axpy4(float4* y, const float4* x, float a, int n4) {
    int i = bid * bdim + tid;
    if (i < n4) y[i] = a * x[i] + y[i];
}
KERNEL swap2(int2* x, int n2) {
    int i = bid * bdim + tid;
    if (i < n2) { int2 v = x[i]; x[i] = (int2){v.y, v.x}; }
}
// Through the read-only path.
KERNEL gather(float* y, const float* __restrict__ x, const int* __restrict__ index, int n) {
    int i = bid * bdim + tid;
    if (i < n) y[i] = __nvvm_ldg_f(x + __nvvm_ldg_i(index + i));
}
