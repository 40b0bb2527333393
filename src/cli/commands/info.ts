import { type DataReport, describeLeftOut, inspect, type OpenOptions, type RunReport } from "../../index.ts";
import { DATA, givenPaths, labelsOptions } from "../data-options.ts";
import { columns, print, printJson } from "../output.ts";
import { probeWords } from "../progress.ts";
import type { Configure } from "../table.ts";

export const configure: Configure = (command) =>
  labelsOptions(command.argument("<run or data...>", `a run folder, or data: ${DATA}`))
    .option("--modality <name>", "kind of data, if it is not recognised: a name, or a file that defines one")
    .option("--full", "read every entry instead of a sample of 2,000")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact info photos/\n  autodidact info reviews.tsv --column 1 --label-column 2   # no header: numbers from 1\n  autodidact info recordings/ --modality ./seismograms.ts\n  autodidact info runs/photos --json",
    )
    .action(async (paths: string[], flags: OpenOptions & { modality?: string; full?: boolean; json?: boolean }) => {
      const report = await inspect(givenPaths(paths), flags);
      if (flags.json) return printJson(report);
      print(report.kind === "run" ? describeRun(report) : describeData(report));
    });

const settings = (options: Readonly<Record<string, unknown>>): string =>
  Object.entries(options)
    .map(([key, value]) => `${key} ${JSON.stringify(typeof value === "number" ? Number(value.toPrecision(6)) : value)}`)
    .join(", ");

function describeRun({ path, config, last, probe, checkpoints }: RunReport): string {
  const { data, preset, modality, encoder, method, training, curriculum = [] } = config;
  const ofEncoder = [
    ["modality", `${modality.name}: ${settings(modality.options)}`],
    ["encoder", `${encoder.name}: ${settings(encoder.options)}`],
  ];
  if (config.published !== undefined) return columns([["published model", config.published], ...ofEncoder]);
  return columns([
    ["run", path],
    ["data", `${[data.path].flat().join(", ")} (${data.entries} entries)`],
    ...ofEncoder,
    ["method", `${method.name}: ${settings(method.options)}${preset ? ` (preset ${preset})` : ""}`],
    ["training", settings(training)],
    ...curriculum.map(({ option, from, to, pace, stages }) => [
      "curriculum",
      `${option} from ${from} to ${to}, ${pace}, ${stages} stages`,
    ]),
    ...(last?.effectiveRank === undefined
      ? []
      : [
          [
            "features",
            `effective rank ${last.effectiveRank.toFixed(1)}, deviation ${last.featureDeviation?.toFixed(3)} (1: evenly spread)`,
          ],
        ]),
    ...(probe ? [["probe", `step ${probe.step}: ${probeWords(probe).join(", ")}`]] : []),
    ["last row", last ? settings(last) : "none yet"],
    [
      "checkpoints",
      checkpoints.map(({ name, bytes }) => `${name} (${(bytes / 2 ** 20).toFixed(1)} MiB)`).join(", ") || "none yet",
    ],
  ]);
}

function describeData(report: DataReport): string {
  const { classes, broken, decoded, entries, sizes, leftOut, notes, unlabelled } = report;
  const shown = classes.slice(0, 20).map(({ name, count }) => `${name} ${count}`);
  const rest = classes.length > shown.length ? `, … ${classes.length - shown.length} more` : "";
  const rows = [
    ["data", report.path],
    ["kind", report.modality],
    ["entries", `${entries}${decoded < entries ? `, ${decoded} of them read (--full reads all)` : ""}`],
    ["sizes", sizes ? `${sizes.smallest} to ${sizes.largest}, median ${sizes.median}` : "–"],
    ["classes", classes.length > 0 ? `${classes.length}: ${shown.join(", ")}${rest}` : "none"],
    ["without label", String(unlabelled)],
    ...(leftOut.length > 0 ? [["left out", describeLeftOut(leftOut)]] : []),
    ...notes.map((note) => ["note", note]),
    ["suggested", settings(report.inferred)],
    ["broken", String(broken.length)],
    ...broken.slice(0, 20).map(({ name, reason }) => ["", `${name}: ${reason}`]),
  ];
  return columns(rows);
}
