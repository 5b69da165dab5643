#include "cuda.h"
// The approximate units, and the exactly rounded ones beside them.
KERNEL math32(float* out, const float* x, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    float v = x[i];
    float a = __builtin_fabsf(v) + 1.0f;
    out[i * 8 + 0] = __nvvm_ex2_approx_f(v);
    out[i * 8 + 1] = __nvvm_lg2_approx_f(a);
    out[i * 8 + 2] = __nvvm_sin_approx_f(v) * __nvvm_cos_approx_f(v);
    out[i * 8 + 3] = __nvvm_rsqrt_approx_f(a);
    out[i * 8 + 4] = __nvvm_sqrt_rn_f(a);
    out[i * 8 + 5] = v / a;
    out[i * 8 + 6] = __nvvm_rcp_rn_f(a) + __nvvm_fma_rz_f(v, a, 1.0f);
    out[i * 8 + 7] = __builtin_copysignf(__builtin_ceilf(v), -a) + __nvvm_saturate_f(v) + (float)(uint)a + __builtin_rintf(v);
}
