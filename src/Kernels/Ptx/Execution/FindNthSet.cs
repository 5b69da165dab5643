namespace Harness.Kernels.Ptx.Execution;

/// <summary><c>fns</c>: position of the c-th set bit of the mask a, counted from position b up, or down for negative c; all ones where there is none.</summary>
internal readonly struct FindNthSet : IScalarTernary<uint, uint, int, uint>
{
    public static uint Invoke(uint a, uint b, int c)
    {
        if (c == 0)
        {
            return b < 32 && ((a >> (int)b) & 1) != 0 ? b : uint.MaxValue;
        }

        long left = Math.Abs((long)c);
        for (long position = b; position is >= 0 and < 32; position += Math.Sign(c))
        {
            if (((a >> (int)position) & 1) != 0 && --left == 0)
            {
                return (uint)position;
            }
        }

        return uint.MaxValue;
    }
}
