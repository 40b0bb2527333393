import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LeftOut, ModalityDefinition, OpenOptions, Size } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { modalityFor } from "../../data/recognise.ts";
import { BrokenSample } from "../../foundation/errors.ts";
import type { RunConfig } from "../../training/run/config.ts";
import { type MetricRow, type ProbeRow, readMetrics, readProbes } from "../../training/run/metrics.ts";
import { publishedAt, publishedRun } from "../../training/run/published.ts";
import { readConfig } from "../../training/run/run.ts";

export interface RunReport {
  readonly kind: "run";
  readonly path: string;
  readonly config: RunConfig;
  readonly last?: MetricRow | undefined;
  readonly probe?: ProbeRow | undefined;
  readonly checkpoints: readonly { readonly name: string; readonly bytes: number }[];
}

export interface DataReport {
  readonly kind: "data";
  readonly path: string;
  readonly modality: string;
  readonly entries: number;
  /** Number of entries decoded: all, or an even sample of a large set. */
  readonly decoded: number;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly unlabelled: number;
  /** What lies there and is no entry, by reason. */
  readonly leftOut: readonly LeftOut[];
  /** Other kinds of data in it, and how to take them instead. */
  readonly notes: readonly string[];
  /** Options inferred from the data. */
  readonly inferred: Readonly<Record<string, unknown>>;
  /** Sizes of the decoded samples: width and height of images, characters of texts. */
  readonly sizes?: { readonly smallest: string; readonly median: string; readonly largest: string };
}

/** Entries decoded unless `full` is set. */
const SAMPLE = 2000;

/**
 * Describes a run folder or data.
 * @param options.modality the kind of data if it cannot be recognised: a name, or a file that defines one
 * @throws UserError when the path is neither
 *
 * @example
 * const report = await inspect("photos/");
 * console.log(report);
 */
export async function inspect(
  path: Paths,
  { modality, ...options }: OpenOptions & { modality?: string; full?: boolean } = {},
): Promise<RunReport | DataReport> {
  const run = typeof path === "string" ? path : path.length === 1 ? path[0] : undefined;
  const isRun =
    run !== undefined &&
    (await stat(join(run, "config.json")).then(
      () => true,
      () => false,
    ));
  if (isRun) return inspectRun(run);
  const notes: string[] = [];
  const definition = await modalityFor(path, modality, (note) => notes.push(note));
  const { notes: ofData, ...report } = await inspectData(path, definition, options);
  return { ...report, notes: [...notes, ...ofData] };
}

async function inspectRun(path: string): Promise<RunReport> {
  const published = await publishedAt(path, {});
  const config = withoutFiles(published ? (await publishedRun(published)).config : await readConfig(path));
  const rows = await readMetrics(path);
  const folder = join(path, "checkpoints");
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith(".safetensors"));
  const checkpoints = await Promise.all(
    names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })),
  );
  return { kind: "run", path, config, last: rows.at(-1), probe: (await readProbes(path)).at(-1), checkpoints };
}

const formatSize = (size?: Size): string =>
  size ? (size.text ?? `${size.amount.toLocaleString("en")} ${size.unit}`) : "";

/** The configuration without the contents of the modality's files. */
const withoutFiles = ({ modality, ...config }: RunConfig): RunConfig => ({
  ...config,
  modality: { name: modality.name, options: modality.options },
});

async function inspectData(
  path: Paths,
  definition: ModalityDefinition,
  { full = false, ...open }: OpenOptions & { full?: boolean },
): Promise<DataReport> {
  const source = await openPaths(definition, path, open);
  try {
    const count = full ? source.length : Math.min(SAMPLE, source.length);
    const broken: { name: string; reason: string }[] = [];
    const sizes: Size[] = [];
    for (let probe = 0; probe < count; probe++) {
      const index = Math.floor((probe * source.length) / count);
      try {
        const sample = await source.read(index);
        sizes.push(definition.size(sample));
      } catch (error) {
        if (!(error instanceof BrokenSample)) throw error;
        broken.push({ name: source.name(index), reason: error.message });
      }
    }
    const counts = new Map<number, number>();
    for (const label of source.labels ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
    const unlabelled = source.labels ? (counts.get(-1) ?? 0) : source.length;
    sizes.sort((a, b) => a.amount - b.amount);
    const size = (at: number) => formatSize(sizes[at]);
    return {
      kind: "data",
      path: inWords(path),
      modality: definition.name,
      entries: source.length,
      decoded: count,
      broken,
      classes: (source.classes ?? []).map((name, label) => ({ name, count: counts.get(label) ?? 0 })),
      unlabelled,
      leftOut: source.leftOut ?? [],
      notes: source.notes ?? [],
      inferred: broken.length < count ? await definition.infer(source) : {},
      ...(sizes.length > 0
        ? { sizes: { smallest: size(0), median: size(sizes.length >> 1), largest: size(sizes.length - 1) } }
        : {}),
    };
  } finally {
    await source.close();
  }
}
