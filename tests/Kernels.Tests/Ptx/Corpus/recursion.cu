#include "cuda.h"
NOINLINE int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
KERNEL recursion(int* x, int n) {
    int i = bid * bdim + tid;
    if (i < n) x[i] = fibonacci(x[i]);
}
