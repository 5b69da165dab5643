#include "cuda.h"
// 64-bit products, quotients, shifts and comparisons.
KERNEL integers64(ulong64* out, const ulong64* a, const ulong64* b, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    ulong64 x = a[i], y = b[i] | 1;
    long64 sx = (long64)x, sy = (long64)y;
    ulong64 h = x * 6364136223846793005ull + 1442695040888963407ull;
    h ^= h >> (x & 63);
    h += (x / y) + (x % y);
    h ^= (ulong64)((sx >> 7) + (sy < sx ? sx : sy));
    h += (x << 13) | (x >> 51);
    h -= (ulong64)(sx % 1000);
    out[i] = h;
}
// Bit tricks on 32 bits.
KERNEL bits32(uint* out, const uint* a, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    uint x = a[i];
    uint h = __builtin_popcount(x) + (__builtin_clz(x | 1) << 6) + (__builtin_ctz(x | 0x80000000u) << 12);
    h ^= __builtin_bitreverse32(x);
    h += (x << 7) | (x >> 25);
    h += __builtin_bswap32(x);
    h ^= (uint)(((ulong64)x * x) >> 32);
    h += (uint)((int)x / 7) + (uint)((int)x % 7) + x / 10;
    out[i] = h;
}
// Narrow types: bytes and shorts with sign extension.
KERNEL narrow_types(signed char* c, short* s, const int* x, int n) {
    int i = bid * bdim + tid;
    if (i >= n) return;
    c[i] = (signed char)(c[i] * 3 + x[i]);
    s[i] = (short)(s[i] / 5 - (short)x[i]);
}
