import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BrokenSample } from "../foundation/errors.ts";
import type { ModalityDefinition } from "../modalities/index.ts";
import type { RunConfig } from "../training/config.ts";
import { type MetricRow, readMetrics } from "../training/metrics.ts";
import { readConfig } from "../training/run.ts";
import { modalityFor } from "../training/settle.ts";

export interface RunReport {
  readonly kind: "run";
  readonly path: string;
  readonly config: RunConfig;
  readonly last?: MetricRow;
  readonly checkpoints: readonly { readonly name: string; readonly bytes: number }[];
}

export interface DataReport {
  readonly kind: "data";
  readonly path: string;
  readonly modality: string;
  readonly entries: number;
  /** Entries that were decoded: all of them, or an even sample of a large set. */
  readonly decoded: number;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly unlabelled: number;
  /** Options that the data suggest. */
  readonly inferred: Readonly<Record<string, unknown>>;
  /** Of the decoded samples, where they have a width and a height. */
  readonly sizes?: { readonly smallest: string; readonly median: string; readonly largest: string };
}

/** Entries decoded when not everything is asked for. */
const SAMPLE = 2000;

/** What is in a run folder or in data. @throws UserError when the path is neither */
export async function inspect(
  path: string,
  options: { full?: boolean; labels?: string } = {},
): Promise<RunReport | DataReport> {
  const isRun = await stat(join(path, "config.json")).then(
    () => true,
    () => false,
  );
  return isRun ? inspectRun(path) : inspectData(path, await modalityFor(path), options);
}

async function inspectRun(path: string): Promise<RunReport> {
  const config = await readConfig(path);
  const rows = await readMetrics(path);
  const folder = join(path, "checkpoints");
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith(".safetensors"));
  const checkpoints = await Promise.all(
    names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })),
  );
  return { kind: "run", path, config, last: rows.at(-1), checkpoints };
}

async function inspectData(
  path: string,
  definition: ModalityDefinition,
  { full = false, labels }: { full?: boolean; labels?: string },
): Promise<DataReport> {
  const source = await definition.open(path, { labels });
  try {
    const count = full ? source.length : Math.min(SAMPLE, source.length);
    const broken: { name: string; reason: string }[] = [];
    const areas: { width: number; height: number }[] = [];
    for (let probe = 0; probe < count; probe++) {
      const index = Math.floor((probe * source.length) / count);
      try {
        const sample = await source.read(index);
        if (hasSize(sample)) areas.push({ width: sample.width, height: sample.height });
      } catch (error) {
        if (!(error instanceof BrokenSample)) throw error;
        broken.push({ name: source.name(index), reason: error.message });
      }
    }
    const counts = new Map<number, number>();
    for (const label of source.labels ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
    const unlabelled = source.labels ? (counts.get(-1) ?? 0) : source.length;
    areas.sort((a, b) => a.width * a.height - b.width * b.height);
    const size = (at: number) => `${areas[at]?.width} × ${areas[at]?.height}`;
    return {
      kind: "data",
      path,
      modality: definition.name,
      entries: source.length,
      decoded: count,
      broken,
      classes: (source.classes ?? []).map((name, label) => ({ name, count: counts.get(label) ?? 0 })),
      unlabelled,
      inferred: broken.length < count ? await definition.infer(source) : {},
      ...(areas.length > 0
        ? { sizes: { smallest: size(0), median: size(areas.length >> 1), largest: size(areas.length - 1) } }
        : {}),
    };
  } finally {
    await source.close();
  }
}

const hasSize = (sample: unknown): sample is { width: number; height: number } =>
  typeof sample === "object" &&
  sample !== null &&
  "width" in sample &&
  "height" in sample &&
  typeof sample.width === "number" &&
  typeof sample.height === "number";
