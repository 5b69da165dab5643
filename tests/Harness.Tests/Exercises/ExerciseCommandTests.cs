using System.Text.Json.Nodes;

namespace Harness.Tests.Exercises;

/// <summary>The verb: questions for a student, answers for a teacher, grades for both.</summary>
public sealed class ExerciseCommandTests
{
    private static JsonArray Questions(params string[] line) =>
        JsonNode.Parse(Cli.Run(["exercise", .. line, "--json", "-"]).Out)!["questions"]!.AsArray();

    [Fact]
    public void A_question_worked_by_hand()
    {
        JsonNode question = Assert.Single(Questions("mlp:100-50:nobias", "--topic", "parameters", "--count", "1"))!;
        Assert.Equal("mlp:100-50:nobias: how many parameters are in the layer 'layer1' (Linear)?", (string)question["question"]!);
        Assert.Equal((5_000, "n1*n0", "50*100"), ((int)question["answer"]!, (string)question["formula"]!, (string)question["numbers"]!));
        question = Assert.Single(Questions("mlp:100-50:nobias", "--topic", "training-state", "--count", "9"), each =>
            ((string)each!["question"]!).Contains("how many bytes does the state of the optimizer adam ", StringComparison.Ordinal))!;
        Assert.Equal(("8*parameters", 40_000), ((string)question["formula"]!, (int)question["answer"]!));
    }

    [Fact]
    public void A_student_sees_no_answer_and_a_teacher_all()
    {
        string shown = Cli.Run("exercise", "--count", "30").Out;
        JsonArray questions = Questions("--count", "30");
        Assert.Equal(30, questions.Count);
        Assert.All(questions, question =>
        {
            Assert.Contains((string)question!["question"]!, shown, StringComparison.Ordinal);
            Assert.NotEqual("", (string)question["why"]!);
            Assert.DoesNotContain((string)question["why"]!, shown, StringComparison.Ordinal);
            if ((string?)question["unit"] == "bytes" && (long)question["answer"]! > 1_000_000)
            {
                Assert.DoesNotContain($"{(long)question["answer"]!:N0}", shown, StringComparison.Ordinal);
            }
        });
    }

    [Fact]
    public void The_teachers_answers_are_all_right_and_one_wrong_digit_is_not()
    {
        using var folder = new TemporaryFolder();
        JsonArray questions = Questions("--seed", "5", "--count", "40");
        string[] answers = [.. questions.Select(question => question!["answer"]!.ToJsonString().Trim('"'))];
        CliResult all = Cli.Run("exercise", "--seed", "5", "--count", "40", "--answers", folder.Write("right", string.Join('\n', answers)));
        Assert.Equal((0, ""), (all.ExitCode, all.Error));
        Assert.EndsWith("40 of 40 right\n", all.Out, StringComparison.Ordinal);

        int bytes = questions.ToList().FindIndex(question => (string)question!["topic"]! == "bytes");
        answers[bytes] = $"{(long)questions[bytes]!["answer"]! + 4}";
        CliResult one = Cli.Run("exercise", "--seed", "5", "--count", "40", "--answers", folder.Write("wrong", string.Join('\n', answers)));
        Assert.Equal((1, ""), (one.ExitCode, one.Error));
        Assert.EndsWith("39 of 40 right\n", one.Out, StringComparison.Ordinal);
        Assert.Contains($"{bytes + 1}. wrong: {answers[bytes]}\n", one.Out, StringComparison.Ordinal);
        Assert.Contains(
            $"It is {(string)questions[bytes]!["formula"]!} = {(string)questions[bytes]!["numbers"]!} = "
            + $"{(long)questions[bytes]!["answer"]!:N0} bytes.", one.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_out_is_not_right()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("answers", "2: nothing\n");
        CliResult result = Cli.Run("exercise", "--count", "3", "--answers", file);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("1. no answer\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("2. wrong: 'nothing', it is not", result.Out, StringComparison.Ordinal);
        JsonNode json = JsonNode.Parse(Cli.Run("exercise", "--count", "3", "--answers", file, "--json", "-").Out)!;
        Assert.Equal(0, (int)json["right"]!);
        Assert.Equal((false, "nothing"), ((bool)json["questions"]![1]!["correct"]!, (string)json["questions"]![1]!["given"]!));
    }

    [Fact]
    public void Json_of_a_teacher_has_stable_keys()
    {
        JsonNode json = JsonNode.Parse(Cli.Run("exercise", "vgg16", "mnist-cnn", "--topic", "receptive-field", "--count", "2", "--json", "-").Out)!;
        Assert.Equal(
            ["schema", "seed", "topic", "models", "count", "right", "questions"], json.AsObject().Select(pair => pair.Key));
        Assert.Equal(("harness.exercise/1", 42, 2), ((string)json["schema"]!, (int)json["seed"]!, (int)json["count"]!));
        Assert.Null(json["right"]);
        Assert.Equal(
            ["number", "topic", "model", "question", "expects", "answer", "unit", "formula", "numbers", "why", "page", "given", "correct"],
            json["questions"]![0]!.AsObject().Select(pair => pair.Key));
    }

    [Theory]
    [InlineData("--topic peek", "'peek'", "did you mean 'peak'?", "receptive-field")]
    [InlineData("--topic receptive", "'receptive'", "all, bytes, shape, parameters, macs, peak, fit, receptive-field, training, training-state")]
    [InlineData("--topic trainig", "'trainig'", "did you mean 'training'?")]
    [InlineData("--topic training-micro", "'training-micro'", "training-micro-batch, training-recompute")]
    [InlineData("--topic receptive-field bert-base", "receptive-field does not apply to bert-base")]
    [InlineData("--topic receptive-field bert-base mnist-mlp", "does not apply to bert-base and mnist-mlp")]
    [InlineData("--topic training-recompute vgg16 mnist-mlp", "training-recompute does not apply to vgg16 and mnist-mlp")]
    [InlineData("vgg19", "'vgg19'", "did you mean 'vgg16'?")]
    [InlineData("vgg16 mlp:3", "number of sizes is 1")]
    [InlineData("--count 0", "--count", "'0'", "from 1 to 1000")]
    [InlineData("--count 1001", "--count", "'1001'")]
    [InlineData("--seed -1", "--seed", "'-1'")]
    [InlineData("--topic parameters mlp:3-2 --count 10", "--count 10 is too many", "about mlp:3-2: 1")]
    [InlineData("--answers nowhere", "--answers 'nowhere'", "no such file")]
    [InlineData("--answers", "--answers needs a value")]
    [InlineData("--batch 3", "'--batch'", "unknown option")]
    public void Bad_input_is_one_line_that_names_it(string line, params string[] words) =>
        Cli.Run(["exercise", .. line.Split(' ')]).IsOneLineError(2, words);

    [Fact]
    public void A_bad_sheet_is_one_line_that_names_it()
    {
        using var folder = new TemporaryFolder();
        Cli.Run("exercise", "--count", "1", "--answers", folder.Write("many", "1\n2")).IsOneLineError(2, "line 2", "no question 2");
        Cli.Run("exercise", "--answers", folder.Path).IsOneLineError(2, "is a folder");
    }
}
