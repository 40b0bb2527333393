import { methods } from "../../index.ts";
import { columns, print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

export const configure: Configure = (command) =>
  command
    .option("--json", "print JSON")
    .addHelpText("after", "\nExamples:\n  autodidact methods\n  autodidact pretrain --method simclr --help")
    .action(async ({ json }: { json?: boolean }) => {
      const all = await methods.all();
      if (json)
        return printJson(
          all.map(({ name, family, paper, needs, summary }) => ({
            ...{ name, family, paper, summary },
            needs: needs.map((need) => need.name),
          })),
        );
      const rows = all.map(({ name, family, needs, paper, summary }) => [
        name,
        family,
        needs.map((need) => need.name).join(", "),
        paper,
        summary,
      ]);
      print(columns([["method", "family", "needs", "paper", "pretext task"], ...rows]));
    });
