using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;

namespace Harness.Kernels.Devices;

/// <summary>
/// Every PTX file of the library as a loaded module, and every entry as a function whose attributes have been read: with lazy loading
/// (CUDA_MODULE_LOADING) that is what makes the driver load it, so that no pass finds the memory of a module missing.
/// </summary>
internal sealed unsafe class CudaModules : IDisposable
{
    private const int LogBytes = 8 << 10;

    private readonly CudaContext _context;
    private readonly List<CUmodule> _modules = [];
    private readonly List<CudaKernel> _kernels = [];

    /// <param name="context">current</param>
    /// <param name="gpu">what it compiles for</param>
    /// <param name="library">where kernels come from</param>
    /// <exception cref="PtxException">a file of the caller's is wrong, by our parser or by the driver's compiler</exception>
    /// <exception cref="MachineException">the GPU or the driver is too old for a file, or the driver's compiler refuses a file of ours</exception>
    public CudaModules(CudaContext context, GpuProperties gpu, KernelLibrary library)
    {
        _context = context;
        try
        {
            foreach (PtxSource source in library.Sources)
            {
                PtxModule syntax = PtxParser.Parse(source);
                RequireTarget(syntax, gpu);
                CUmodule module = Load(source, syntax, gpu, isOurs: library == KernelLibrary.Embedded);
                _modules.Add(module);
                _kernels.AddRange(syntax.Functions.Where(function => function.IsEntry)
                    .Select(entry => new CudaKernel(context, source, entry, Function(module, entry))));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ImmutableArray<LoadedKernel> Loaded =>
        [.. _kernels.Select(kernel => new LoadedKernel(kernel.Name, kernel.SourceName, kernel.Resources))];

    public CudaKernel this[KernelHandle handle] => _kernels[handle.Index];

    /// <exception cref="CallerException">no such entry, or two</exception>
    public KernelHandle Find(string entry)
    {
        CudaKernel[] found = [.. _kernels.Where(kernel => kernel.Name == entry)];
        return found.Length switch
        {
            1 => new KernelHandle(_kernels.IndexOf(found[0])),
            0 => throw new CallerException(
                $"there is no kernel '{entry}'{NearestWord.Hint(entry, _kernels.Select(kernel => kernel.Name))}"),
            _ => throw new CallerException($"kernel '{entry}' is in {found[0].SourceName} and in {found[1].SourceName}"),
        };
    }

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        for (int k = _modules.Count - 1; k >= 0; k--)
        {
            _context.Driver.cuModuleUnload(_modules[k]);
        }

        _modules.Clear();
    }

    /// <summary>PTX for sm_75 compiles for 7.5 and everything later, never for less.</summary>
    private static void RequireTarget(PtxModule module, GpuProperties gpu)
    {
        string digits = new([.. module.Target.SkipWhile(letter => !char.IsAsciiDigit(letter)).TakeWhile(char.IsAsciiDigit)]);
        int needed = int.Parse(digits, CultureInfo.InvariantCulture);
        if (needed > (10 * gpu.ComputeMajor) + gpu.ComputeMinor)
        {
            throw new MachineException(
                $"{module.SourceName} is written for compute capability {needed / 10}.{needed % 10} or later, {gpu.Name} has "
                + $"{gpu.ComputeMajor}.{gpu.ComputeMinor}: choose another GPU, or --device sim");
        }
    }

    private CUmodule Load(PtxSource source, PtxModule syntax, GpuProperties gpu, bool isOurs)
    {
        byte* information = stackalloc byte[LogBytes];
        byte* errors = stackalloc byte[LogBytes];
        information[0] = errors[0] = 0;
        CUjit_option* options = stackalloc CUjit_option[]
        {
            CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
            CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        };

        // A size is passed in the pointer's own bits, and comes back as the bytes that were filled.
        void** values = stackalloc void*[] { information, (void*)LogBytes, errors, (void*)LogBytes };
        CUmodule module;
        CUresult status;
        fixed (byte* image = Encoding.UTF8.GetBytes(source.Text + '\0'))
        {
            status = _context.Driver.cuModuleLoadDataEx(&module, image, 4, options, values);
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            return module;
        }

        // The buffers end in a null of ours even where the compiler filled them to the last byte.
        information[LogBytes - 1] = errors[LogBytes - 1] = 0;
        throw Refusal(status, source.Name, syntax, gpu, JitLog.FirstError(Text(errors) + '\n' + Text(information)), isOurs);
    }

    private Exception Refusal(CUresult status, string file, PtxModule syntax, GpuProperties gpu, JitLog log, bool isOurs) => status switch
    {
        CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION => new MachineException(
            $"{file} is PTX {syntax.Version}, which this driver (CUDA {LibraryVersions.Cuda(gpu.DriverVersion)}) is too old for: "
            + "install a newer NVIDIA driver"),
        CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND => new MachineException(
            $"{file}: the driver's PTX compiler is missing (libnvidia-ptxjitcompiler.so, nvptxJITCompiler64_*.dll): "
            + "install the whole NVIDIA driver"),
        CUresult.CUDA_ERROR_INVALID_PTX when !isOurs => new PtxException(
            file, log.Line ?? 1, $"the driver's compiler refuses this: {log.Message}"),
        CUresult.CUDA_ERROR_INVALID_PTX => new MachineException(
            $"{file}:{log.Line ?? 1}: the driver's compiler refuses this built-in kernel: {log.Message}"),
        _ => _context.Status.Failure(status, $"{file} (compiler: {log.Message})", nameof(ICudaDriver.cuModuleLoadDataEx)),
    };

    private static string Text(byte* log) => Marshal.PtrToStringUTF8((nint)log) ?? "";

    private CUfunction Function(CUmodule module, PtxFunction entry)
    {
        CUfunction function;
        fixed (byte* name = Encoding.UTF8.GetBytes(entry.Name + '\0'))
        {
            _context.Status.ThrowIfFailed(_context.Driver.cuModuleGetFunction(&function, module, name), entry.Name);
        }

        return function;
    }
}
