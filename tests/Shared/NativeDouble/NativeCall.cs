namespace Harness.Tests.Shared.NativeDouble;

/// <summary>
/// One call that the double received. In arguments, device memory is <c>D1+64</c> (the first allocation, byte 64), page-locked host memory
/// <c>H1+0</c>, and a handle its kind and number: <c>stream1</c>.
/// </summary>
internal sealed record NativeCall(string Name, string Arguments)
{
    public override string ToString() => $"{Name}({Arguments})";
}
