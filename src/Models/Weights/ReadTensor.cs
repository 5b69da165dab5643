using Harness.Kernels.Programs;

namespace Harness.Models.Weights;

/// <summary>Fills <paramref name="destination"/>, exactly <c>tensor.Bytes</c> long, with a tensor's bytes, row-major and little-endian.</summary>
public delegate void ReadTensor(TensorSpec tensor, Span<byte> destination);
