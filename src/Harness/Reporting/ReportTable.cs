using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Harness.Reporting;

/// <summary>A table for people, and one sentence on what its numbers mean.</summary>
/// <param name="TextColumns">this many columns at the left are words, the others numbers</param>
internal sealed record ReportTable(
    string Title, ImmutableArray<string> Headers, ImmutableArray<ImmutableArray<string>> Rows, string Meaning, int TextColumns = 1)
{
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"### {Title}\n\n");
        AppendRow(text, Headers);
        AppendRow(text, [.. Headers.Select((_, column) => column < TextColumns ? "---" : "---:")]);
        foreach (ImmutableArray<string> row in Rows)
        {
            AppendRow(text, row);
        }

        text.Append(CultureInfo.InvariantCulture, $"\n{Meaning}\n");
        return text.ToString();
    }

    public void WriteTo(IAnsiConsole console)
    {
        console.Write(new Text(Title + "\n", new Style(decoration: Decoration.Bold)));
        var table = new Table { Border = TableBorder.SimpleHeavy, Expand = false };
        for (int column = 0; column < Headers.Length; column++)
        {
            // A number is never broken; its heading is, word by word, so that the column stays as narrow as its numbers.
            bool isText = column < TextColumns;
            table.AddColumn(new TableColumn(Markup.Escape(isText ? Headers[column] : Headers[column].Replace(' ', '\n')))
            {
                Alignment = isText ? Justify.Left : Justify.Right, NoWrap = !isText, Padding = new Padding(0, 0, 2, 0),
            });
        }

        foreach (ImmutableArray<string> row in Rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        console.Write(table);
        console.WriteLine(Meaning);
        console.WriteLine();
    }

    private static void AppendRow(StringBuilder text, ImmutableArray<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
