import { exportRun, openRun } from "../../index.ts";
import { print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder")
    .requiredOption("--out <folder>", "folder to write")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact export runs/photos --out models/photos")
    .action(async (path: string, { out, json }: { out: string; json?: boolean }) => {
      const { files } = await exportRun({ run: await openRun(path), out });
      if (json) return printJson({ folder: out, files });
      print(`${out}: ${files.join(", ")}`);
    });
