namespace Harness.Kernels.Ptx.Execution;

/// <summary>A live buffer with its shadow: a bit a byte for written and for read, indexed from the region's start.</summary>
internal unsafe struct LiveBuffer
{
    public ulong Start;
    public ulong End;
    public ulong RegionStart;
    public ulong* Written;
    public ulong* Read;
    public int Id;
}

/// <summary>The live buffers in order of address.</summary>
internal unsafe struct MemoryMap
{
    public LiveBuffer** Sorted;
    public int Count;

    /// <summary>The buffer that holds the byte at the address, null where there is none.</summary>
    public static LiveBuffer* Find(MemoryMap* map, ulong address)
    {
        LiveBuffer* below = Below(map, address);
        return below != null && address < below->End ? below : null;
    }

    /// <summary>The last buffer that begins at or below the address.</summary>
    public static LiveBuffer* Below(MemoryMap* map, ulong address)
    {
        int index = IndexBelow(map, address);
        return index < 0 ? null : map->Sorted[index];
    }

    /// <summary>Its index, -1 where every buffer begins above.</summary>
    public static int IndexBelow(MemoryMap* map, ulong address)
    {
        int low = 0;
        int high = map->Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (map->Sorted[middle]->Start <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
