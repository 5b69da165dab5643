using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Kernels.Tests.Memory;

public class LifetimesTests
{
    [Fact]
    public void The_caller_holds_inputs_for_the_whole_pass_and_outputs_from_birth_to_its_end()
    {
        StepProgram program = TestPrograms.Of(
            5, new Block(1, 2, 1, TensorCategory.Input), new Block(1, 3, 1, TensorCategory.Output), new Block(0, 1, 1, TensorCategory.Parameter));
        Assert.Equal(
            [new Lifetime(program.Tensors[0], 0, 5), new Lifetime(program.Tensors[1], 1, 5)],
            Lifetimes.Of(program));
    }

    [Fact]
    public void An_activation_lives_from_its_first_write_to_its_last_use_and_workspace_for_its_step()
    {
        StepProgram program = TestPrograms.Of(5, new Block(1, 4, 1), new Block(2, 3, 1, TensorCategory.Workspace));
        Assert.Equal(
            [new Lifetime(program.Tensors[0], 1, 4), new Lifetime(program.Tensors[1], 2, 3)],
            Lifetimes.Of(program));
    }

    [Fact]
    public void Work_in_place_prolongs_a_life()
    {
        var x = new TensorSpec(0, "x", new Shape(4), DType.F32, TensorCategory.Activation);
        var program = new StepProgram("test", [x], [new TouchStep("write", [], [x]), new TouchStep("rest", [], []), new TouchStep("in place", [x], [x])]);
        Assert.Equal([new Lifetime(x, 0, 3)], Lifetimes.Of(program));
    }

    [Fact]
    public void A_read_before_the_first_write_names_step_and_tensor()
    {
        var x = new TensorSpec(0, "x", new Shape(4), DType.F32, TensorCategory.Activation);
        var program = new StepProgram("test", [x], [new TouchStep("early", [x], []), new TouchStep("late", [], [x])]);
        string message = Assert.Throws<CheckFailedException>(() => Lifetimes.Of(program)).Message;
        Assert.Equal("step 'early' reads 'x' before any step has written it", message);
    }

    [Fact]
    public void A_tensor_that_no_step_writes_is_named()
    {
        var x = new TensorSpec(0, "x", new Shape(4), DType.F32, TensorCategory.Output);
        var program = new StepProgram("test", [x], [new TouchStep("s", [], [])]);
        Assert.Equal("no step of 'test' writes 'x'", Assert.Throws<CheckFailedException>(() => Lifetimes.Of(program)).Message);
    }
}
