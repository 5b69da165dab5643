namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>Training steps really computed, in whatever way: what <see cref="StepJudge"/> judges.</summary>
internal interface ITrained
{
    TrainedPrograms Programs { get; }

    /// <summary>All passes of a step.</summary>
    /// <param name="step">from 0; the update's number is one more</param>
    /// <returns>the sum of the passes' losses</returns>
    double Step(int step);

    /// <summary>A parameter, a gradient <c>P.grad</c> or a state, as it is now.</summary>
    double[] Values(string name);
}
