using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>cuDNN 8 and 9: in both the main library forwards every call here to its parts.</summary>
internal sealed unsafe partial class Cudnn : ICudnn
{
    public nuint cudnnGetVersion() => Entry.cudnnGetVersion();

    public byte* cudnnGetErrorString(cudnnStatus_t status) => Entry.cudnnGetErrorString(status);

    public cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) => Entry.cudnnCreate(handle);

    public cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) => Entry.cudnnDestroy(handle);

    public cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream) => Entry.cudnnSetStream(handle, stream);

    public cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor) => Entry.cudnnCreateTensorDescriptor(descriptor);

    public cudnnStatus_t cudnnSetTensor4dDescriptor(
        cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format, cudnnDataType_t dataType, int n, int c, int h, int w) =>
        Entry.cudnnSetTensor4dDescriptor(descriptor, format, dataType, n, c, h, w);

    public cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor) => Entry.cudnnDestroyTensorDescriptor(descriptor);

    public cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* descriptor) => Entry.cudnnCreateFilterDescriptor(descriptor);

    public cudnnStatus_t cudnnSetFilter4dDescriptor(
        cudnnFilterDescriptor_t descriptor, cudnnDataType_t dataType, cudnnTensorFormat_t format, int k, int c, int h, int w) =>
        Entry.cudnnSetFilter4dDescriptor(descriptor, dataType, format, k, c, h, w);

    public cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor) => Entry.cudnnDestroyFilterDescriptor(descriptor);

    public cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* descriptor) =>
        Entry.cudnnCreateConvolutionDescriptor(descriptor);

    public cudnnStatus_t cudnnSetConvolution2dDescriptor(
        cudnnConvolutionDescriptor_t descriptor, int padH, int padW, int u, int v, int dilationH, int dilationW,
        cudnnConvolutionMode_t mode, cudnnDataType_t computeType) =>
        Entry.cudnnSetConvolution2dDescriptor(descriptor, padH, padW, u, v, dilationH, dilationW, mode, computeType);

    public cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t descriptor, cudnnMathType_t mathType) =>
        Entry.cudnnSetConvolutionMathType(descriptor, mathType);

    public cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor) =>
        Entry.cudnnDestroyConvolutionDescriptor(descriptor);

    public cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(
        cudnnHandle_t handle, cudnnTensorDescriptor_t source, cudnnFilterDescriptor_t filter, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t destination, int requestedAlgoCount, int* returnedAlgoCount,
        cudnnConvolutionFwdAlgoPerf_t* perfResults) =>
        Entry.cudnnGetConvolutionForwardAlgorithm_v7(
            handle, source, filter, convolution, destination, requestedAlgoCount, returnedAlgoCount, perfResults);

    public cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algo, nuint* bytes) =>
        Entry.cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y, algo, bytes);

    public cudnnStatus_t cudnnConvolutionBiasActivationForward(
        cudnnHandle_t handle, void* alpha1, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnFilterDescriptor_t wDescriptor, void* w,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algo, void* workspace, nuint workspaceBytes, void* alpha2,
        cudnnTensorDescriptor_t zDescriptor, void* z, cudnnTensorDescriptor_t biasDescriptor, void* bias,
        cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t yDescriptor, void* y) =>
        Entry.cudnnConvolutionBiasActivationForward(
            handle, alpha1, xDescriptor, x, wDescriptor, w, convolution, algo, workspace, workspaceBytes, alpha2, zDescriptor,
            z, biasDescriptor, bias, activation, yDescriptor, y);

    public cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
        cudnnHandle_t handle, cudnnTensorDescriptor_t source, cudnnTensorDescriptor_t diff, cudnnConvolutionDescriptor_t convolution,
        cudnnFilterDescriptor_t gradient, int requestedAlgoCount, int* returnedAlgoCount,
        cudnnConvolutionBwdFilterAlgoPerf_t* perfResults) =>
        Entry.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
            handle, source, diff, convolution, gradient, requestedAlgoCount, returnedAlgoCount, perfResults);

    public cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnFilterDescriptor_t gradient, cudnnConvolutionBwdFilterAlgo_t algo, nuint* bytes) =>
        Entry.cudnnGetConvolutionBackwardFilterWorkspaceSize(
            handle, x, dy, convolution, gradient, algo, bytes);

    public cudnnStatus_t cudnnConvolutionBackwardFilter(
        cudnnHandle_t handle, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnTensorDescriptor_t dyDescriptor, void* dy,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* beta, cudnnFilterDescriptor_t dwDescriptor, void* dw) =>
        Entry.cudnnConvolutionBackwardFilter(
            handle, alpha, xDescriptor, x, dyDescriptor, dy, convolution, algo, workspace, workspaceBytes, beta, dwDescriptor, dw);

    public cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
        cudnnHandle_t handle, cudnnFilterDescriptor_t filter, cudnnTensorDescriptor_t diff, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t grad, int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionBwdDataAlgoPerf_t* perfResults) =>
        Entry.cudnnGetConvolutionBackwardDataAlgorithm_v7(
            handle, filter, diff, convolution, grad, requestedAlgoCount, returnedAlgoCount, perfResults);

    public cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
        cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algo, nuint* bytes) =>
        Entry.cudnnGetConvolutionBackwardDataWorkspaceSize(
            handle, w, dy, convolution, dx, algo, bytes);

    public cudnnStatus_t cudnnConvolutionBackwardData(
        cudnnHandle_t handle, void* alpha, cudnnFilterDescriptor_t wDescriptor, void* w, cudnnTensorDescriptor_t dyDescriptor, void* dy,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* beta, cudnnTensorDescriptor_t dxDescriptor, void* dx) =>
        Entry.cudnnConvolutionBackwardData(
            handle, alpha, wDescriptor, w, dyDescriptor, dy, convolution, algo, workspace, workspaceBytes, beta, dxDescriptor, dx);

    public cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* descriptor) =>
        Entry.cudnnCreateActivationDescriptor(descriptor);

    public cudnnStatus_t cudnnSetActivationDescriptor(
        cudnnActivationDescriptor_t descriptor, cudnnActivationMode_t mode, cudnnNanPropagation_t reluNan, double coefficient) =>
        Entry.cudnnSetActivationDescriptor(descriptor, mode, reluNan, coefficient);

    public cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t descriptor) =>
        Entry.cudnnDestroyActivationDescriptor(descriptor);

    public cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* descriptor) =>
        Entry.cudnnCreatePoolingDescriptor(descriptor);

    public cudnnStatus_t cudnnSetPooling2dDescriptor(
        cudnnPoolingDescriptor_t descriptor, cudnnPoolingMode_t mode, cudnnNanPropagation_t maxpoolingNan, int windowHeight,
        int windowWidth, int verticalPadding, int horizontalPadding, int verticalStride, int horizontalStride) =>
        Entry.cudnnSetPooling2dDescriptor(
            descriptor, mode, maxpoolingNan, windowHeight, windowWidth, verticalPadding, horizontalPadding, verticalStride,
            horizontalStride);

    public cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t descriptor) =>
        Entry.cudnnDestroyPoolingDescriptor(descriptor);

    public cudnnStatus_t cudnnPoolingForward(
        cudnnHandle_t handle, cudnnPoolingDescriptor_t pooling, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, void* beta,
        cudnnTensorDescriptor_t yDescriptor, void* y) =>
        Entry.cudnnPoolingForward(handle, pooling, alpha, xDescriptor, x, beta, yDescriptor, y);

    internal static partial class Entry
    {
        [LibraryImport(NativeNames.Cudnn)]
        internal static partial nuint cudnnGetVersion();

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial byte* cudnnGetErrorString(cudnnStatus_t status);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnCreate(cudnnHandle_t* handle);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnDestroy(cudnnHandle_t handle);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetTensor4dDescriptor(
            cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format, cudnnDataType_t dataType, int n, int c, int h, int w);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetFilter4dDescriptor(
            cudnnFilterDescriptor_t descriptor, cudnnDataType_t dataType, cudnnTensorFormat_t format, int k, int c, int h, int w);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetConvolution2dDescriptor(
            cudnnConvolutionDescriptor_t descriptor, int padH, int padW, int u, int v, int dilationH, int dilationW,
            cudnnConvolutionMode_t mode, cudnnDataType_t computeType);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetConvolutionMathType(
            cudnnConvolutionDescriptor_t descriptor, cudnnMathType_t mathType);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(
            cudnnHandle_t handle, cudnnTensorDescriptor_t source, cudnnFilterDescriptor_t filter, cudnnConvolutionDescriptor_t convolution,
            cudnnTensorDescriptor_t destination, int requestedAlgoCount, int* returnedAlgoCount,
            cudnnConvolutionFwdAlgoPerf_t* perfResults);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
            cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
            cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algo, nuint* bytes);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnConvolutionBiasActivationForward(
            cudnnHandle_t handle, void* alpha1, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnFilterDescriptor_t wDescriptor,
            void* w, cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algo, void* workspace, nuint workspaceBytes,
            void* alpha2, cudnnTensorDescriptor_t zDescriptor, void* z, cudnnTensorDescriptor_t biasDescriptor, void* bias,
            cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t yDescriptor, void* y);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
            cudnnHandle_t handle, cudnnTensorDescriptor_t source, cudnnTensorDescriptor_t diff, cudnnConvolutionDescriptor_t convolution,
            cudnnFilterDescriptor_t gradient, int requestedAlgoCount, int* returnedAlgoCount,
            cudnnConvolutionBwdFilterAlgoPerf_t* perfResults);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
            cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
            cudnnFilterDescriptor_t gradient, cudnnConvolutionBwdFilterAlgo_t algo, nuint* bytes);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnConvolutionBackwardFilter(
            cudnnHandle_t handle, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnTensorDescriptor_t dyDescriptor, void* dy,
            cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algo, void* workspace, nuint workspaceBytes,
            void* beta, cudnnFilterDescriptor_t dwDescriptor, void* dw);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
            cudnnHandle_t handle, cudnnFilterDescriptor_t filter, cudnnTensorDescriptor_t diff, cudnnConvolutionDescriptor_t convolution,
            cudnnTensorDescriptor_t grad, int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionBwdDataAlgoPerf_t* perfResults);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
            cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
            cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algo, nuint* bytes);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnConvolutionBackwardData(
            cudnnHandle_t handle, void* alpha, cudnnFilterDescriptor_t wDescriptor, void* w, cudnnTensorDescriptor_t dyDescriptor, void* dy,
            cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t algo, void* workspace, nuint workspaceBytes,
            void* beta, cudnnTensorDescriptor_t dxDescriptor, void* dx);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetActivationDescriptor(
            cudnnActivationDescriptor_t descriptor, cudnnActivationMode_t mode, cudnnNanPropagation_t reluNan, double coefficient);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnSetPooling2dDescriptor(
            cudnnPoolingDescriptor_t descriptor, cudnnPoolingMode_t mode, cudnnNanPropagation_t maxpoolingNan, int windowHeight,
            int windowWidth, int verticalPadding, int horizontalPadding, int verticalStride, int horizontalStride);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t descriptor);

        [LibraryImport(NativeNames.Cudnn)]
        internal static partial cudnnStatus_t cudnnPoolingForward(
            cudnnHandle_t handle, cudnnPoolingDescriptor_t pooling, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, void* beta,
            cudnnTensorDescriptor_t yDescriptor, void* y);
    }
}
