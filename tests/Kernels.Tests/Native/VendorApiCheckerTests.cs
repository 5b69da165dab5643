using Xunit;

namespace Harness.Kernels.Tests.Native;

/// <summary>The judge judged: one fact of the table is changed at a time, and each change must be reported under its name.</summary>
public sealed class VendorApiCheckerTests
{
    private static readonly string[] s_lines = [.. VendorApi.Lines().Where(line => line.Length > 0 && line[0] != '#')];
    private static readonly string[][] s_rows = [.. s_lines.Select(line => line.Split('\t'))];

    /// <summary>Of the other functions and constants only those of the same enum stay: thousands of changes are tried.</summary>
    private static List<string> Changed(int line, string replacement)
    {
        string[] changed = s_rows[line];
        IEnumerable<string> others = s_lines.Where((_, k) => k != line && s_rows[k][0] switch
        {
            "function" or "note" or "source" => false,
            "value" => changed is ["value" or "renumbered", var type, ..] && s_rows[k][1] == type,
            _ => true,
        });
        VendorApi api = VendorApi.Parse([.. others, replacement]);
        return changed[0] == "function" ? VendorApiChecker.Calls(api) : VendorApiChecker.Layouts(api);
    }

    private static IEnumerable<(int Line, string[] Columns)> Rows(string kind) =>
        s_rows.Index().Where(row => row.Item[0] == kind).Select(row => (row.Index, row.Item));

    private static void Reports(string subject, int line, string[] columns)
    {
        string changed = string.Join('\t', columns);
        List<string> differences = Changed(line, changed);
        Assert.True(differences.Any(difference => difference.StartsWith(subject, StringComparison.Ordinal)), $"not reported: {changed}");
    }

    private static string[] With(string[] columns, int at, string column)
    {
        string[] copy = [.. columns];
        copy[at] = column;
        return copy;
    }

    [Fact]
    public void A_function_that_is_missing_or_has_another_library_or_symbol_is_reported()
    {
        foreach ((int line, string[] row) in Rows("function"))
        {
            Assert.Contains($"{row[2]}: not in the table of {row[1]}", Changed(line, ""));
            Reports(row[2] + ":", line, With(row, 1, row[1] == "cuda" ? "nvml" : "cuda"));
            Reports(row[2] + ":", line, With(row, 3, row[3].EndsWith("_v2", StringComparison.Ordinal) ? row[3][..^3] : row[3] + "_v2"));

        }
    }

    [Fact]
    public void A_signature_that_differs_anywhere_is_reported()
    {
        // Of these every fourth is tried in a place, others in the next.
        string[] types =
        [
            "int", "unsigned int", "size_t", "long long", "unsigned long long", "float", "double", "void*", "void**", "int*", "size_t*",
            "CUstream", "CUdeviceptr",
        ];
        foreach ((int line, string[] row) in Rows("function"))
        {
            Reports(row[2] + " (", line, [.. row, "int more"]);
            foreach (string type in types.Where((type, k) => (k + line) % 4 == 0 && type != row[5]))
            {
                Reports(row[2] + " (", line, With(row, 5, type));
            }

            for (int at = 6; at < row.Length; at++)
            {
                int space = row[at].LastIndexOf(' ');
                string was = row[at][..space];
                Reports(row[2] + " (", line, [.. row[..at], .. row[(at + 1)..]]);
                IEnumerable<string> some = types.Where((_, k) => (k + at + line) % 4 == 0);
                foreach (string type in some.Where(type => type != was && !(was == "cudaStream_t" && type == "CUstream")))
                {
                    Reports(row[2] + " (", line, With(row, at, type + row[at][space..]));
                }
            }
        }
    }

    [Fact]
    public void Two_parameters_that_changed_places_are_reported()
    {
        foreach ((int line, string[] row) in Rows("function"))
        {
            for (int first = 6; first < row.Length; first++)
            {
                for (int second = first + 1; second < row.Length; second++)
                {
                    Reports(row[2] + " (", line, With(With(row, first, row[second]), second, row[first]));
                }
            }
        }
    }

    [Fact]
    public void A_constant_that_differs_is_reported()
    {
        int seen = 0;
        foreach (Type type in NativeBindings.Types(VendorApi.Parse(s_lines)).Where(type => type.IsEnum))
        {
            (int Line, string[] Columns)[] values =
                [.. Rows("value").Where(row => row.Columns[1].Equals(type.Name, StringComparison.OrdinalIgnoreCase))];
            foreach ((int line, string[] row) in values)
            {
                string member = row[1] == "nvmlClocksThrottleReasons" ? row[2]["nvmlClocksThrottleReason".Length..] : row[2];
                bool newest = values.Last(other => other.Columns[2] == row[2]).Line == line;
                if (Enum.IsDefined(type, member) && newest)
                {
                    Reports($"{type.Name}.{member}:", line, With(row, 3, row[3] + "7"));
                    seen++;
                }
            }
        }

        Assert.True(seen > 100, $"only {seen} constants");
    }

    [Fact]
    public void A_layout_that_differs_is_reported()
    {
        foreach ((int line, string[] row) in Rows("field"))
        {
            Reports($"{row[1]}.{row[2]}:", line, With(row, 3, row[3] + "4"));
            Reports($"{row[1]}.{row[2]}:", line, With(row, 4, "2"));
            Reports($"{row[1]}:", line, With(row, 2, "other"));
        }

        foreach ((int line, string[] row) in Rows("struct").Concat(Rows("handle")))
        {
            Reports($"{row[1]}:", line, With(row, 2, "4"));
        }

        foreach ((int line, string[] row) in Rows("typedef"))
        {
            Reports($"{row[1]}:", line, With(row, 3, row[3] == "signed" ? "unsigned" : "signed"));
        }
    }

    [Fact]
    public void A_renumbered_status_is_reported_where_the_table_does_not_say_so()
    {
        int line = Rows("renumbered").Single().Line;
        Assert.Contains("cudnnStatus_t.CUDNN_STATUS_BAD_PARAM: its number differs between versions", Changed(line, ""));
    }

    [Fact]
    public void A_line_of_no_known_kind_is_refused() =>
        Assert.Equal(
            "vendor-api.tsv: no such line: functoin | cuda",
            Assert.Throws<FormatException>(() => VendorApi.Parse(["functoin\tcuda"])).Message);
}
