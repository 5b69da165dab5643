#include "cuda.h"
// y[c][r] = x[r][c] through a padded tile of 32 x 33, blocks of 32 x 8.
KERNEL transpose(float* y, const float* x, int rows, int columns) {
    __shared__ float tile[32][33];
    int c = bid * 32 + tid;
    for (int j = 0; j < 32; j += 8) {
        int r = bidy * 32 + tidy + j;
        if (r < rows && c < columns) tile[tidy + j][tid] = x[r * columns + c];
    }
    __syncthreads();
    int r = bidy * 32 + tid;
    for (int j = 0; j < 32; j += 8) {
        int column = bid * 32 + tidy + j;
        if (r < rows && column < columns) y[column * rows + r] = tile[tid][tidy + j];
    }
}
