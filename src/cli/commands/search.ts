import { openRun, search } from "../../index.ts";
import { wholeNumber } from "../numbers.ts";
import { columns, print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

interface Given {
  readonly in: string;
  readonly top: string;
  readonly html?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder that made the vectors")
    .argument("<query>", "file with the sample to search for; or, among texts, the text itself")
    .requiredOption("--in <file>", "Parquet file of `autodidact embed`")
    .option("--top <count>", "how many to show", "10")
    .option("--html <file>", "also write a page that shows them")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  autodidact search runs/photos query.jpg --in photos.parquet --top 10 --html neighbours.html\n  autodidact search runs/books "a film that moved me" --in reviews.parquet',
    )
    .action(async (path: string, query: string, given: Given) => {
      const run = await openRun(path);
      const found = await search({ run, query, in: given.in, top: wholeNumber("top", given.top), html: given.html });
      if (given.json) return printJson(found);
      const hasTexts = found.some(({ text }) => text !== undefined);
      const rows = found.map(({ path: name, label, similarity, text = "" }) => [
        ...[similarity.toFixed(4), name, label ?? ""],
        ...(hasTexts ? [text.length > 80 ? `${text.slice(0, 79)}…` : text] : []),
      ]);
      print(columns([["cosine", "path", "label", ...(hasTexts ? ["sample"] : [])], ...rows]));
      if (given.html) print(`\npage: ${given.html}`);
    });
