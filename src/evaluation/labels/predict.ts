import { type LeftOut, type OpenOptions, SEPARATOR } from "../../data/index.ts";
import { toText } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Column } from "../../interop/parquet.ts";
import { prepareTable, writeOutputTable } from "../../interop/table.ts";
import { type FeatureOptions, readBatches } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { chosenLabels, likeliest, unitPredictions } from "../scores/predictions.ts";
import { type Predictor, predictor } from "./predictor.ts";

export interface PredictOptions extends OpenOptions {
  /** A run with a head. */
  readonly run: Run;
  readonly data: Paths;
  /** `.csv` or `.parquet` file to write. */
  readonly out: string;
  /** For classification, how many of the most probable classes to write. Default 1. */
  readonly top?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface PredictResult {
  readonly task: Predictor["task"];
  readonly rows: number;
  readonly columns: readonly string[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  /** What lies in the data and is no entry, by reason. */
  readonly leftOut: readonly LeftOut[];
}

/** Outputs of runs without ranked classes, for messages. */
const outputsByTask = {
  "multi-label": "each label separately",
  regression: "a value",
  similarity: "nothing",
  "token-classification": "a class for each unit",
};

/**
 * Writes the predictions of the run's head for every readable entry: `path`, then
 * - for classification `prediction` and `probability`, and with `top` 2 or more `prediction_2`, `probability_2` …;
 * - for multi-label `prediction` (labels of at least 0.5, joined by `|` as in labelled data) and `probability_<label>`;
 * - for regression `value`, for labels of units `prediction`, a letter for each.
 * @throws UserError when the run has no head, `top` does not suit it, or nothing can be read or written
 *
 * @example
 * const run = await openRun("runs/tuned");
 * await predict({ run, data: "photos/", out: "predictions.csv", top: 3 });
 */
export async function predict({
  run,
  data,
  out,
  top = 1,
  onProgress,
  ...open
}: PredictOptions): Promise<PredictResult> {
  await prepareTable(out);
  const source = await openData(run, data, open);
  try {
    const head = await predictor(run);
    try {
      if (top > 1 && head.task !== "classification")
        throw new UserError(`top ${top}: for classification only; this run predicts ${outputsByTask[head.task]}`);
      const { columns, broken } = await predictAll(head, { modality: run.modality, source, onProgress }, top);
      const { method, encoder } = run.config;
      const metadata = {
        run: run.path,
        data: toText(data),
        method: method.name,
        encoder: encoder.name,
        task: head.task,
      };
      await writeOutputTable(out, columns, metadata);
      return {
        task: head.task,
        rows: columns[0]!.values.length,
        columns: columns.map(({ name }) => name),
        broken,
        leftOut: source.leftOut ?? [],
      };
    } finally {
      await head.dispose();
    }
  } finally {
    await source.close();
  }
}

/** Predictions for every readable entry, as columns. @throws UserError when no entry can be read */
export async function predictAll(
  {
    task,
    outputs,
    predict: predictRows,
    places = 1,
  }: Pick<Predictor, "task" | "outputs" | "predict"> & Partial<Pick<Predictor, "places">>,
  options: FeatureOptions,
  top = 1,
): Promise<{ columns: Column[]; broken: { name: string; reason: string }[] }> {
  const { source, onProgress } = options;
  const total = options.indices?.length ?? source.length;
  const broken: { name: string; reason: string }[] = [];
  let done = 0;
  const columns = new Map<string, (string | number)[]>();
  const add = (name: string, value: string | number) => {
    const column = columns.get(name);
    if (column) column.push(value);
    else columns.set(name, [value]);
  };
  for await (const { rows, indices } of readBatches(options, broken)) {
    const values = await predictRows(rows);
    for (const [at, index] of indices.entries()) {
      const width = places * outputs.length;
      const row = values.subarray(at * width, (at + 1) * width);
      add("path", source.name(index));
      if (task === "token-classification") add("prediction", unitPredictions(outputs, row));
      else if (task === "classification")
        for (const [rank, { prediction, probability }] of likeliest(outputs, row, top).entries()) {
          const suffix = rank === 0 ? "" : `_${rank + 1}`;
          add(`prediction${suffix}`, prediction);
          add(`probability${suffix}`, probability);
        }
      else {
        if (task === "multi-label") add("prediction", chosenLabels(outputs, row).join(SEPARATOR));
        const prefix = task === "multi-label" ? "probability_" : "";
        for (const [output, name] of outputs.entries()) add(`${prefix}${name}`, row[output]!);
      }
    }
    done += indices.length;
    onProgress?.(done + broken.length, total);
  }
  if (done === 0) throw new UserError(`none of the ${total} entries could be read; the first: ${broken[0]?.reason}`);
  return { columns: [...columns].map(([name, values]) => ({ name, values })), broken };
}
