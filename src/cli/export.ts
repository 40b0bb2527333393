import { Command } from "commander";
import { exportRun, openRun } from "../index.ts";
import { print, printJson } from "./output.ts";

export const exportCommand = (): Command =>
  new Command("export")
    .description(
      "write a model that others can load, with its head where it has one: ONNX, safetensors, Hugging Face's configuration, a model card",
    )
    .argument("<run>", "run folder")
    .requiredOption("--to <folder>", "folder to write")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact export runs/photos --to models/photos")
    .action(async (path: string, { to, json }: { to: string; json?: boolean }) => {
      const { files } = await exportRun({ run: await openRun(path), out: to });
      if (json) return printJson({ folder: to, files });
      print(`${to}: ${files.join(", ")}`);
    });
