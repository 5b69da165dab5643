#include "cuda.h"
// C[m][n] = A[m][k] B[k][n], tiles of 16 x 16, any size.
KERNEL matmul16(float* c, const float* a, const float* b, int m, int n, int k) {
    __shared__ float ta[16][16], tb[16][16];
    int row = bidy * 16 + tidy, column = bid * 16 + tid;
    float sum = 0;
    for (int t = 0; t < k; t += 16) {
        ta[tidy][tid] = row < m && t + tid < k ? a[row * k + t + tid] : 0;
        tb[tidy][tid] = column < n && t + tidy < k ? b[(t + tidy) * n + column] : 0;
        __syncthreads();
        for (int i = 0; i < 16; i++) sum += ta[tidy][i] * tb[i][tid];
        __syncthreads();
    }
    if (row < m && column < n) c[row * n + column] = sum;
}
