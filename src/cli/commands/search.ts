import { type OpenOptions, search } from "../../index.ts";
import { columnOption } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { columns, print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends Pick<OpenOptions, "column" | "by" | "time"> {
  readonly in: string[];
  readonly side?: string;
  readonly top: string;
  readonly html?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOption(
    command
      .argument("<run>", `what the embeddings are from: ${RUN}`)
      .argument("<query>", "file with the query sample, or for texts the text itself; of a run on pairs, either side"),
  )
    .requiredOption("--in <data...>", "Parquet file written by `autodidact embed`, or data, which are embedded first")
    .option("--side <name>", "for pairs: the side that is searched (default: the other one than the query's)")
    .option("--top <count>", "number of results", "10")
    .option("--html <file>", "also write a page that shows the results")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  autodidact search runs/photos query.jpg --in photos.parquet --top 10 --html neighbours.html\n  autodidact search runs/books "a film that moved me" --in reviews.parquet\n  autodidact search runs/clip "red fruit" --in photos/ --html fruit.html   # words → images, with a run on pairs',
    )
    .action(async (path: string, query: string, { json, ...flags }: Flags) => {
      const top = wholeNumber("top", flags.top);
      const run = await openedRun(path);
      const line = stageLine();
      const onProgress = (done: number, total: number) => line.update("embedding", done, total);
      const found = await search({ run, query, ...flags, top, onProgress }).finally(line.end);
      if (json) return printJson(found);
      const hasTexts = found.some(({ text }) => text !== undefined);
      const rows = found.map(({ path: name, label, similarity, text = "" }) => [
        ...[similarity.toFixed(4), name, label ?? ""],
        ...(hasTexts ? [text.length > 80 ? `${text.slice(0, 79)}…` : text] : []),
      ]);
      print(columns([["cosine", "path", "label", ...(hasTexts ? ["sample"] : [])], ...rows]));
      if (flags.html) print(`\npage: ${flags.html}`);
    });
