namespace Harness.Kernels.Native;

/// <summary>
/// The functions of cuDNN that this program calls (the same in cuDNN 8 and 9), under the vendor's names and with its parameters.
/// </summary>
public unsafe interface ICudnn
{
    nuint cudnnGetVersion();

    /// <summary>Null-terminated.</summary>
    byte* cudnnGetErrorString(cudnnStatus_t status);

    cudnnStatus_t cudnnCreate(cudnnHandle_t* handle);
    cudnnStatus_t cudnnDestroy(cudnnHandle_t handle);
    cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream);

    cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor);
    cudnnStatus_t cudnnSetTensor4dDescriptor(
        cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format, cudnnDataType_t dataType, int n, int c, int h, int w);
    cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor);

    cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* descriptor);
    cudnnStatus_t cudnnSetFilter4dDescriptor(
        cudnnFilterDescriptor_t descriptor, cudnnDataType_t dataType, cudnnTensorFormat_t format, int k, int c, int h, int w);
    cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor);

    cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* descriptor);
    cudnnStatus_t cudnnSetConvolution2dDescriptor(
        cudnnConvolutionDescriptor_t descriptor, int padH, int padW, int u, int v, int dilationH, int dilationW,
        cudnnConvolutionMode_t mode, cudnnDataType_t computeType);
    cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t descriptor, cudnnMathType_t mathType);
    cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor);

    cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(
        cudnnHandle_t handle, cudnnTensorDescriptor_t source, cudnnFilterDescriptor_t filter, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t destination, int requestedAlgoCount, int* returnedAlgoCount,
        cudnnConvolutionFwdAlgoPerf_t* perfResults);
    cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algo, nuint* bytes);
    cudnnStatus_t cudnnConvolutionBiasActivationForward(
        cudnnHandle_t handle, void* alpha1, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnFilterDescriptor_t wDescriptor, void* w,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* alpha2, cudnnTensorDescriptor_t zDescriptor, void* z, cudnnTensorDescriptor_t biasDescriptor, void* bias,
        cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t yDescriptor, void* y);

    cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
        cudnnHandle_t handle, cudnnTensorDescriptor_t source, cudnnTensorDescriptor_t diff, cudnnConvolutionDescriptor_t convolution,
        cudnnFilterDescriptor_t gradient, int requestedAlgoCount, int* returnedAlgoCount,
        cudnnConvolutionBwdFilterAlgoPerf_t* perfResults);
    cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnFilterDescriptor_t gradient, cudnnConvolutionBwdFilterAlgo_t algo, nuint* bytes);
    cudnnStatus_t cudnnConvolutionBackwardFilter(
        cudnnHandle_t handle, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnTensorDescriptor_t dyDescriptor, void* dy,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* beta, cudnnFilterDescriptor_t dwDescriptor, void* dw);
    cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
        cudnnHandle_t handle, cudnnFilterDescriptor_t filter, cudnnTensorDescriptor_t diff, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t grad, int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionBwdDataAlgoPerf_t* perfResults);
    cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
        cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algo, nuint* bytes);
    cudnnStatus_t cudnnConvolutionBackwardData(
        cudnnHandle_t handle, void* alpha, cudnnFilterDescriptor_t wDescriptor, void* w, cudnnTensorDescriptor_t dyDescriptor, void* dy,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* beta, cudnnTensorDescriptor_t dxDescriptor, void* dx);

    cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* descriptor);
    cudnnStatus_t cudnnSetActivationDescriptor(
        cudnnActivationDescriptor_t descriptor, cudnnActivationMode_t mode, cudnnNanPropagation_t reluNan, double coefficient);
    cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t descriptor);

    cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* descriptor);
    cudnnStatus_t cudnnSetPooling2dDescriptor(
        cudnnPoolingDescriptor_t descriptor, cudnnPoolingMode_t mode, cudnnNanPropagation_t maxpoolingNan,
        int windowHeight, int windowWidth, int verticalPadding, int horizontalPadding, int verticalStride, int horizontalStride);
    cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t descriptor);
    cudnnStatus_t cudnnPoolingForward(
        cudnnHandle_t handle, cudnnPoolingDescriptor_t pooling, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, void* beta,
        cudnnTensorDescriptor_t yDescriptor, void* y);
}
