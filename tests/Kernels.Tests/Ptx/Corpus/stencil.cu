#include "cuda.h"
__constant__ float weights[5] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};
// Five-point binomial filter with clamped edges.
KERNEL stencil5(float* y, const float* x, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    float sum = 0;
    for (int k = -2; k <= 2; k++) {
        int j = i + k;
        j = j < 0 ? 0 : j >= n ? n - 1 : j;
        sum += weights[k + 2] * x[j];
    }
    y[i] = sum;
}
// Heat equation on a grid: interior cells only.
KERNEL heat(double* y, const double* x, int width, int height, double c) {
    int i = bid * bdim + tid, j = bidy;
    if (i < 1 || j < 1 || i >= width - 1 || j >= height - 1) return;
    const double* at = x + j * width + i;
    y[j * width + i] = *at + c * (at[1] + at[-1] + at[width] + at[-width] - 4 * *at);
}
