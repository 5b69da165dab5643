// The few words of CUDA C++ that the corpus needs; clang compiles them without a toolkit.
#pragma once
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define KERNEL extern "C" __global__ void
#define NOINLINE __device__ __attribute__((noinline))
#define tid ((int)__nvvm_read_ptx_sreg_tid_x())
#define tidy ((int)__nvvm_read_ptx_sreg_tid_y())
#define bid ((int)__nvvm_read_ptx_sreg_ctaid_x())
#define bidy ((int)__nvvm_read_ptx_sreg_ctaid_y())
#define bdim ((int)__nvvm_read_ptx_sreg_ntid_x())
#define gdim ((int)__nvvm_read_ptx_sreg_nctaid_x())
#define FULL 0xffffffffu
typedef unsigned int uint;
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned long long ulong64;
typedef long long long64;
