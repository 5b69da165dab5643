using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>
/// Every instruction that exists for us, with its modifiers in order and its operands: the one home of that knowledge. An instruction that is
/// not here is refused by <see cref="PtxVerifier"/> before it reaches a device.
/// </summary>
/// <remarks>
/// A line is <c>opcode slot slot ... : operand operand ... [@minimum sm] [@..last sm] [^minimum .version]</c>; a target implies a .version of its own.
/// A slot is one modifier: <c>a|b</c> are its alternatives, <c>?</c> at the end makes it optional, <c>T=</c> or <c>U=</c> names the type that it
/// chooses, capitals stand for a list below. An operand is a type (<c>T</c>, <c>U</c>, <c>W</c> for twice the width of T, or a type's name) with
/// <c>&gt;</c> before a destination, <c>~</c> where a wider register will do, <c>[T]</c> for an address, <c>*</c> where <c>.v2</c> and <c>.v4</c> take a vector,
/// <c>|pred</c> where a second, predicate destination may follow, <c>!</c> where a predicate may be negated, <c>?</c> where it may be left out.
/// Source: the PTX ISA, one section an instruction.
/// </remarks>
public static class PtxInstructionTable
{
    private static readonly Dictionary<string, string> s_lists = new(StringComparer.Ordinal)
    {
        ["INT"] = "u16|u32|u64|s16|s32|s64",
        ["INT8"] = "u8|u16|u32|u64|s8|s16|s32|s64",
        ["BITS"] = "b16|b32|b64",
        ["WORD"] = "b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64",
        ["MEMORY"] = "b8|b16|b32|b64|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64",
        ["RND"] = "rn|rz|rm|rp",
        ["RNI"] = "rni|rzi|rmi|rpi",
        ["VEC"] = "v2|v4",
        ["SPACE"] = "global|shared|shared::cta|local|const|param|param::entry|param::func",
        ["STSPACE"] = "global|shared|shared::cta|local|param|param::func",
        ["SCOPE"] = "cta|gpu|sys",
        ["SEM"] = "relaxed|acquire|release|acq_rel",
        ["ATSPACE"] = "global|shared|shared::cta",
        ["EVICT"] = "L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate",
        ["FETCH"] = "L2::64B|L2::128B|L2::256B",
        ["CMPU"] = "eq|ne|lt|le|gt|ge|lo|ls|hi|hs",
        ["CMPS"] = "eq|ne|lt|le|gt|ge",
        ["CMPF"] = "eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan",
        ["BOOL"] = "and|or|xor",
    };

