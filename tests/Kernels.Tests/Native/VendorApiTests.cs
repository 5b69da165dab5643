using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Native;

/// <summary>
/// The bindings against the vendors' facts in vendor-api.tsv, which were collected apart from them: an error in a signature, a constant or
/// a layout does not wait for a GPU.
/// </summary>
public sealed partial class VendorApiTests
{
    [Fact]
    public void The_bindings_are_what_the_vendors_export() =>
        Assert.Equal("", string.Join('\n', VendorApiChecker.Differences(VendorApi.Parse(VendorApi.Lines()))));

    [Fact]
    public void Every_library_has_two_sources_or_more()
    {
        string[] sources =
        [
            .. VendorApi.Lines().Where(line => line.StartsWith("source\t", StringComparison.Ordinal)).Select(line => line.Split('\t')[1]),
        ];
        Assert.All(NativeBindings.All, binding => Assert.True(sources.Count(source => source == binding.Library) >= 2, binding.Library));
    }

    /// <summary>cuDNN 8 and 9 number their statuses differently: whoever compares with one of them is right in one version only.</summary>
    [Fact]
    public void Nothing_compares_with_a_status_whose_number_depends_on_the_version()
    {
        VendorApi api = VendorApi.Parse(VendorApi.Lines());
        string[] unsteady =
        [
            .. api.Values.Where(value => api.Renumbered.Contains(value.Enum)).GroupBy(value => value.Member)
                .Where(member => member.Count() > 1).Select(member => member.Key),
        ];
        Assert.Contains("CUDNN_STATUS_NOT_SUPPORTED", unsteady);
        Assert.DoesNotContain("CUDNN_STATUS_SUCCESS", unsteady);
        string root = RepositoryRoot();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && Path.GetFileName(file) != "CudnnTypes.cs"))
        {
            foreach (Match match in StatusName().Matches(File.ReadAllText(file)))
            {
                Assert.False(unsteady.Contains(match.Value), $"{Path.GetRelativePath(root, file)} compares with {match.Value}");
            }
        }
    }

    /// <summary>Flags are numbers to the driver, so the compiler lets any pass.</summary>
    [Theory]
    [InlineData(typeof(CudaContext), "NonBlockingStream", "CU_STREAM_NON_BLOCKING")]
    [InlineData(typeof(CudaStaging), "DisableTiming", "CU_EVENT_DISABLE_TIMING")]
    [InlineData(typeof(CudaTimer), "DefaultFlags", "CU_EVENT_DEFAULT")]
    public void Flags_are_the_vendors_numbers(Type type, string constant, string member)
    {
        VendorValue value = VendorApi.Parse(VendorApi.Lines()).Values.Single(value => value.Member == member);
        FieldInfo field = type.GetField(constant, BindingFlags.Static | BindingFlags.NonPublic)!;
        Assert.Equal(value.Value, Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture));
    }

    /// <summary>A library is judged by its version, before anything is bound: through function pointers, whose types no import declares.</summary>
    [Fact]
    public void Functions_called_by_address_are_what_the_vendors_export()
    {
        VendorApi api = VendorApi.Parse(VendorApi.Lines());
        string source = File.ReadAllText(Path.Combine(RepositoryRoot(), "src", "Kernels", "Native", "LibraryVersions.cs"));
        Match[] pointers = [.. FunctionPointer().Matches(source).Cast<Match>()];
        Assert.Equal(Regex.Count(source, @"\.Export\("), pointers.Length);
        Assert.All(api.Queried, function => Assert.Contains(pointers, pointer => pointer.Groups["name"].Value == function.Name));
        foreach (Match pointer in pointers)
        {
            VendorFunction function = api.Functions.Concat(api.Queried).Single(function => function.Symbol == pointer.Groups["name"].Value);
            IEnumerable<string> types = function.Parameters.Select(parameter => parameter.Type).Append(function.ReturnType);
            Assert.Equal(types.Select(AsKeyword), pointer.Groups["types"].Value.Split(", "));
        }

        string AsKeyword(string type) =>
            type.EndsWith('*') ? AsKeyword(type[..^1]) + "*"
            : api.EnumBytes.TryGetValue(type, out int bytes) ? bytes == sizeof(int) ? "int" : "long"
            : type == "size_t" ? "nuint" : type;
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Harness.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the tests are not inside the repository");
    }

    [GeneratedRegex(@"\bCUDNN_STATUS_\w+")]
    private static partial Regex StatusName();

    [GeneratedRegex("""\(delegate\* unmanaged<(?<types>[^>]*)>\)loader\.Export\(\w+, "(?<name>\w+)"\)""")]
    private static partial Regex FunctionPointer();
}
