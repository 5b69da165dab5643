namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Where the sides of a branch meet: immediate post-dominators of the instructions of one function (Cooper, Harvey and Kennedy 2001, on
/// the reversed flow graph with one virtual exit).
/// </summary>
internal sealed class ControlFlow
{
    private readonly int[][] _successors;
    private readonly int[] _postDominator;

    /// <param name="successors">of every instruction; the number of instructions is the exit</param>
    public ControlFlow(int[][] successors)
    {
        _successors = successors;
        _postDominator = PostDominators();
    }

    /// <summary>The first instruction that every path from this one runs through; -1 where only the exit is common, or no path leads there.</summary>
    public int MeetingPoint(int instruction)
    {
        int point = _postDominator[instruction];
        return point == _successors.Length ? -1 : point;
    }

    private int[] PostDominators()
    {
        int exit = _successors.Length;
        var predecessors = new List<int>[exit + 1];
        for (int k = 0; k <= exit; k++)
        {
            predecessors[k] = [];
        }

        for (int k = 0; k < exit; k++)
        {
            foreach (int next in _successors[k])
            {
                predecessors[next].Add(k);
            }
        }

        // Postorder of the reversed graph from the exit.
        int[] order = new int[exit + 1];
        Array.Fill(order, -1);
        var sequence = new List<int>(exit + 1);
        var visited = new bool[exit + 1];
        var stack = new Stack<(int Node, int Edge)>();
        stack.Push((exit, 0));
        visited[exit] = true;
        while (stack.TryPop(out (int Node, int Edge) top))
        {
            if (top.Edge == predecessors[top.Node].Count)
            {
                order[top.Node] = sequence.Count;
                sequence.Add(top.Node);
                continue;
            }

            stack.Push((top.Node, top.Edge + 1));
            int previous = predecessors[top.Node][top.Edge];
            if (!visited[previous])
            {
                visited[previous] = true;
                stack.Push((previous, 0));
            }
        }

        int[] dominator = new int[exit + 1];
        Array.Fill(dominator, -1);
        dominator[exit] = exit;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int k = sequence.Count - 2; k >= 0; k--)
            {
                int node = sequence[k];
                int found = -1;
                foreach (int next in _successors[node])
                {
                    if (dominator[next] >= 0)
                    {
                        found = found < 0 ? next : Intersect(found, next);
                    }
                }

                if (found != dominator[node])
                {
                    dominator[node] = found;
                    changed = true;
                }
            }
        }

        return dominator;

        int Intersect(int a, int b)
        {
            while (a != b)
            {
                while (order[a] < order[b])
                {
                    a = dominator[a];
                }

                while (order[b] < order[a])
                {
                    b = dominator[b];
                }
            }

            return a;
        }
    }
}
