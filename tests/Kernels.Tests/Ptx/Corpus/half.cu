#include "cuda.h"
// f16 in and out, f32 arithmetic; halves are carried as bits.
__device__ float widen(ushort h) { float f; asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h)); return f; }
__device__ ushort narrow(float f) { ushort h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f)); return h; }
KERNEL half_scale(ushort* y, const ushort* x, float scale, int n) {
    int i = bid * bdim + tid;
    if (i < n) y[i] = narrow(widen(x[i]) * scale);
}
// Native f16 arithmetic and the packed form.
KERNEL half_native(uint* y, const uint* a, const uint* b, const uint* c, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    uint packed;
    asm("{ .reg .b16 lo, hi, t;\n"
        "  mov.b32 {lo, hi}, %1;\n"
        "  add.rn.f16 t, lo, hi;\n"
        "  mov.b32 %0, {t, hi};\n"
        "  fma.rn.f16x2 %0, %0, %2, %3; }" : "=&r"(packed) : "r"(a[i]), "r"(b[i]), "r"(c[i]));
    y[i] = packed;
}
