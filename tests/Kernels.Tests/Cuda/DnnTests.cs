using System.Runtime.InteropServices;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>Convolutions and poolings as cuDNN gets them. In the double's heuristic the fastest algorithm, 7, needs 4 * 36 * C * K bytes, 1 needs 4 * C * R * S, 0 none.</summary>
public sealed class DnnTests
{
    /// <summary>x [2,3,14,12] * w [8,3,3,3], padding 1: y [2,8,14,12]. Algorithm 7 needs 4 * 36 * 3 * 8 = 3456 bytes, 1 needs 4 * 3 * 3 * 3 = 108.</summary>
    private static readonly ConvolutionShape s_shape = new(2, 3, 14, 12, 8, 3, 3, 1, 1);

    [Fact]
    public void A_convolution_is_described_once_and_called_every_time()
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = 4096 });
        ConvolutionCall call = Call(rig, 4096, relu: true);
        rig.Calls();
        rig.Device.Convolution(call);
        const string forward = "cudnnConvolutionBiasActivationForward(cudnn1, 1, tensor1, D2, filter1, D3, convolution1, 7, D6, 4096, 0, tensor2, D5, tensor3, D4, activation1, tensor2, D5)";
        Assert.Equal(
            [
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor1, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 3, 14, 12)",
                "cudnnCreateFilterDescriptor()",
                "cudnnSetFilter4dDescriptor(filter1, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 8, 3, 3, 3)",
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor2, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 8, 14, 12)",
                "cudnnCreateConvolutionDescriptor()",
                "cudnnSetConvolution2dDescriptor(convolution1, 1, 1, 1, 1, 1, 1, 1, CUDNN_DATA_FLOAT)", // 1 is cross-correlation
                "cudnnSetConvolutionMathType(convolution1, 3)",                                         // FMA
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor3, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 8, 1, 1)",
                "cudnnCreateActivationDescriptor()",
                "cudnnSetActivationDescriptor(activation1, 1, 0, 0)",                                   // ReLU, NaN not propagated: the only one allowed
                "cudnnGetConvolutionForwardAlgorithm_v7(cudnn1, tensor1, filter1, convolution1, tensor2, 16)",
            ],
            rig.Gpu.Log.Calls.Take(14).Select(text => text.ToString()));
        Assert.Equal(forward, rig.Calls()[^1]);

        rig.Device.Convolution(call);
        Assert.Equal([forward], rig.Calls());
        Assert.Equal([new ConvolutionChoice(s_shape, true, "WINOGRAD_NONFUSED", 3456, 4096)], rig.Device.ConvolutionChoices);
        Assert.Equal(2, rig.Device.Launches);
    }

    /// <summary>The first that fits; without ReLU cuDNN allows IMPLICIT_PRECOMP_GEMM only.</summary>
    [Theory]
    [InlineData(3456, true, "WINOGRAD_NONFUSED", 3456)]
    [InlineData(3455, true, "IMPLICIT_PRECOMP_GEMM", 108)]
    [InlineData(107, true, "IMPLICIT_GEMM", 0)]
    [InlineData(0, true, "IMPLICIT_GEMM", 0)]
    [InlineData(3456, false, "IMPLICIT_PRECOMP_GEMM", 108)]
    public void The_fastest_that_fits_the_workspace_is_taken(long budgetBytes, bool relu, string algorithm, long neededBytes)
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = budgetBytes });
        rig.Device.Convolution(Call(rig, budgetBytes, relu));
        Assert.Equal([new ConvolutionChoice(s_shape, relu, algorithm, neededBytes, budgetBytes)], rig.Device.ConvolutionChoices);
        Assert.Equal(budgetBytes, rig.Device.WorkspaceBytes(s_shape));
    }

    [Fact]
    public void Where_none_fits_the_least_is_named()
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = 0 });
        string message = Assert.Throws<MachineException>(() => rig.Device.Convolution(Call(rig, 0, relu: false))).Message;
        Assert.Contains("the least is 108: give --workspace 1 (MiB) or more", message);
    }

    /// <summary>The heuristic's list is for the unfused call: where the fused one does not take an entry, the next has its turn.</summary>
    [Fact]
    public void An_algorithm_that_the_fused_call_refuses_gives_way_to_the_next()
    {
        using var rig = new CudaRig();
        rig.Gpu.Cudnn.FusedRefuses.Add(7);
        ConvolutionCall call = Call(rig, 4096, relu: true);
        rig.Device.Convolution(call);
        Assert.Equal("IMPLICIT_PRECOMP_GEMM", rig.Device.ConvolutionChoices[0].Algorithm);
        rig.Calls();
        rig.Device.Convolution(call);
        Assert.Contains("convolution1, 1, D6", Assert.Single(rig.Calls()));
    }

    /// <summary>Algorithm and math type are a pair: in fp32 only FMA may compute, in TF32 the descriptor gets the type that was offered.</summary>
    [Theory]
    [InlineData(MathMode.Fp32, 3)]
    [InlineData(MathMode.Tf32, 1)]
    public void The_descriptor_has_the_math_type_of_the_offer(MathMode math, int mathType)
    {
        using var rig = new CudaRig(CudaOptions.Default with { Math = math });
        rig.Device.Convolution(Call(rig, 4096, relu: true));
        Assert.Equal($"cudnnSetConvolutionMathType(convolution1, {mathType})", rig.Gpu.Log.Named("cudnnSetConvolutionMathType").Last().ToString());
    }

    [Fact]
    public void Another_shape_or_activation_is_another_convolution_and_all_are_destroyed()
    {
        using var rig = new CudaRig();
        ConvolutionCall call = Call(rig, 4096, relu: true);
        rig.Device.Convolution(call);
        rig.Device.Convolution(call with { Relu = false });
        rig.Device.Convolution(call with { Shape = s_shape with { N = 1 } });
        Assert.Equal(3, rig.Device.ConvolutionChoices.Count);
        Assert.Equal(9, rig.Gpu.Log.Count("cudnnCreateTensorDescriptor"));
    }

    /// <summary>[2,3,7,9] in windows of 2: [2,3,3,4]. A window that has a NaN gives NaN, as on the software GPU.</summary>
    [Fact]
    public void A_max_pooling_is_described_once_and_called_every_time()
    {
        using var rig = new CudaRig();
        float[] values = new SeededValues(5).Floats(2 * 3 * 7 * 9, 1);
        DevicePointer x = rig.Put("x", values), y = rig.Room("y", 2 * 3 * 3 * 4);
        rig.Calls();
        var call = new MaxPoolCall(2, 3, 7, 9, 2, 2, x, y);
        rig.Device.MaxPool(call);
        string[] calls = rig.Calls();
        Assert.Equal(
            [
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor1, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 3, 7, 9)",
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor2, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 3, 3, 4)",
                "cudnnCreatePoolingDescriptor()",
                "cudnnSetPooling2dDescriptor(pooling1, 0, 1, 2, 2, 0, 0, 2, 2)", // maximum, NaN propagated
                "cudnnPoolingForward(cudnn1, pooling1, 1, tensor1, D2, 0, tensor2, D3)",
            ],
            calls);
        rig.Device.MaxPool(call);
        Assert.Equal([calls[^1]], rig.Calls());
        float[] pooled = rig.Get(y, 2 * 3 * 3 * 4);
        Assert.Equal(Math.Max(Math.Max(values[0], values[1]), Math.Max(values[9], values[10])), pooled[0]);
    }

    /// <summary>
    /// x [2,3,14,12], dy [2,8,14,12]. The fastest, 0, is not deterministic and so none of ours; 5 needs 4 * 36 * 3 * 8 = 3456 bytes, 2 does not apply,
    /// 1 needs 4 * 8 = 32.
    /// </summary>
    [Fact]
    public void A_weight_gradient_is_described_once_and_called_every_time()
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = 4096 });
        ConvolutionWeightBackwardCall call = WeightCall(rig, 4096);
        rig.Calls();
        rig.Device.ConvolutionWeightBackward(call);
        const string backward = "cudnnConvolutionBackwardFilter(cudnn1, 1, tensor1, D2, tensor2, D3, convolution1, 5, D5, 4096, 0, filter1, D4)";
        Assert.Equal(
            [
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor1, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 3, 14, 12)",
                "cudnnCreateFilterDescriptor()",
                "cudnnSetFilter4dDescriptor(filter1, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 8, 3, 3, 3)",
                "cudnnCreateTensorDescriptor()",
                "cudnnSetTensor4dDescriptor(tensor2, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 8, 14, 12)",
                "cudnnCreateConvolutionDescriptor()",
                "cudnnSetConvolution2dDescriptor(convolution1, 1, 1, 1, 1, 1, 1, 1, CUDNN_DATA_FLOAT)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                "cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnn1, tensor1, tensor2, convolution1, filter1, 16)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                "cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnn1, tensor1, tensor2, convolution1, filter1, 5)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                "cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnn1, tensor1, tensor2, convolution1, filter1, 1)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                backward,
            ],
            rig.Calls());
        rig.Device.ConvolutionWeightBackward(call);
        Assert.Equal([backward], rig.Calls());

        // Added to what is there: the same descriptors and algorithm, beta 1.
        float[] once = rig.Get(call.WeightGradient, 8 * 3 * 3 * 3);
        rig.Calls();
        rig.Device.ConvolutionWeightBackward(call with { Beta = 1 });
        Assert.Equal([backward.Replace("4096, 0,", "4096, 1,", StringComparison.Ordinal)], rig.Calls());
        Assert.Equal(once.Select(value => 2 * value), rig.Get(call.WeightGradient, once.Length), (a, b) => Math.Abs(a - b) <= 1e-5f);
        Assert.Equal(
            [new ConvolutionChoice(s_shape, false, "ALGO_WINOGRAD_NONFUSED", 3456, 4096, ConvolutionPass.WeightBackward)], rig.Device.ConvolutionChoices);
        Assert.Equal(3, rig.Device.Launches);
    }

    [Fact]
    public void A_data_gradient_is_described_once_and_called_every_time()
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = 0 });
        ConvolutionDataBackwardCall call = DataCall(rig, 0);
        rig.Calls();
        rig.Device.ConvolutionDataBackward(call);
        const string backward = "cudnnConvolutionBackwardData(cudnn1, 1, filter1, D2, tensor2, D3, convolution1, 1, null, 0, 0, tensor1, D4)";
        string[] calls = rig.Calls();
        Assert.Equal(
            [
                "cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnn1, filter1, tensor2, convolution1, tensor1, 16)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                "cudnnGetConvolutionBackwardDataWorkspaceSize(cudnn1, filter1, tensor2, convolution1, tensor1, 5)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                "cudnnGetConvolutionBackwardDataWorkspaceSize(cudnn1, filter1, tensor2, convolution1, tensor1, 1)",
                "cudnnSetConvolutionMathType(convolution1, 3)",
                backward,
            ],
            calls[^7..]);
        Assert.Equal("cudnnSetTensor4dDescriptor(tensor1, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 3, 14, 12)", calls[1]);
        rig.Device.ConvolutionDataBackward(call);
        Assert.Equal([backward], rig.Calls());
        Assert.Equal([new ConvolutionChoice(s_shape, false, "ALGO_1", 0, 0, ConvolutionPass.DataBackward)], rig.Device.ConvolutionChoices);
    }

    [Theory]
    [InlineData(3456, "ALGO_WINOGRAD_NONFUSED", 3456)]
    [InlineData(3455, "ALGO_1", 32)]
    public void Of_the_weight_gradients_the_fastest_that_fits_and_is_deterministic_is_taken(long budgetBytes, string algorithm, long neededBytes)
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = budgetBytes });
        rig.Device.ConvolutionWeightBackward(WeightCall(rig, budgetBytes));
        Assert.Equal(
            [new ConvolutionChoice(s_shape, false, algorithm, neededBytes, budgetBytes, ConvolutionPass.WeightBackward)], rig.Device.ConvolutionChoices);
        Assert.Equal(budgetBytes, rig.Device.WeightBackwardWorkspaceBytes(s_shape));
        Assert.Equal(budgetBytes, rig.Device.DataBackwardWorkspaceBytes(s_shape));
    }

    /// <summary>Without workspace only what adds by atomics is left: that is refused, not taken.</summary>
    [Fact]
    public void Where_no_deterministic_gradient_fits_the_least_is_named()
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = 0 });
        string message = Assert.Throws<MachineException>(() => rig.Device.ConvolutionWeightBackward(WeightCall(rig, 0))).Message;
        Assert.StartsWith("weight gradient of convolution [2,3,14,12] * [8,3,3,3]: no algorithm", message);
        Assert.Contains("the least is 32: give --workspace 1 (MiB) or more", message);
        Assert.Empty(rig.Device.ConvolutionChoices);
    }

    /// <summary>The three convolutions of one shape are three, and all are destroyed.</summary>
    [Fact]
    public void The_gradients_agree_with_the_software_GPUs()
    {
        using var rig = new CudaRig(CudaOptions.Default with { ConvolutionWorkspaceBytes = 4096 });
        using var simulated = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        rig.Device.Convolution(Call(rig, 4096, relu: true));
        ConvolutionWeightBackwardCall weight = WeightCall(rig, 4096);
        ConvolutionDataBackwardCall data = DataCall(rig, 4096);
        rig.Device.ConvolutionWeightBackward(weight);
        rig.Device.ConvolutionDataBackward(data);
        Assert.Equal(
            [ConvolutionPass.Forward, ConvolutionPass.WeightBackward, ConvolutionPass.DataBackward], rig.Device.ConvolutionChoices.Select(choice => choice.Pass));
        ConvolutionShape s = s_shape;
        long x = s.N * s.C * s.H * s.W, w = s.K * s.C * s.R * s.S, dy = s.N * s.K * s.P * s.Q;
        DevicePointer simulatedX = Copy(weight.X, x), simulatedDy = Copy(weight.OutputGradient, dy), simulatedW = Copy(data.Weight, w);
        DevicePointer dw = Room(w), dx = Room(x), dataDy = Copy(data.OutputGradient, dy);
        simulated.ConvolutionWeightBackward(new ConvolutionWeightBackwardCall(s, simulatedX, simulatedDy, dw, DevicePointer.Null, 0, 0));
        simulated.ConvolutionDataBackward(new ConvolutionDataBackwardCall(s, simulatedW, dataDy, dx, DevicePointer.Null, 0));
        Assert.Equal(Get(dw, w), rig.Get(weight.WeightGradient, w), (a, b) => Math.Abs(a - b) <= 1e-4f);
        Assert.Equal(Get(dx, x), rig.Get(data.InputGradient, x), (a, b) => Math.Abs(a - b) <= 1e-4f);

        DevicePointer Room(long floats)
        {
            DevicePointer region = simulated.Allocate("region", 4 * floats);
            simulated.BeginBuffer("region", region, 4 * floats);
            return region;
        }

        DevicePointer Copy(DevicePointer from, long floats)
        {
            DevicePointer region = Room(floats);
            simulated.CopyToDevice(region, MemoryMarshal.AsBytes(rig.Get(from, floats).AsSpan()));
            return region;
        }

        float[] Get(DevicePointer region, long floats)
        {
            float[] values = new float[floats];
            simulated.CopyToHost(MemoryMarshal.AsBytes(values.AsSpan()), region);
            return values;
        }
    }

    private static ConvolutionWeightBackwardCall WeightCall(CudaRig rig, long workspaceBytes)
    {
        ConvolutionShape s = s_shape;
        var values = new SeededValues(7);
        DevicePointer x = rig.Put("x", values.Floats(s.N * s.C * s.H * s.W, 1)), dy = rig.Put("dy", values.Floats(s.N * s.K * s.P * s.Q, 1));
        DevicePointer dw = rig.Room("dw", s.K * s.C * s.R * s.S);
        return new ConvolutionWeightBackwardCall(s, x, dy, dw, Workspace(rig, workspaceBytes), workspaceBytes, Beta: 0);
    }

    private static ConvolutionDataBackwardCall DataCall(CudaRig rig, long workspaceBytes)
    {
        ConvolutionShape s = s_shape;
        var values = new SeededValues(8);
        DevicePointer w = rig.Put("w", values.Floats(s.K * s.C * s.R * s.S, 1)), dy = rig.Put("dy", values.Floats(s.N * s.K * s.P * s.Q, 1));
        DevicePointer dx = rig.Room("dx", s.N * s.C * s.H * s.W);
        return new ConvolutionDataBackwardCall(s, w, dy, dx, Workspace(rig, workspaceBytes), workspaceBytes);
    }

    private static DevicePointer Workspace(CudaRig rig, long bytes) => bytes == 0 ? DevicePointer.Null : rig.Room("workspace", (bytes + 3) / 4);

    private static ConvolutionCall Call(CudaRig rig, long workspaceBytes, bool relu)
    {
        ConvolutionShape s = s_shape;
        var values = new SeededValues(6);
        DevicePointer x = rig.Put("x", values.Floats(s.N * s.C * s.H * s.W, 1)), w = rig.Put("w", values.Floats(s.K * s.C * s.R * s.S, 1));
        DevicePointer bias = rig.Put("bias", values.Floats(s.K, 1)), y = rig.Room("y", s.N * s.K * s.P * s.Q);
        return new ConvolutionCall(s, x, w, bias, y, Workspace(rig, workspaceBytes), workspaceBytes, relu);
    }
}
