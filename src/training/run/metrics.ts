import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, fileError, writeAtomically } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";

/** One row of `metrics.jsonl`: means since the previous row. */
export interface MetricRow {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradNorm: number;
  readonly samplesPerSecond: number;
  /** Share of the time in which the step waited for data. */
  readonly waitFraction: number;
  /** Since this process started training. */
  readonly seconds: number;
  /** Of the features at this step, not a mean: see `Spread`. */
  readonly effectiveRank?: number;
  readonly featureDeviation?: number;
  readonly [metric: string]: number | undefined;
}

/** Where a run keeps its metrics. */
export const metricsFile = (run: string): string => join(run, "metrics.jsonl");

/** Rows of a run, oldest first; a torn last line, which a killed process may leave, is left out. */
export const readMetrics = async (run: string): Promise<MetricRow[]> =>
  (await readRows(metricsFile(run))).filter((row): row is MetricRow => "loss" in row);

/** The scores of one probe: see `Scores`. */
export interface ProbeRow {
  readonly step: number;
  readonly epoch: number;
  readonly probeSeconds: number;
  readonly [score: string]: number;
}

/**
 * Probes of a run while it trained, oldest first; none if it had none.
 * @throws UserError when its metrics cannot be read
 *
 * @example
 * for (const { epoch, probeKnn } of await readProbes("runs/photos")) console.log(epoch, probeKnn);
 */
export async function readProbes(run: string): Promise<ProbeRow[]> {
  return (await readRows(metricsFile(run))).filter((row): row is ProbeRow => "probeSeconds" in row);
}

/** Rows of a file of one JSON object a line, oldest first; none if there is no file. What is torn or has no step is left out. */
export async function readRows(path: string): Promise<{ readonly step: number }[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return "";
    throw fileError(path, "read", error);
  });
  return text.split("\n").flatMap((line) => {
    const row = parseTornJson(line);
    return isRow(row) ? [row] : [];
  });
}

const isRow = (row: unknown): row is { readonly step: number } =>
  typeof row === "object" && row !== null && "step" in row && typeof row.step === "number";

/** Appends rows to a file; opening at a step drops later rows, which a resumed run writes again. */
export class RowWriter {
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(path: string, step: number): Promise<RowWriter> {
    const kept = (await readRows(path)).filter((row) => row.step <= step);
    await writeAtomically(path, [kept.map((row) => `${JSON.stringify(row)}\n`).join("")]);
    const file = await open(path, "a").catch((error: unknown) => {
      throw fileError(path, "written", error);
    });
    return new RowWriter(file, path);
  }

  async append(row: Readonly<Record<string, unknown>> & { readonly step: number }): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(row)}\n`).catch((error: unknown) => {
      throw fileError(this.#path, "written", error);
    });
  }

  /** Flushes the rows to disk, so that they survive a loss of power. */
  async sync(): Promise<void> {
    await this.#file.sync().catch((error: unknown) => {
      throw fileError(this.#path, "written", error);
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
