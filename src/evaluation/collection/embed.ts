import { resolve } from "node:path";
import { type LeftOut, type OpenOptions, tableOptionsOf } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { replaceOutput } from "../../foundation/outputs.ts";
import { writeEmbeddings } from "../../interop/parquet.ts";
import { prepareTable } from "../../interop/table.ts";
import { extractFeatures } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { digestOfWeights } from "../vectors/digest.ts";

export interface EmbedOptions extends OpenOptions {
  readonly run: Run;
  readonly data: string;
  /** Parquet file to write. */
  readonly out: string;
  /** `i/n`: every n-th entry from the i-th (1 … n), to share the work among n processes. */
  readonly shard?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface EmbedResult {
  readonly rows: number;
  readonly dim: number;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  /** What lies in the data and is no entry, by reason. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Writes the vector of every readable entry to a Parquet file.
 * @throws UserError when nothing can be read or written
 *
 * @example
 * const run = await openRun("runs/photos");
 * const { rows, dim } = await embed({ run, data: "photos/", out: "photos.parquet" });
 */
export async function embed({ run, data, out, shard, onProgress, ...open }: EmbedOptions): Promise<EmbedResult> {
  const { encoder, params, modality, config } = run;
  await prepareTable(out, ["parquet"]);
  const source = await openData(run, data, open);
  try {
    const indices = shardIndices(source.length, shard);
    const device = config.training.device;
    const features = await extractFeatures({ encoder, params, modality, source, indices, device, onProgress });
    const { classes } = features;
    const embeddings = {
      paths: [...features.indices].map((index) => source.name(index)),
      ...(features.labels && classes ? { labels: [...features.labels].map((label) => classes[label] ?? null) } : {}),
      data: features.data,
      dim: features.dim,
      metadata: {
        run: run.path,
        data: resolve(data),
        ...tableOptionsOf(open),
        method: config.method.name,
        encoder: config.encoder.name,
        step: String(run.step),
        weights: digestOfWeights(params),
      },
    };
    await replaceOutput(out, (temporary) => writeEmbeddings(temporary, embeddings));
    return { rows: features.rows, dim: features.dim, broken: features.broken, leftOut: source.leftOut ?? [] };
  } finally {
    await source.close();
  }
}

function shardIndices(length: number, shard: string | undefined): Int32Array {
  const all = Int32Array.from({ length }, (_, index) => index);
  if (shard === undefined) return all;
  const [, part = 0, parts = 0] = (/^(\d+)\/(\d+)$/.exec(shard) ?? []).map(Number);
  if (part < 1 || part > parts) throw new UserError(`shard "${shard}": must be i/n with i from 1 to n, such as 2/8`);
  const indices = all.filter((index) => index % parts === part - 1);
  if (indices.length === 0) throw new UserError(`shard "${shard}": there are only ${length} entries`);
  return indices;
}
