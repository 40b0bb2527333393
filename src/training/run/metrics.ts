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

const fileOf = (run: string) => join(run, "metrics.jsonl");

/** Rows of a run, oldest first; a torn last line, which a killed process may leave, is left out. */
export async function readMetrics(run: string): Promise<MetricRow[]> {
  const text = await readFile(fileOf(run), "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return "";
    throw fileError(fileOf(run), "read", error);
  });
  return text.split("\n").flatMap((line): MetricRow[] => {
    const row = parseTornJson(line);
    return typeof row === "object" && row !== null && "step" in row && "loss" in row ? [row as MetricRow] : [];
  });
}

/** Appends rows; opening at a step drops later rows, which a resumed run writes again. */
export class MetricsWriter {
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(run: string, step: number): Promise<MetricsWriter> {
    const path = fileOf(run);
    const kept = (await readMetrics(run)).filter((row) => row.step <= step);
    await writeAtomically(path, [kept.map((row) => `${JSON.stringify(row)}\n`).join("")]);
    const file = await open(path, "a").catch((error: unknown) => {
      throw fileError(path, "written", error);
    });
    return new MetricsWriter(file, path);
  }

  async append(row: MetricRow): Promise<void> {
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
