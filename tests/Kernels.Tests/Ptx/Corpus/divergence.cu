#include "cuda.h"
// Lanes leave a loop at different times, and early returns mix with it: Collatz lengths.
KERNEL collatz(int* steps, const uint* start, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    uint v = start[i];
    int count = 0;
    if (v == 0) { steps[i] = -1; return; }
    while (v != 1) {
        if (v & 1) { if (v > 1431655764u) { steps[i] = -2; return; } v = 3 * v + 1; }
        else v /= 2;
        if (++count > 500) break;
    }
    steps[i] = count;
}
