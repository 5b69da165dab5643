#include "cuda.h"
struct pair { int low, by; long64 high; };
// Device functions that are really called: scalars, a structure by value, a pointer.
NOINLINE float horner(float x, float a, float b, float c) { return (a * x + b) * x + c; }
NOINLINE pair spread(pair p, int by) { pair q = { p.low + by, by, p.high * by }; return q; }
NOINLINE void bump(int* at) { *at += 7; }
KERNEL calls(float* f, int* s, long64* w, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    f[i] = horner(f[i], 2, -3, 0.5f);
    pair p = { s[i], 0, w[i] };
    p = spread(p, i);
    int v = p.low;
    bump(&v);
    s[i] = v;
    w[i] = p.high;
}