    private const string Lines = """
        // integer arithmetic
        add T=INT : >T T T
        add sat T=s32 : >T T T
        add cc T=u32|s32|u64|s64 : >T T T
        addc cc? T=u32|s32|u64|s64 : >T T T
        sub T=INT : >T T T
        sub sat T=s32 : >T T T
        sub cc T=u32|s32|u64|s64 : >T T T
        subc cc? T=u32|s32|u64|s64 : >T T T
        mul lo|hi T=INT : >T T T
        mul wide T=u16|s16|u32|s32 : >W T T
        mad lo|hi T=INT : >T T T T
        mad hi sat T=s32 : >T T T T
        mad wide T=u16|s16|u32|s32 : >W T T W
        mad lo|hi cc T=u32|s32|u64|s64 : >T T T T
        madc lo|hi cc? T=u32|s32|u64|s64 : >T T T T
        mul24 lo|hi T=u32|s32 : >T T T
        mad24 lo|hi T=u32|s32 : >T T T T
        mad24 hi sat T=s32 : >T T T T
        sad T=INT : >T T T T
        div T=INT : >T T T
        rem T=INT : >T T T
        abs T=s16|s32|s64 : >T T
        neg T=s16|s32|s64 : >T T
        min T=INT : >T T T
        max T=INT : >T T T
        dp4a T=u32|s32 U=u32|s32 : >b32 T U b32
        dp2a lo|hi T=u32|s32 U=u32|s32 : >b32 T U b32
        // bits
        popc T=b32|b64 : >u32 T
        clz T=b32|b64 : >u32 T
        bfind shiftamt? T=u32|u64|s32|s64 : >u32 T
        fns b32 : >b32 b32 b32 s32
        brev T=b32|b64 : >T T
        bfe T=u32|u64|s32|s64 : >T T u32 u32
        bfi T=b32|b64 : >T T T u32 u32
        bmsk clamp|wrap b32 : >b32 u32 u32 @70 ^7.6
        szext clamp|wrap T=u32|s32 : >T T u32 @70 ^7.6
        and T=pred|BITS : >T T T
        or T=pred|BITS : >T T T
        xor T=pred|BITS : >T T T
        not T=pred|BITS : >T T
        cnot T=BITS : >T T
        shl T=BITS : >T T u32
        shr T=BITS|INT : >T T u32
        shf l|r clamp|wrap b32 : >b32 b32 b32 u32
        lop3 b32 : >b32 b32 b32 b32 imm
        prmt b32 f4e|b4e|rc8|ecl|ecr|rc16? : >b32 b32 b32 b32
        // floating point
        add RND? ftz? sat? T=f32 : >T T T
        add rn? T=f64 : >T T T
        add rn? ftz? sat? T=f16|f16x2 : >T T T
        add rn? T=bf16|bf16x2 : >T T T @90
        sub RND? ftz? sat? T=f32 : >T T T
        sub rn? T=f64 : >T T T
        sub rn? ftz? sat? T=f16|f16x2 : >T T T
        sub rn? T=bf16|bf16x2 : >T T T @90
        mul RND? ftz? sat? T=f32 : >T T T
        mul rn? T=f64 : >T T T
        mul rn? ftz? sat? T=f16|f16x2 : >T T T
        mul rn? T=bf16|bf16x2 : >T T T @90
        fma RND ftz? sat? T=f32 : >T T T T
        fma rn T=f64 : >T T T T
        fma rn ftz? sat? T=f16|f16x2 : >T T T T
        fma rn ftz? relu T=f16|f16x2 : >T T T T @80
        fma rn relu? T=bf16|bf16x2 : >T T T T @80
        mad RND ftz? sat? T=f32 : >T T T T
        mad rn T=f64 : >T T T T
        div approx|full ftz? T=f32 : >T T T
        div RND ftz? T=f32 : >T T T
        div rn T=f64 : >T T T
        abs ftz? T=f32 : >T T
        abs ftz? T=f16|f16x2 : >T T ^6.5
        abs T=f64 : >T T
        abs T=bf16|bf16x2 : >T T @80
        neg ftz? T=f32|f16|f16x2 : >T T
        neg T=f64 : >T T
        neg T=bf16|bf16x2 : >T T @80
        min ftz? T=f32 : >T T T
        min ftz? NaN T=f32 : >T T T @80
        min ftz? NaN? T=f16|f16x2 : >T T T @80
        min T=f64 : >T T T
        min NaN? T=bf16|bf16x2 : >T T T @80
        max ftz? T=f32 : >T T T
        max ftz? NaN T=f32 : >T T T @80
        max ftz? NaN? T=f16|f16x2 : >T T T @80
        max T=f64 : >T T T
        max NaN? T=bf16|bf16x2 : >T T T @80
        rcp approx|RND ftz? T=f32 : >T T
        rcp rn T=f64 : >T T
        rcp approx ftz T=f64 : >T T
        sqrt approx|RND ftz? T=f32 : >T T
        sqrt rn T=f64 : >T T
        rsqrt approx ftz? T=f32|f64 : >T T
        ex2 approx ftz? T=f32 : >T T
        ex2 approx T=f16|f16x2 : >T T @75 ^7.0
        lg2 approx ftz? T=f32 : >T T
        sin approx ftz? T=f32 : >T T
        cos approx ftz? T=f32 : >T T
        tanh approx T=f32|f16|f16x2 : >T T @75 ^7.0
        testp finite|infinite|number|notanumber|normal|subnormal T=f32|f64 : >pred T
        copysign T=f32|f64 : >T T T
        // comparison and selection
        setp eq|ne T=BITS : >pred|pred T T
        setp CMPU T=u16|u32|u64 : >pred|pred T T
        setp CMPS T=s16|s32|s64 : >pred|pred T T
        setp CMPF ftz? T=f32|f16 : >pred|pred T T
        setp CMPF T=f64 : >pred|pred T T
        setp CMPF T=bf16 : >pred|pred T T @90
        setp eq|ne BOOL T=BITS : >pred|pred T T pred!
        setp CMPU BOOL T=u16|u32|u64 : >pred|pred T T pred!
        setp CMPS BOOL T=s16|s32|s64 : >pred|pred T T pred!
        setp CMPF BOOL ftz? T=f32|f16 : >pred|pred T T pred!
        setp CMPF BOOL T=f64 : >pred|pred T T pred!
        setp CMPF BOOL T=bf16 : >pred|pred T T pred! @90
        set eq|ne T=u32|s32|f32 U=BITS : >T U U
        set CMPU T=u32|s32|f32 U=u16|u32|u64 : >T U U
        set CMPS T=u32|s32|f32 U=s16|s32|s64 : >T U U
        set CMPF ftz? T=u32|s32|f32 U=f32 : >T U U
        set CMPF T=u32|s32|f32 U=f64 : >T U U
        set eq|ne BOOL T=u32|s32|f32 U=BITS : >T U U pred!
        set CMPU BOOL T=u32|s32|f32 U=u16|u32|u64 : >T U U pred!
        set CMPS BOOL T=u32|s32|f32 U=s16|s32|s64 : >T U U pred!
        set CMPF BOOL ftz? T=u32|s32|f32 U=f32 : >T U U pred!
        set CMPF BOOL T=u32|s32|f32 U=f64 : >T U U pred!
        selp T=WORD : >T T T pred!
        slct T=WORD U=s32 : >T T T U
        slct ftz? T=WORD U=f32 : >T T T U
        // data movement and conversion
        mov T=pred|WORD : >pack pack
        ld weak? SPACE? ca|cg|cs|lu|cv? EVICT? FETCH? VEC? T=MEMORY : >~T* [T]
        ld volatile SPACE? VEC? T=MEMORY : >~T* [T]
        ld relaxed|acquire SCOPE SPACE? EVICT? FETCH? VEC? T=MEMORY : >~T* [T] @70
        ld global ca|cg|cs? nc EVICT? FETCH? VEC? T=MEMORY : >~T* [T]
        ldu global? VEC? T=MEMORY : >~T* [T]
        st weak? STSPACE? wb|cg|cs|wt? EVICT? VEC? T=MEMORY : [T] ~T*
        st volatile STSPACE? VEC? T=MEMORY : [T] ~T*
        st relaxed|release SCOPE STSPACE? EVICT? VEC? T=MEMORY : [T] ~T* @70
        prefetch global|local? L1|L2 : [b8]
        prefetchu L1 : [b8]
        isspacep global|shared|shared::cta|local|const : >pred u64
        cvta SPACE u64 : >u64 pointer
        cvta to SPACE u64 : >u64 u64
        cvt sat? T=INT8 U=INT8 : >~T ~U
        cvt RNI ftz? sat? T=INT8 U=f32|f16 : >~T ~U
        cvt RNI sat? T=INT8 U=f64 : >~T ~U
        cvt RND sat? T=f16|f32|f64 U=INT8 : >~T ~U
        cvt ftz? sat? T=f32 U=f16 : >~T ~U
        cvt ftz? sat? T=f64 U=f32 : >~T ~U
        cvt sat? T=f64 U=f16 : >~T ~U
        cvt RND ftz? sat? T=f32 U=f64 : >~T ~U
        cvt RND ftz? sat? T=f16 U=f32 : >~T ~U
        cvt RND sat? T=f16 U=f64 : >~T ~U
        cvt RNI? ftz? sat? T=f32 U=f32 : >~T ~U
        cvt RNI? sat? T=f64 U=f64 : >~T ~U
        cvt RNI? ftz? sat? T=f16 U=f16 : >~T ~U
        cvt rn|rz relu? T=f16x2|bf16x2 U=f32 : >T U U @80
        cvt rn|rz relu? T=f16|bf16 U=f32 : >~T ~U @80
        cvt T=f32 U=bf16 : >~T ~U @90
        // control
        bra uni? : label
        brx idx uni? : u32 labels
        call uni? : call
        ret uni? :
        exit :
        trap :
        brkpt :
        nanosleep u32 : u32 @70
        // barriers and fences
        bar cta? sync : u32 u32?
        bar cta? arrive : u32 u32
        bar cta? red popc u32 : >u32 u32 pred!
        bar cta? red popc u32 : >u32 u32 u32 pred!
        bar cta? red and|or pred : >pred u32 pred!
        bar cta? red and|or pred : >pred u32 u32 pred!
        barrier cta? sync aligned? : u32 u32?
        barrier cta? arrive aligned? : u32 u32
        barrier cta? red popc aligned? u32 : >u32 u32 pred!
        barrier cta? red popc aligned? u32 : >u32 u32 u32 pred!
        barrier cta? red and|or aligned? pred : >pred u32 pred!
        barrier cta? red and|or aligned? pred : >pred u32 u32 pred!
        bar warp sync : u32
        membar cta|gl|sys :
        fence sc|acq_rel? SCOPE : @70
        // between the lanes of a warp
        shfl up|down|bfly|idx b32 : >b32|pred b32 u32 u32 @..69
        shfl sync up|down|bfly|idx b32 : >b32|pred b32 u32 u32 u32
        vote all|any|uni pred : >pred pred! @..69
        vote ballot b32 : >b32 pred! @..69
        vote sync all|any|uni pred : >pred pred! u32
        vote sync ballot b32 : >b32 pred! u32
        match any sync T=b32|b64 : >b32 T u32 @70
        match all sync T=b32|b64 : >b32|pred T u32 @70
        activemask b32 : >b32
        redux sync add|min|max T=u32|s32 : >T T u32 @80
        redux sync and|or|xor T=b32 : >T T u32 @80
        // atomics
        atom SEM? SCOPE? ATSPACE? and|or|xor T=b32|b64 : >T [T] T
        atom SEM? SCOPE? ATSPACE? exch T=b32|b64 : >T [T] T
        atom SEM? SCOPE? ATSPACE? cas T=b32|b64 : >T [T] T T
        atom SEM? SCOPE? ATSPACE? cas b16 : >b16 [b16] b16 b16 @70
        atom SEM? SCOPE? ATSPACE? add T=u32|s32|u64|f32|f64 : >T [T] T
        atom SEM? SCOPE? ATSPACE? add noftz T=f16|f16x2 : >T [T] T @70
        atom SEM? SCOPE? ATSPACE? inc|dec T=u32 : >T [T] T
        atom SEM? SCOPE? ATSPACE? min|max T=u32|s32|u64|s64 : >T [T] T
        red relaxed|release? SCOPE? ATSPACE? and|or|xor T=b32|b64 : [T] T
        red relaxed|release? SCOPE? ATSPACE? add T=u32|s32|u64|f32|f64 : [T] T
        red relaxed|release? SCOPE? ATSPACE? add noftz T=f16|f16x2 : [T] T @70
        red relaxed|release? SCOPE? ATSPACE? inc|dec T=u32 : [T] T
        red relaxed|release? SCOPE? ATSPACE? min|max T=u32|s32|u64|s64 : [T] T
        """;

