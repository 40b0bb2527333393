import { openRun, search } from "../../index.ts";
import { wholeNumber } from "../numbers.ts";
import { columns, print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

interface Flags {
  readonly in: string;
  readonly top: string;
  readonly html?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder that the embeddings are from")
    .argument("<query>", "file with the query sample, or for texts the text itself")
    .requiredOption("--in <file>", "Parquet file written by `autodidact embed`")
    .option("--top <count>", "number of results", "10")
    .option("--html <file>", "also write a page that shows the results")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  autodidact search runs/photos query.jpg --in photos.parquet --top 10 --html neighbours.html\n  autodidact search runs/books "a film that moved me" --in reviews.parquet',
    )
    .action(async (path: string, query: string, flags: Flags) => {
      const run = await openRun(path);
      const found = await search({ run, query, in: flags.in, top: wholeNumber("top", flags.top), html: flags.html });
      if (flags.json) return printJson(found);
      const hasTexts = found.some(({ text }) => text !== undefined);
      const rows = found.map(({ path: name, label, similarity, text = "" }) => [
        ...[similarity.toFixed(4), name, label ?? ""],
        ...(hasTexts ? [text.length > 80 ? `${text.slice(0, 79)}…` : text] : []),
      ]);
      print(columns([["cosine", "path", "label", ...(hasTexts ? ["sample"] : [])], ...rows]));
      if (flags.html) print(`\npage: ${flags.html}`);
    });
