#include "cuda.h"
// f64: a Kahan sum per thread over a strided row.
KERNEL kahan(double* out, const double* x, int rows, int columns) {
    int r = bid * bdim + tid;
    if (r >= rows) return;
    double sum = 0, lost = 0;
    for (int c = 0; c < columns; c++) {
        double y = x[r * columns + c] - lost, t = sum + y;
        lost = (t - sum) - y;
        sum = t;
    }
    out[r] = sum;
}
// Quotient, root, fused multiply-add, conversions to integers and back.
KERNEL doubles(double* out, const double* x, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    double v = x[i];
    double q = 1.0 / (v * v + 1.0);
    out[i] = __nvvm_sqrt_rn_d(q) + __nvvm_fma_rn_d(v, q, 0.5) + (double)(int)v + (double)(long64)(v * 16) + (double)(float)v
        + __builtin_fabs(v) + __builtin_floor(v) + __builtin_trunc(v) + (v < q ? v : q);
}
