namespace Harness.Tests.Shared.NativeDouble;

/// <summary>
/// What real hardware would punish without a status that says so: wrong numbers, corrupted memory, a crash, or luck. A test fails with it; it is no
/// exception that the product may catch.
/// </summary>
internal sealed class MisuseException(string message) : Exception(message);
