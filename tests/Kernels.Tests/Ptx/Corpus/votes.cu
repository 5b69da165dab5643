#include "cuda.h"
// Stream compaction of one warp a block: ballot and population count give the place.
KERNEL compact(int* out, int* counts, const int* x, int threshold) {
    int value = x[bid * 32 + tid];
    uint keep = __nvvm_vote_ballot_sync(FULL, value > threshold);
    int place = __builtin_popcount(keep & ((1u << tid) - 1));
    if (value > threshold) out[bid * 32 + place] = value;
    if (tid == 0) counts[bid] = __builtin_popcount(keep);
}
KERNEL agree(int* out, const int* x, int n) {
    int value = x[tid];
    int all = __nvvm_vote_all_sync(FULL, value > 0);
    int any = __nvvm_vote_any_sync(FULL, value > n);
    int first = __nvvm_shfl_sync_idx_i32(FULL, value, 0, 31);
    uint same = __nvvm_match_any_sync_i32(FULL, value);
    __nvvm_bar_warp_sync(FULL);
    out[tid] = all + 2 * any + 4 * (first == value) + 8 * (int)same;
}
