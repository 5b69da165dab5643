using unsafe Handler = delegate*<Harness.Kernels.Ptx.Execution.Warp*, Harness.Kernels.Ptx.Execution.Instruction*, Harness.Kernels.Ptx.Execution.Instruction*>;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Instructions in which lanes see each other.</summary>
internal sealed unsafe partial class Decoder
{
    private void DecodeWarp()
    {
        bool sync = Has("sync");
        switch (_at.Opcode)
        {
            case "shfl":
                (PtxOperand result, PtxOperand? predicate) = Operand(0) is PtxPairOperand pair ? (pair.First, pair.Second) : (Operand(0), null);
                int mode = Has("up") ? WarpHandlers.Up : Has("down") ? WarpHandlers.Down : Has("bfly") ? WarpHandlers.Butterfly : WarpHandlers.Indexed;
                Instruction shuffle = New(
                    &WarpHandlers.Shuffle, Destination(result, PtxType.B32), Source(1, PtxType.B32), Source(2, PtxType.U32), Source(3, PtxType.U32), mode: mode);
                shuffle.Elements[0] = predicate is null ? -1 : Destination(predicate, PtxType.Pred);
                shuffle.Elements[1] = sync ? Source(4, PtxType.U32) : -1;
                Emit(shuffle);
                break;
            case "vote":
                bool ballot = Has("ballot");
                (int vote, bool negated) = Predicate(1);
                int kind = ballot ? WarpHandlers.VoteBallot : Has("all") ? WarpHandlers.VoteAll : Has("any") ? WarpHandlers.VoteAny : WarpHandlers.VoteUniform;
                Instruction votes = New(&WarpHandlers.Vote, Destination(0, ballot ? PtxType.B32 : PtxType.Pred), vote, immediate: negated ? 1 : 0, mode: kind);
                votes.Elements[1] = sync ? Source(2, PtxType.U32) : -1;
                Emit(votes);
                break;
            case "match":
                DecodeMatch(TypeFromEnd());
                break;
            case "redux":
                Instruction reduce = New(Reduction(TypeFromEnd()), Destination(0, TypeFromEnd()), Source(1, TypeFromEnd()));
                reduce.Elements[1] = Source(2, PtxType.U32);
                Emit(reduce);
                break;
            default:
                Emit(&WarpHandlers.ActiveMask, Destination(0, PtxType.B32));
                break;
        }
    }

    private void DecodeMatch(PtxType type)
    {
        (PtxOperand result, PtxOperand? predicate) = Operand(0) is PtxPairOperand pair ? (pair.First, pair.Second) : (Operand(0), null);
        Instruction match = New(
            type.SizeBytes() == 8 ? &WarpHandlers.Match<ulong> : &WarpHandlers.Match<uint>, Destination(result, PtxType.B32), Source(1, type), mode: Has("all") ? 1 : 0);
        match.Elements[0] = predicate is null ? -1 : Destination(predicate, PtxType.Pred);
        match.Elements[1] = Source(2, PtxType.U32);
        Emit(match);
    }

    private Handler Reduction(PtxType type) => (Array.Find(["add", "min", "max", "and", "or", "xor"], Has), type) switch
    {
        ("add", _) => &WarpHandlers.Reduce<Add1<uint>, uint>,
        ("min", PtxType.S32) => &WarpHandlers.Reduce<Minimum1<int>, int>,
        ("min", _) => &WarpHandlers.Reduce<Minimum1<uint>, uint>,
        ("max", PtxType.S32) => &WarpHandlers.Reduce<Maximum1<int>, int>,
        ("max", _) => &WarpHandlers.Reduce<Maximum1<uint>, uint>,
        ("and", _) => &WarpHandlers.Reduce<And1<uint>, uint>,
        ("or", _) => &WarpHandlers.Reduce<Or1<uint>, uint>,
        ("xor", _) => &WarpHandlers.Reduce<Xor1<uint>, uint>,
        _ => throw Unknown(),
    };
}
