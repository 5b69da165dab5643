using Harness.Timing;

namespace Harness.Tests.Timing;

public sealed class PowerSourceTests
{
    [Theory]
    [InlineData("AC/type=Mains AC/online=1 BAT0/type=Battery BAT0/status=Charging", false)]
    [InlineData("AC/type=Mains AC/online=1 BAT0/type=Battery BAT0/status=Discharging", false)] // a weak charger under load
    [InlineData("AC/type=Mains AC/online=0 BAT0/type=Battery BAT0/status=Discharging", true)]
    [InlineData("ucsi/type=USB ucsi/online=1 BAT0/type=Battery BAT0/status=Discharging", false)]
    [InlineData("BAT0/type=Battery BAT0/status=Full", false)]
    [InlineData("mouse/type=Battery mouse/status=Discharging mouse/scope=Device", false)]
    [InlineData("", false)]
    public void Read_from_the_kernels_power_supplies(string files, bool expected)
    {
        using var folder = new TemporaryFolder();
        foreach (string[] pair in files.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(file => file.Split('=')))
        {
            string path = Path.Combine(folder.Path, pair[0]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, pair[1] + "\n");
        }

        Assert.Equal(expected, PowerSource.OnBatteryLinux(folder.Path));
    }

    [Fact]
    public void Unknown_where_the_kernel_has_no_such_folder()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(PowerSource.OnBatteryLinux(Path.Combine(folder.Path, "missing")));
    }
}
