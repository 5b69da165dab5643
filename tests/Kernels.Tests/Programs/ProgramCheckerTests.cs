using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Kernels.Tests.Programs;

/// <summary>Every rule of the checker, broken once: the message names the step and the tensor.</summary>
public sealed class ProgramCheckerTests
{
    private static readonly MatrixLayout s_plain3 = new(3, 0, Transposed: false);

    private static void Refuses(string expected, Action<ProgramBuilder> build)
    {
        var b = new ProgramBuilder("p");
        Assert.Equal(expected, Assert.Throws<CheckFailedException>(() =>
        {
            build(b);
            b.Build();
        }).Message);
    }

    [Fact]
    public void A_sound_program_passes()
    {
        var b = new ProgramBuilder("p");
        TensorSpec x = b.Input("x", DType.F32, 2, 3);
        TensorSpec y = b.Linear("y", x, b.Parameter("w", 3, 3));
        b.BiasActivationInPlace(y, b.Parameter("bias", 3), Activation.Relu);
        b.Add("out", x, y, TensorCategory.Output);
        StepProgram program = b.Build();
        Assert.Equal(["y", "y:bias_relu", "out"], program.Steps.Select(step => step.Name));
        Assert.Equal(["x", "w", "y", "bias", "out"], program.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Names_are_unique()
    {
        Refuses("program 'p': two tensors are named 'x'", b => b.Add("x", b.Input("x", DType.F32, 2), b.Input("z", DType.F32, 2), TensorCategory.Output));
        Refuses("program 'p': two steps are named 'y:relu'", b =>
        {
            TensorSpec x = b.Input("x", DType.F32, 2);
            TensorSpec y = b.Add("y", x, x, TensorCategory.Output);
            b.BiasActivationInPlace(y, bias: null, Activation.Relu);
            b.BiasActivationInPlace(y, bias: null, Activation.Relu);
        });
    }

    [Fact]
    public void Every_read_has_an_earlier_write() => Refuses("program 'p', step 'y': tensor 'late' is read before any step has written it", b =>
    {
        TensorSpec x = b.Input("x", DType.F32, 2);
        TensorSpec late = b.Declare("late", new Shape(2), DType.F32, TensorCategory.Activation);
        b.Add("y", x, late, TensorCategory.Output);
        b.Add(new AddStep("late", x, x, late));
    });

    [Fact]
    public void Parameters_and_inputs_are_never_written()
    {
        Refuses("program 'p', step 'x:relu': input 'x' is written", b => b.BiasActivationInPlace(b.Input("x", DType.F32, 2), null, Activation.Relu));
        Refuses("program 'p', step 'w:relu': parameter 'w' is written", b => b.BiasActivationInPlace(b.Parameter("w", 2), null, Activation.Relu));
    }

    [Fact]
    public void An_optimizer_updates_parameters_and_nothing_else_that_is_given()
    {
        static Step Adam(TensorSpec w, TensorSpec g, TensorSpec m, TensorSpec v, TensorSpec c, float beta1 = 0.9f) =>
            new AdamStep("w:adam", w, g, m, v, c, 0.001f, beta1, 0.999f, 1e-8f, 0.01f);

        var b = new ProgramBuilder("p");
        TensorSpec given = b.Parameter("g", 3);
        b.Add(new SgdStep("w:sgd", b.Parameter("w", 3), given, 0.1f));
        b.Add(new MomentumStep("u:momentum", b.Parameter("u", 3), given, b.Parameter("m", 3), 0.1f, 0.9f));
        b.Add(Adam(b.Parameter("x", 3), given, b.Parameter("y", 3), b.Parameter("z", 3), b.Input("c", DType.F32, 2)));
        Assert.Equal(3, b.Build().Steps.Length);

        Refuses("program 'p', step 'w:sgd': input 'w' is written", b => b.Add(new SgdStep("w:sgd", b.Input("w", DType.F32, 3), b.Parameter("g", 3), 0.1f)));
        Refuses("program 'p', step 'w:sgd': tensor 'w' is both read and written, which SgdStep cannot do there", b =>
        {
            TensorSpec w = b.Parameter("w", 3);
            b.Add(new SgdStep("w:sgd", w, w, 0.1f));
        });
        Refuses("program 'p', step 'w:adam': tensor 'm' is both read and written, which AdamStep cannot do there", b =>
        {
            TensorSpec m = b.Parameter("m", 3);
            b.Add(Adam(b.Parameter("w", 3), b.Parameter("g", 3), m, m, b.Input("c", DType.F32, 2)));
        });
        Refuses("program 'p', step 'w:sgd': tensor g f32[4] must be f32[3]", b => b.Add(new SgdStep("w:sgd", b.Parameter("w", 3), b.Parameter("g", 4), 0.1f)));
        Refuses("program 'p', step 'w:sgd': tensor 'w' has learning rate NaN", b => b.Add(new SgdStep("w:sgd", b.Parameter("w", 3), b.Parameter("g", 3), float.NaN)));
        Refuses("program 'p', step 'w:adam': tensor 'w' has beta1 1", b => b.Add(
            Adam(b.Parameter("w", 3), b.Parameter("g", 3), b.Parameter("m", 3), b.Parameter("v", 3), b.Input("c", DType.F32, 2), beta1: 1)));
    }

    [Fact]
    public void A_product_may_be_added_to_what_is_there_and_then_need_not_cover_it()
    {
        static void Rows(ProgramBuilder b, bool accumulate)
        {
            TensorSpec x = b.Input("x", DType.F32, 2, 3), w = b.Parameter("w", 3, 3);
            TensorSpec y = b.Add("y", b.Input("u", DType.F32, 4, 3), b.Input("v", DType.F32, 4, 3), TensorCategory.Output);
            b.Add(new GemmStep("y:from:x", x, s_plain3, w, s_plain3, y, new MatrixLayout(6, 0, Transposed: false), 1, 2, 3, 3, 1, accumulate));
        }

        var b = new ProgramBuilder("p");
        Rows(b, accumulate: true);
        Assert.Equal(["x", "w", "y"], b.Build().Steps[1].Reads.Select(tensor => tensor.Name));
        Refuses("program 'p', step 'y:from:x': tensor y f32[4,3] is not written whole by 1 matrices 2 x 3", b => Rows(b, accumulate: false));
        Refuses("program 'p', step 'y:again': tensor 'y' is both read and written, which GemmStep cannot do there", b =>
        {
            TensorSpec y = b.Add("y", b.Input("u", DType.F32, 3, 3), b.Input("v", DType.F32, 3, 3), TensorCategory.Output);
            b.Add(new GemmStep("y:again", y, s_plain3, b.Parameter("w", 3, 3), s_plain3, y, s_plain3, 1, 3, 3, 3, 1, Accumulate: true));
        });
    }

    [Fact]
    public void A_sum_may_be_added_to_what_is_there_and_a_slope_be_multiplied_in_place()
    {
        static TensorSpec Sum(ProgramBuilder b) => b.Add("y", b.Input("u", DType.F32, 3), b.Input("v", DType.F32, 3), TensorCategory.Output);

        var b = new ProgramBuilder("p");
        TensorSpec y = Sum(b);
        b.Add(new RowSumStep("y:rows", b.Input("x", DType.F32, 2, 3), y, Accumulate: true));
        b.Add(new BatchSumStep("y:batch", b.Input("z", DType.F32, 4, 3), y, Accumulate: true));
        b.Add(new ChannelSumStep("y:channels", b.Input("c", DType.F32, 2, 3, 1, 5), y, Accumulate: true));
        b.Add(new ActivationBackwardStep("y:relu", b.Input("r", DType.F32, 3), y, Activation.Relu));
        Assert.Equal(5, b.Build().Steps.Length);

        Refuses("program 'p', step 'y:rows': tensor 'y' was already written by an earlier step", b =>
            b.Add(new RowSumStep("y:rows", b.Input("x", DType.F32, 2, 3), Sum(b), Accumulate: false)));
        Refuses("program 'p', step 'y:rows': tensor y f32[3] must be f32[4]", b =>
            b.Add(new RowSumStep("y:rows", b.Input("x", DType.F32, 2, 4), Sum(b), Accumulate: true)));
        Refuses("program 'p', step 'y:gelu': tensor 'r' does not tell the slope of Gelu; relu and tanh are told by their result", b =>
            b.Add(new ActivationBackwardStep("y:gelu", b.Input("r", DType.F32, 3), Sum(b), Activation.Gelu)));
        Refuses("program 'p', step 'y:relu': tensor 'y' is both read and written, which ActivationBackwardStep cannot do there", b =>
        {
            TensorSpec y = Sum(b);
            b.Add(new ActivationBackwardStep("y:relu", y, y, Activation.Relu));
        });
    }

    [Fact]
    public void The_gradient_of_a_convolutions_weights_may_be_added_to_what_is_there()
    {
        static TensorSpec Gradient(ProgramBuilder b) =>
            b.Add("dw", b.Input("u", DType.F32, 2, 3, 3, 3), b.Input("v", DType.F32, 2, 3, 3, 3), TensorCategory.Output);

        static Step Weight(ProgramBuilder b, TensorSpec dw, TensorSpec? scratch, bool accumulate) => new ConvolutionWeightBackwardStep(
            "dw:more", b.Input("x", DType.F32, 1, 3, 5, 5), b.Input("dy", DType.F32, 1, 2, 5, 5), dw, scratch, 1, 1, accumulate);

        var b = new ProgramBuilder("p");
        b.Add(Weight(b, Gradient(b), b.Declare("scratch", new Shape(8), DType.F32, TensorCategory.Workspace), accumulate: true));
        StepProgram program = b.Build();
        Assert.Equal(["x", "dy", "dw"], program.Steps[1].Reads.Select(tensor => tensor.Name));
        Assert.Equal(["dw", "scratch"], program.Steps[1].Writes.Select(tensor => tensor.Name));
        Refuses("program 'p', step 'dw:more': tensor 'dw' was already written by an earlier step", b => b.Add(Weight(b, Gradient(b), null, accumulate: false)));
        Refuses("program 'p', step 'dw:more': output 'scratch' is used as workspace", b =>
            b.Add(Weight(b, Gradient(b), b.Declare("scratch", new Shape(8), DType.F32, TensorCategory.Output), accumulate: true)));
        Refuses("program 'p', step 'dx': tensor 'dy' is both read and written, which ConvolutionDataBackwardStep cannot do there", b =>
        {
            TensorSpec dy = b.Add("dy", b.Input("u", DType.F32, 1, 2, 5, 5), b.Input("v", DType.F32, 1, 2, 5, 5), TensorCategory.Output);
            b.Add(new ConvolutionDataBackwardStep("dx", b.Parameter("w", 2, 2, 3, 3), dy, dy, null, 1, 1));
        });
    }

    [Fact]
    public void A_tensor_is_written_once() => Refuses("program 'p', step 'again': tensor 'y' was already written by an earlier step", b =>
    {
        TensorSpec x = b.Input("x", DType.F32, 2);
        TensorSpec y = b.Add("y", x, x, TensorCategory.Output);
        b.Add(new AddStep("again", x, x, y));
    });

    [Fact]
    public void One_step_does_not_write_a_tensor_twice() => Refuses("program 'p', step 'y': tensor 'y' is written twice by one step", b =>
    {
        TensorSpec x = b.Input("x", DType.F32, 2);
        TensorSpec y = b.Declare("y", new Shape(2), DType.F32, TensorCategory.Output);
        b.Add(new RmsNormStep("y", x, null, b.Parameter("g", 2), y, y, 1e-6f));
    });

    [Fact]
    public void In_place_is_for_the_steps_that_allow_it()
    {
        Refuses("program 'p', step 'y:add': tensor 'y' is both read and written, which AddStep cannot do there", b =>
        {
            TensorSpec x = b.Input("x", DType.F32, 2);
            TensorSpec y = b.Add("y", x, x, TensorCategory.Output);
            b.Add(new AddStep("y:add", y, x, y));
        });
        Refuses("program 'p', step 'y:bias': tensor 'y' is both read and written, which BiasActivationStep cannot do there", b =>
        {
            TensorSpec x = b.Input("x", DType.F32, 2);
            TensorSpec y = b.Add("y", x, x, TensorCategory.Output);
            b.Add(new BiasActivationStep("y:bias", y, y, y, Activation.None));
        });
    }

    [Fact]
    public void Nothing_is_declared_and_never_used()
    {
        static void Sound(ProgramBuilder b)
        {
            TensorSpec x = b.Input("x", DType.F32, 2);
            b.Add("y", x, x, TensorCategory.Output);
        }

        Refuses("program 'p': input 'z' is declared and never read", b => { Sound(b); b.Input("z", DType.I64, 1); });
        Refuses("program 'p': parameter 'z' is declared and never read", b => { Sound(b); b.Parameter("z", 1); });
        Refuses("program 'p': output 'z' is declared and never written", b => { Sound(b); b.Declare("z", new Shape(1), DType.F32, TensorCategory.Output); });
        Refuses("program 'p': activation 'z' is declared and never written", b => { Sound(b); b.Declare("z", new Shape(1), DType.F32, TensorCategory.Activation); });
        Refuses("program 'p': workspace 'z' is declared and never written", b => { Sound(b); b.Declare("z", new Shape(1), DType.F32, TensorCategory.Workspace); });
        Refuses("program 'p': activation 'z' is declared and never read", b =>
        {
            TensorSpec x = b.Input("x", DType.F32, 2);
            b.Add("z", x, x);
        });
    }

    [Fact]
    public void Workspace_belongs_to_one_step()
    {
        static (TensorSpec X, TensorSpec W, TensorSpec Bias, TensorSpec Scratch) Convolution(ProgramBuilder b, TensorCategory scratch) =>
            (b.Input("x", DType.F32, 1, 2, 4, 4), b.Parameter("w", 2, 2, 3, 3), b.Parameter("bias", 2), b.Declare("scratch", new Shape(8), DType.F32, scratch));

        Refuses("program 'p', step 'z': workspace 'scratch' is used by an earlier step too", b =>
        {
            (TensorSpec x, TensorSpec w, TensorSpec bias, TensorSpec scratch) = Convolution(b, TensorCategory.Workspace);
            TensorSpec y = b.Declare("y", x.Shape, DType.F32, TensorCategory.Output);
            TensorSpec z = b.Declare("z", x.Shape, DType.F32, TensorCategory.Output);
            b.Add(new ConvolutionStep("y", x, w, bias, y, scratch, 1, 1, Relu: true));
            b.Add(new ConvolutionStep("z", x, w, bias, z, scratch, 1, 1, Relu: true));
        });
        Refuses("program 'p', step 'y': activation 'scratch' is used as workspace", b =>
        {
            (TensorSpec x, TensorSpec w, TensorSpec bias, TensorSpec scratch) = Convolution(b, TensorCategory.Activation);
            b.Add(new ConvolutionStep("y", x, w, bias, b.Declare("y", x.Shape, DType.F32, TensorCategory.Output), scratch, 1, 1, Relu: true));
        });
        Refuses("program 'p', step 'scratch': workspace 'scratch' is written as a result", b =>
        {
            TensorSpec x = b.Input("x", DType.F32, 2);
            b.Add("scratch", x, x, TensorCategory.Workspace);
        });
        Refuses("program 'p', step 'y': workspace 'scratch' is read as an operand", b =>
        {
            TensorSpec scratch = b.Declare("scratch", new Shape(8), DType.F32, TensorCategory.Workspace);
            b.Add("y", scratch, scratch, TensorCategory.Output);
        });
    }

    [Fact]
    public void Tensors_of_another_program_are_not_known() => Refuses("program 'p', step 'y': tensor 'x' was not declared in this program", b =>
    {
        b.Input("x", DType.F32, 2);
        TensorSpec foreign = new ProgramBuilder("q").Input("x", DType.F32, 2);
        b.Add("y", foreign, foreign, TensorCategory.Output);
    });

    [Fact]
    public void A_tensor_stands_where_its_index_says()
    {
        var tensors = ImmutableArray.Create(new TensorSpec(1, "x", new Shape(2), DType.F32, TensorCategory.Input));
        Assert.Equal(
            "program 'p': tensor 'x' has index 1 at position 0",
            Assert.Throws<CheckFailedException>(() => ProgramChecker.Check(new StepProgram("p", tensors, []))).Message);
    }

    // One line a product: (layout of A, of B, of C, batch, M, N, K) over a [2,3], b [3,4], c [2,4].
    public static TheoryData<string, MatrixLayout, MatrixLayout, MatrixLayout, long, long, long, long> BadProducts => new()
    {
        { "the product reaches element 7 of tensor a f32[2,3]", new(4, 0, false), new(4, 0, false), new(4, 0, false), 1, 2, 4, 3 },
        { "the product reaches element 20 of tensor b f32[3,4]", new(3, 3, false), new(4, 8, false), new(4, 4, false), 2, 1, 4, 3 },
        { "the product reaches element 18 of tensor a f32[2,3]", new(3, 12, false), new(4, 0, false), new(4, 0, false), 2, 2, 4, 3 },
        { "tensor 'a' has leading dimension 2 and batch stride 0 for rows of 3", new(2, 0, false), new(4, 0, false), new(4, 0, false), 1, 2, 4, 3 },
        { "tensor 'a' has leading dimension 3 and batch stride -1 for rows of 3", new(3, -1, false), new(4, 0, false), new(4, 0, false), 1, 2, 4, 3 },
        { "tensor c f32[2,4] is not written whole by 1 matrices 1 x 4", s_plain3, new(4, 0, false), new(4, 0, false), 1, 1, 4, 3 },
        { "the matrices in tensor 'c' overlap", s_plain3, new(4, 0, false), new(4, 0, false), 2, 1, 4, 3 },
        { "tensor 'c' would be written transposed", s_plain3, new(4, 0, false), new(2, 0, true), 1, 2, 4, 3 },
        { "tensor 'c' comes of 1 products 0 x 4 x 3", s_plain3, new(4, 0, false), new(4, 0, false), 1, 0, 4, 3 },
    };

    [Theory]
    [MemberData(nameof(BadProducts))]
    public void Products_stay_inside_their_tensors(
        string expected, MatrixLayout a, MatrixLayout b, MatrixLayout c, long batch, long m, long n, long k) =>
        Refuses($"program 'p', step 'c': {expected}", p =>
        {
            TensorSpec left = p.Input("a", DType.F32, 2, 3);
            TensorSpec right = p.Parameter("b", 3, 4);
            TensorSpec result = p.Declare("c", new Shape(2, 4), DType.F32, TensorCategory.Output);
            p.Add(new GemmStep("c", left, a, right, b, result, c, batch, m, n, k, 1));
        });

    [Fact]
    public void Products_may_write_their_matrices_side_by_side()
    {
        var b = new ProgramBuilder("p");
        TensorSpec a = b.Input("a", DType.F32, 3, 2, 5); // 3 heads of 2 x 5
        TensorSpec w = b.Parameter("w", 5, 4);
        TensorSpec c = b.Declare("c", new Shape(2, 12), DType.F32, TensorCategory.Output);
        b.Add(new GemmStep("c", a, new(5, 10, false), w, new(4, 0, false), c, new(12, 4, false), Batch: 3, M: 2, N: 4, K: 5, Alpha: 1));
        Assert.Single(b.Build().Steps);
    }

    // One wrong shape or type a step type; the builder would derive the right one, so each step is written out.
    public static TheoryData<string, Func<ProgramBuilder, Step>> BadShapes => new()
    {
        { "tensor b f32[3] must be f32[2]", b => new AddStep("s", In(b, "a", 2), In(b, "b", 3), Out(b, 2)) },
        { "tensor y f32[3] must be f32[2]", b => new AddStep("s", In(b, "a", 2), In(b, "b", 2), Out(b, 3)) },
        { "tensor a i64[2] must be f32[2]", b => new AddStep("s", b.Input("a", DType.I64, 2), In(b, "b", 2), Out(b, 2)) },
        { "tensor bias f32[2] must be f32[3]", b => new BiasActivationStep("s", In(b, "x", 2, 3), b.Parameter("bias", 2), Out(b, 2, 3), Activation.Relu) },
        { "nothing is done to tensor 'x'", b => new BiasActivationStep("s", In(b, "x", 2, 3), null, Out(b, 2, 3), Activation.None) },
        { "tensor y f32[1,2,4,3] must be f32[1,2,3,3]", b => new ConvolutionStep("s", In(b, "x", 1, 1, 3, 3), b.Parameter("w", 2, 1, 3, 3), b.Parameter("bias", 2), Out(b, 1, 2, 4, 3), null, 1, 1, Relu: false) },
        { "tensor bias f32[3] must be f32[2]", b => new ConvolutionStep("s", In(b, "x", 1, 1, 3, 3), b.Parameter("w", 2, 1, 3, 3), b.Parameter("bias", 3), Out(b, 1, 2, 3, 3), null, 1, 1, Relu: false) },
        { "tensors x f32[1,2,3,3] and w f32[2,1,3,3] differ in channels", b => new ConvolutionStep("s", In(b, "x", 1, 2, 3, 3), b.Parameter("w", 2, 1, 3, 3), b.Parameter("bias", 2), Out(b, 1, 2, 3, 3), null, 1, 1, Relu: false) },
        { "a window of 3 x 3 does not fit in [1,1,2,3] with padding 0", b => new ConvolutionStep("s", In(b, "x", 1, 1, 2, 3), b.Parameter("w", 2, 1, 3, 3), b.Parameter("bias", 2), Out(b, 1, 2, 1, 1), null, 0, 2, Relu: false) },
        { "a convolution cannot have stride 0 and padding 0", b => new ConvolutionStep("s", In(b, "x", 1, 1, 3, 3), b.Parameter("w", 2, 1, 3, 3), b.Parameter("bias", 2), Out(b, 1, 2, 1, 1), null, 0, 0, Relu: false) },
        { "tensor y f32[1,2,3,3] must be f32[1,2,2,2]", b => new MaxPoolStep("s", In(b, "x", 1, 2, 5, 5), Out(b, 1, 2, 3, 3), 2, 2) },
        { "tensor x f32[1,2,5,1] is smaller than the window 2", b => new MaxPoolStep("s", In(b, "x", 1, 2, 5, 1), Out(b, 1, 2, 2, 1), 2, 2) },
        { "tensor dy f32[1,2,3,2] must be f32[1,2,3,3]", b => new ConvolutionWeightBackwardStep("s", In(b, "x", 1, 1, 3, 3), In(b, "dy", 1, 2, 3, 2), Out(b, 2, 1, 3, 3), null, 1, 1, Accumulate: false) },
        { "tensors x f32[1,2,3,3] and y f32[2,1,3,3] differ in channels", b => new ConvolutionWeightBackwardStep("s", In(b, "x", 1, 2, 3, 3), In(b, "dy", 1, 2, 3, 3), Out(b, 2, 1, 3, 3), null, 1, 1, Accumulate: false) },
        { "tensor dy f32[1,2,3,3] must be f32[1,2,2,2]", b => new ConvolutionDataBackwardStep("s", b.Parameter("w", 2, 1, 3, 3), In(b, "dy", 1, 2, 3, 3), Out(b, 1, 1, 4, 4), null, 1, 2) },
        { "a window of 3 x 3 does not fit in [1,1,2,3] with padding 0", b => new ConvolutionDataBackwardStep("s", b.Parameter("w", 2, 1, 3, 3), In(b, "dy", 1, 2, 1, 1), Out(b, 1, 1, 2, 3), null, 0, 1) },
        { "tensor dy f32[1,2,3,3] must be f32[1,2,2,2]", b => new MaxPoolBackwardStep("s", In(b, "x", 1, 2, 5, 5), In(b, "dy", 1, 2, 3, 3), Out(b, 1, 2, 5, 5), 2, 2) },
        { "tensor y f32[1,2,4,4] must be f32[1,2,5,5]", b => new MaxPoolBackwardStep("s", In(b, "x", 1, 2, 5, 5), In(b, "dy", 1, 2, 2, 2), Out(b, 1, 2, 4, 4), 2, 2) },
        { "tensor x f32[1,2,5,1] is smaller than the window 2", b => new MaxPoolBackwardStep("s", In(b, "x", 1, 2, 5, 1), In(b, "dy", 1, 2, 2, 1), Out(b, 1, 2, 5, 1), 2, 2) },
        { "tensor y f32[1,3,7,7] must be f32[1,2,7,7]", b => new AdaptiveAveragePoolStep("s", In(b, "x", 1, 2, 5, 5), Out(b, 1, 3, 7, 7)) },
        { "tensor x f32[2,3,8] must be f32[2,3,10]", b => new SplitHeadsStep("s", In(b, "x", 2, 3, 8), null, Out(b, 2, 2, 3, 5)) },
        { "tensor y f32[2,3,8] must be f32[2,3,10]", b => new MergeHeadsStep("s", In(b, "x", 2, 2, 3, 5), Out(b, 2, 3, 8)) },
        { "tensor mask f32[2,3] must be f32[2,4]", b => new SoftmaxStep("s", In(b, "x", 2, 1, 3, 4), null, In(b, "mask", 2, 3), Out(b, 2, 1, 3, 4), 1) },
        { "tensor bias f32[2,3,4] must be f32[1,3,4]", b => new SoftmaxStep("s", In(b, "x", 2, 1, 3, 4), In(b, "bias", 2, 3, 4), null, Out(b, 2, 1, 3, 4), 1) },
        { "tensor 'x' is scaled by NaN", b => new SoftmaxStep("s", In(b, "x", 2, 1, 3, 4), null, null, Out(b, 2, 1, 3, 4), float.NaN) },
        { "tensor r f32[3] must be f32[2,3]", b => new LayerNormStep("s", In(b, "x", 2, 3), null, In(b, "r", 3), b.Parameter("g", 3), b.Parameter("b", 3), Out(b, 2, 3), 1e-12f) },
        { "tensor g f32[2] must be f32[3]", b => new RmsNormStep("s", In(b, "x", 2, 3), null, b.Parameter("g", 2), null, Out(b, 2, 3), 1e-6f) },
        { "tensor 'y' has epsilon -1", b => new RmsNormStep("s", In(b, "x", 2, 3), null, b.Parameter("g", 3), null, Out(b, 2, 3), -1) },
        { "tensor ids f32[2,3] must be i64[2,3]", b => new EmbeddingStep("s", In(b, "ids", 2, 3), b.Parameter("table", 5, 4), Out(b, 2, 3, 4)) },
        { "tensor ids i64[2,3] has more positions than position f32[2,4]", b => new BertEmbeddingStep("s", b.Input("ids", DType.I64, 2, 3), b.Input("types", DType.I64, 2, 3), b.Parameter("word", 5, 4), b.Parameter("position", 2, 4), b.Parameter("type", 2, 4), Out(b, 2, 3, 4)) },
        { "tensor types i64[2,2] must be i64[2,3]", b => new BertEmbeddingStep("s", b.Input("ids", DType.I64, 2, 3), b.Input("types", DType.I64, 2, 2), b.Parameter("word", 5, 4), b.Parameter("position", 3, 4), b.Parameter("type", 2, 4), Out(b, 2, 3, 4)) },
        { "tensor y f32[2,4] must be f32[2,3]", b => new AttentionMaskStep("s", b.Input("mask", DType.I64, 2, 3), Out(b, 2, 4)) },
        { "tensor table f32[8,3] must be f32[8,2]", b => new RelativePositionBiasStep("s", b.Parameter("table", 8, 3), Out(b, 2, 5, 5), Causal: false, 20) },
    };

    [Theory]
    [MemberData(nameof(BadShapes))]
    public void Shapes_and_types_agree(string expected, Func<ProgramBuilder, Step> step) =>
        Refuses($"program 'p', step 's': {expected}", b => b.Add(step(b)));

    [Theory]
    [InlineData(7, false, 20)] // odd: no two directions
    [InlineData(2, false, 20)] // one bucket a direction
    [InlineData(1, true, 20)]
    [InlineData(8, false, 2)] // the exact half alone reaches the distance
    public void Relative_positions_need_buckets(long buckets, bool causal, int maxDistance)
    {
        var b = new ProgramBuilder("p");
        b.RelativePositionBias("y", b.Parameter("table", buckets, 2), 5, 5, causal, maxDistance, TensorCategory.Output);
        Assert.StartsWith($"program 'p', step 'y': tensor table f32[{buckets},2] cannot serve", Assert.Throws<CheckFailedException>(() => b.Build()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_builder_names_what_it_cannot_derive()
    {
        Refuses("program 'p', step 'y': a row of tensor x f32[2,3,4] has 4 elements, tensor w f32[5,6] takes 6", b => b.Linear("y", b.Input("x", DType.F32, 2, 3, 4), b.Parameter("w", 5, 6)));
        Refuses("program 'p', step 'y': a row of tensor x f32[2,3,4] has 12 elements, tensor w f32[5,4] takes 4", b => b.FlattenedLinear("y", b.Input("x", DType.F32, 2, 3, 4), b.Parameter("w", 5, 4)));
        Refuses("program 'p', step 'y': tensor x f32[2,3] must have 4 dimensions", b => b.MaxPool("y", b.Input("x", DType.F32, 2, 3), 2, 2));
        Refuses("program 'p', step 'y': 5 heads do not divide the last dimension of tensor x f32[2,3,4]", b => b.SplitHeads("y", b.Input("x", DType.F32, 2, 3, 4), null, 5));
        Refuses("program 'p', step 'y': tensor 'y' would have the shape [1,1,0,1]", b => b.MaxPool("y", b.Input("x", DType.F32, 1, 1, 1, 4), 4, 2));
    }

    [Fact]
    public void A_product_takes_the_last_dimension_as_its_row_or_all_but_the_first()
    {
        static Shape Of(long[] x, long inputs, bool flattened = false)
        {
            var b = new ProgramBuilder("p");
            (TensorSpec input, TensorSpec weight) = (b.Input("x", DType.F32, x), b.Parameter("w", 9, inputs));
            return (flattened ? b.FlattenedLinear("y", input, weight) : b.Linear("y", input, weight)).Shape;
        }

        Assert.Equal(new Shape(2, 3, 9), Of([2, 3, 4], 4));
        Assert.Equal(new Shape(2, 3, 9), Of([2, 3, 1], 1));
        Assert.Equal(new Shape(9), Of([24], 24));
        Assert.Equal(new Shape(2, 9), Of([2, 3, 4], 12, flattened: true));
        Assert.Equal(new Shape(2, 9), Of([2, 1, 4, 4], 16, flattened: true)); // one channel is a dimension like any other
        Assert.Equal(new Shape(1, 9), Of([1, 1], 1, flattened: true));
    }

    [Fact]
    public void Convolution_declares_the_workspace_that_the_device_asks_for()
    {
        var b = new ProgramBuilder("p");
        b.Convolution(
            "y", "scratch", b.Input("x", DType.F32, 2, 3, 5, 7), b.Parameter("w", 4, 3, 3, 3), b.Parameter("bias", 4), padding: 1, stride: 2, relu: true,
            new FixedWorkspace(10), TensorCategory.Output);
        StepProgram program = b.Build();
        Assert.Equal("scratch f32[3]", program.Find("scratch")?.ToString());
        Assert.Equal("y f32[2,4,3,4]", program.Find("y")?.ToString());
    }

    private static TensorSpec In(ProgramBuilder b, string name, params long[] shape) => b.Input(name, DType.F32, shape);

    private static TensorSpec Out(ProgramBuilder b, params long[] shape) => b.Declare("y", new Shape(shape), DType.F32, TensorCategory.Output);

    private sealed class FixedWorkspace(long bytes) : IConvolutionWorkspace
    {
        public long WorkspaceBytes(in ConvolutionShape shape) => bytes;

        public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => bytes;

        public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => bytes;
    }
}