    /// <summary>Words that came into the language later than the instructions that they stand in.</summary>
    private static readonly FrozenDictionary<string, Version> s_wordVersions = new Dictionary<string, Version>(StringComparer.Ordinal)
    {
        ["shared::cta"] = new(7, 8), ["param::entry"] = new(8, 3), ["param::func"] = new(8, 3),
        ["L1::evict_normal"] = new(7, 4), ["L1::evict_unchanged"] = new(7, 4), ["L1::evict_first"] = new(7, 4), ["L1::evict_last"] = new(7, 4),
        ["L1::no_allocate"] = new(7, 4), ["L2::64B"] = new(7, 4), ["L2::128B"] = new(7, 4), ["L2::256B"] = new(7, 4),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The first <c>.version</c> that has this form with these modifiers; null where every one has.</summary>
    internal static Version? MinimumVersion(PtxInstructionForm form, ImmutableArray<string> modifiers)
    {
        Version? minimum = form.MinimumVersion;
        foreach (string modifier in modifiers)
        {
            // bar.cta and barrier.cta say no more than bar and barrier, and came with clusters.
            Version? word = modifier == "cta" && form.Opcode is "bar" or "barrier" ? new Version(7, 8) : s_wordVersions.GetValueOrDefault(modifier);
            minimum = word > minimum || minimum is null ? word ?? minimum : minimum;
        }

        return minimum;
    }

    /// <summary>All forms, by opcode.</summary>
    public static FrozenDictionary<string, ImmutableArray<PtxInstructionForm>> Forms { get; } = Lines
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith("//", StringComparison.Ordinal))
        .Select(line => PtxInstructionForm.Parse(line, s_lists))
        .GroupBy(form => form.Opcode)
        .ToFrozenDictionary(group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal);
}
