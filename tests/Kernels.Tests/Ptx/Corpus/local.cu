#include "cuda.h"
// A local array that cannot live in registers: insertion sort of eight values a thread.
KERNEL sort8(int* x, int groups) {
    int g = bid * bdim + tid;
    if (g >= groups) return;
    int v[8];
    for (int i = 0; i < 8; i++) v[i] = x[g * 8 + i];
    #pragma nounroll
    for (int i = 1; i < 8; i++) {
        int key = v[i], j = i - 1;
        while (j >= 0 && v[j] > key) { v[j + 1] = v[j]; j--; }
        v[j + 1] = key;
    }
    for (int i = 0; i < 8; i++) x[g * 8 + i] = v[i];
}
