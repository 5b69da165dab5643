namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// Reverse-mode automatic differentiation (Linnainmaa 1976; Griewank and Walther 2008) over arrays of doubles. There are few operations,
/// each differentiated by a rule of school calculus: a product, a sum, a function of one variable, a choice of elements. Whatever a model
/// does is composed of these, so that no rule of a whole layer is written down here: those are what the oracle is to judge.
/// </summary>
internal sealed class Tape
{
    private readonly Stack<Action> _backward = [];

    /// <summary>
    /// A hash of every choice made so far between branches of the computation: where ReLU cuts off and which element is the maximum.
    /// Between two points with the same branches the loss is smooth as far as ReLU and maximum go, and a finite difference can be trusted.
    /// </summary>
    public ulong Branches { get; private set; } = 14695981039346656037;

    /// <summary>y[i] = function(x[i]).</summary>
    /// <param name="slope">the derivative, of x[i] and y[i]</param>
    public Node Map(Node x, Func<double, double> function, Func<double, double, double> slope)
    {
        Node y = Result(Array.ConvertAll(x.Value, value => function(value)), x);
        return Record(y, gradient =>
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                x.Gradient![i] += gradient[i] * slope(x.Value[i], y.Value[i]);
            }
        });
    }

    public Node Scale(Node x, double factor) => Map(x, value => factor * value, (_, _) => factor);

    /// <summary>max(x, 0), whose slope is 1 where x > 0 and 0 elsewhere, at 0 too.</summary>
    public Node Relu(Node x)
    {
        foreach (double value in x.Value)
        {
            Note(value > 0 ? 1 : 0);
        }

        return Map(x, value => value > 0 ? value : 0, (value, _) => value > 0 ? 1 : 0);
    }

    /// <summary>x[i] + y[i].</summary>
    public Node Add(Node x, Node y)
    {
        SameLength(x, y);
        return Record(Result([.. x.Value.Zip(y.Value, (a, b) => a + b)], x, y), gradient =>
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                AddTo(x, i, gradient[i]);
                AddTo(y, i, gradient[i]);
            }
        });
    }

    /// <summary>x[i] * y[i].</summary>
    public Node Multiply(Node x, Node y)
    {
        SameLength(x, y);
        return Record(Result([.. x.Value.Zip(y.Value, (a, b) => a * b)], x, y), gradient =>
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                AddTo(x, i, gradient[i] * y.Value[i]);
                AddTo(y, i, gradient[i] * x.Value[i]);
            }
        });
    }

    /// <summary>y[i] = x[indices[i]], and 0 where the index is -1. An element may be taken any number of times, or never.</summary>
    public Node Gather(Node x, int[] indices)
    {
        Node y = Result(Array.ConvertAll(indices, index => index < 0 ? 0 : x.Value[index]), x);
        return Record(y, gradient =>
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                if (indices[i] >= 0)
                {
                    x.Gradient![indices[i]] += gradient[i];
                }
            }
        });
    }

    /// <summary>[rows,width] to [rows]: the sum of each row.</summary>
    public Node SumRows(Node x, int width)
    {
        Node y = Result([.. x.Value.Chunk(width).Select(row => row.Sum())], x);
        return Record(y, gradient =>
        {
            for (int i = 0; i < x.Length; i++)
            {
                x.Gradient![i] += gradient[i / width];
            }
        });
    }

    /// <summary>
    /// [groups,m,inner] and [groups,n,inner] to [groups,m,n]: in each group the products of the rows of a with the rows of b, a b^T.
    /// </summary>
    public Node Product(Node a, Node b, int inner, int groups = 1)
    {
        int m = a.Length / (groups * inner), n = b.Length / (groups * inner);
        int RowOfA(int at) => at / n * inner;
        int RowOfB(int at) => (at / (m * n) * n + at % n) * inner;

        var y = new double[groups * m * n];
        for (int at = 0; at < y.Length; at++)
        {
            ReadOnlySpan<double> rowOfA = a.Value.AsSpan(RowOfA(at), inner), rowOfB = b.Value.AsSpan(RowOfB(at), inner);
            for (int i = 0; i < inner; i++)
            {
                y[at] += rowOfA[i] * rowOfB[i];
            }
        }

        return Record(Result(y, a, b), gradient =>
        {
            for (int at = 0; at < gradient.Length; at++)
            {
                AddTo(a, RowOfA(at), gradient[at], b.Value.AsSpan(RowOfB(at), inner));
                AddTo(b, RowOfB(at), gradient[at], a.Value.AsSpan(RowOfA(at), inner));
            }
        });
    }

    /// <summary>Adds a choice to <see cref="Branches"/> (FNV-1a).</summary>
    public void Note(int choice) => Branches = unchecked((Branches ^ (uint)choice) * 1099511628211);

    /// <summary>Fills the gradients of all that the loss, a single number, was computed from. Once for a tape.</summary>
    public void Differentiate(Node loss)
    {
        if (loss.Length != 1 || loss.Gradient is null)
        {
            throw new ArgumentException("a loss is one number that depends on a variable", nameof(loss));
        }

        loss.Gradient[0] = 1;
        while (_backward.TryPop(out Action? step))
        {
            step();
        }
    }

    private static Node Result(double[] value, params ReadOnlySpan<Node> operands)
    {
        foreach (Node operand in operands)
        {
            if (operand.Gradient is not null)
            {
                return Node.Variable(value);
            }
        }

        return Node.Constant(value);
    }

    private Node Record(Node y, Action<double[]> backward)
    {
        if (y.Gradient is double[] gradient)
        {
            _backward.Push(() => backward(gradient));
        }

        return y;
    }

    private static void AddTo(Node x, int at, double term)
    {
        if (x.Gradient is not null)
        {
            x.Gradient[at] += term;
        }
    }

    private static void AddTo(Node x, int at, double factor, ReadOnlySpan<double> row)
    {
        if (x.Gradient is not null)
        {
            Span<double> gradient = x.Gradient.AsSpan(at, row.Length);
            for (int i = 0; i < row.Length; i++)
            {
                gradient[i] += factor * row[i];
            }
        }
    }

    private static void SameLength(Node x, Node y)
    {
        if (x.Length != y.Length)
        {
            throw new ArgumentException($"{x.Length} elements and {y.Length}");
        }
    }
}
