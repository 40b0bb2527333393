import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Rng } from "../../array/index.ts";
import { type Source, type TableOptions, tableOptionsOf } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openOnnx } from "../../engine/index.ts";
import { type Feeds, type QuantizeOptions, quantize } from "../../engine/quantize/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { writeAtomically } from "../../foundation/files.ts";
import { refuseForeignFolder } from "../../foundation/outputs.ts";
import { openExported } from "../../interop/exported-model.ts";
import { sealed, unsealed } from "../../interop/onnx-seal.ts";
import { readBatches, stack } from "../../training/features.ts";
import { openRunData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { exportRun, publisherOf } from "./export-run.ts";
import { checkLabels, type MeasureOptions, measureShipped, type ShippedWorth } from "./shipped.ts";

export interface QuantizeRunOptions extends MeasureOptions {
  readonly run: Run;
  /** Folder to write: an export, and the quantised model in it. */
  readonly out: string;
  /** Static scales for activations, from calibration data; otherwise scales are computed in every call. */
  readonly calibration?: TableOptions & {
    /** By default the run's training data. */
    readonly data?: Paths;
    /** Number of samples. Default 256. */
    readonly samples?: number;
    /** In (50, 100]: the percentage of an activation's values that its scale covers. Default 100. */
    readonly percentile?: number;
  };
  /** Use all 8 bits of the weights; by default 7, as sums of 8 overflow on some processors. */
  readonly fullRange?: boolean;
}

export interface QuantizeResult {
  readonly files: readonly string[];
  /** The export in float32 and in int8. */
  readonly models: readonly ShippedWorth[];
}

/** Where transformers.js looks for `dtype: "q8"`. */
const QUANTIZED = "onnx/model_quantized.onnx";
/** Calibration samples per call of the float model, whose activations are all kept. */
const CALIBRATION_BATCH = 16;

/**
 * Exports a run's encoder in float32 and in int8, and measures both.
 * @throws UserError when the folder holds something else, or data cannot be read
 *
 * @example
 * const run = await openRun("runs/photos");
 * const labels = { train: "labelled/train", test: "labelled/test" };
 * console.log(shippedTable((await quantizeRun({ run, out: "models/photos-int8", labels })).models));
 */
export async function quantizeRun(options: QuantizeRunOptions): Promise<QuantizeResult> {
  const { run, out, fullRange, calibration: wanted } = options;
  await refuseForeignFolder(out, "model");
  await checkLabels(run, options.labels);
  const source = wanted && (await openRunData(run, wanted.data, tableOptionsOf(wanted)));
  await using opened = new AsyncDisposableStack();
  opened.defer(async () => source?.close());
  const { files } = await exportRun({ run, out });
  const file = join(out, "model.onnx");
  const model = unsealed(await readFile(file), file);
  const calibration = source && (await calibrationOf(run, model, source, wanted?.samples ?? 256));
  const small = await quantize(model, { fullRange, calibration, percentile: wanted?.percentile });
  await writeAtomically(join(out, QUANTIZED), sealed(small));
  const parts = await smallerParts(out, files, { fullRange, calibration, percentile: wanted?.percentile });
  const models = await measureShipped(
    [
      { name: "float32", model, run },
      { name: wanted ? "int8, static" : "int8, dynamic", model: small, run },
    ],
    options,
  );
  const card = join(out, "README.md");
  await writeAtomically(card, [`${await readFile(card, "utf8")}\n${note(models)}`]);
  return { files: [...files, QUANTIZED, ...parts], models };
}

/**
 * Quantises the further models of an export that transformers.js loads: the towers of pairs, an encoder and a decoder.
 * @returns the files' names
 */
async function smallerParts(out: string, files: readonly string[], options: QuantizeOptions): Promise<string[]> {
  const parts = files.filter((name) => name.startsWith("onnx/") && name !== "onnx/model.onnx");
  const written: string[] = [];
  for (const name of parts) {
    const path = join(out, name);
    const model = unsealed(await readFile(path), path);
    const file = await openOnnx(model);
    // A part that reads what another one computes has no calibration data.
    const calibration = options.calibration?.flatMap((feeds): Feeds[] => {
      const own = file.inputNames.flatMap((input) => (feeds[input] ? [[input, feeds[input]] as const] : []));
      return own.length === file.inputNames.length ? [Object.fromEntries(own)] : [];
    });
    await file.dispose();
    const small = await quantize(model, { ...options, calibration: calibration?.length ? calibration : undefined });
    const to = name.replace(/\.onnx$/, "_quantized.onnx");
    await writeAtomically(join(out, to), sealed(small));
    written.push(to);
  }
  return written;
}

/** Random samples as inputs of the model's file. */
async function calibrationOf(run: Run, model: Uint8Array, source: Source<unknown>, samples: number): Promise<Feeds[]> {
  const file = await openExported(model, await publisherOf(run.modalityDefinition));
  try {
    const order = new Rng(0).permutation(source.length);
    const indices = Int32Array.from(order.slice(0, samples));
    const batches: Feeds[] = [];
    for await (const { rows } of readBatches({ modality: run.modality, source, indices }, [], CALIBRATION_BATCH))
      batches.push(file.feeds(stack(rows, rows.length)));
    if (batches.length === 0) throw new UserError(`none of ${indices.length} calibration samples can be read`);
    return batches;
  } finally {
    await file.dispose();
  }
}

/** The section of the model card. */
function note([float, int8]: readonly ShippedWorth[]): string {
  const megabytes = (worth?: ShippedWorth) => `${((worth?.bytes ?? 0) / 1e6).toFixed(2)} MB`;
  const linear = (worth?: ShippedWorth) =>
    worth?.linear === undefined ? "" : `, linear probe ${(100 * worth.linear).toFixed(1)} %`;
  return `## In int8

\`${QUANTIZED}\` (${megabytes(int8)}${linear(int8)}) replaces \`model.onnx\` (${megabytes(float)}${linear(float)}); transformers.js loads it
with \`{ dtype: "q8" }\`.
`;
}
