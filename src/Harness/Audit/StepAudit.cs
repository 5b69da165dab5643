using System.Collections.Immutable;

namespace Harness.Audit;

/// <summary>A pass as it was audited, and how often it runs on end.</summary>
internal readonly record struct RepeatedAudit(AuditRecord Audit, long Times);

/// <summary>All distinct passes of one step; of inference the one there is. The last one holds all that any of them does.</summary>
internal sealed record StepAudit(ImmutableArray<RepeatedAudit> Passes)
{
    public AuditRecord Last => Passes[^1].Audit;

    public bool IsExact => Passes.All(pass => pass.Audit.Mismatches.IsEmpty);
}
