using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>Timed work that holds device memory.</summary>
internal interface IBenchmarkWork : ITimedWork, IDisposable;
