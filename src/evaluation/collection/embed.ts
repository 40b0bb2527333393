import { type LeftOut, type OpenOptions, type Source, tableOptionsOf } from "../../data/index.ts";
import { toText } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { absolutePaths } from "../../data/paths/paths.ts";
import { UserError } from "../../foundation/errors.ts";
import { replaceOutput } from "../../foundation/outputs.ts";
import { writeEmbeddings } from "../../interop/parquet.ts";
import { prepareTable } from "../../interop/table.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { hasSharedSpace } from "../../training/run/shared-space.ts";
import { type EmbeddedSide, embedSide, isOfOneSide, ofOneKind, openSide } from "../retrieval/side-data.ts";
import { digestOfWeights } from "../vectors/digest.ts";

export interface EmbedOptions extends OpenOptions {
  readonly run: Run;
  readonly data: Paths;
  /** Parquet file to write. */
  readonly out: string;
  /**
   * Of runs on pairs: the side to embed, in the space that both share. By default that of the data's own kind; pairs are
   * embedded whole.
   */
  readonly side?: string;
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
export async function embed({ run, data, out, shard, side, onProgress, ...open }: EmbedOptions): Promise<EmbedResult> {
  const { params, config } = run;
  await prepareTable(out, ["parquet"]);
  const opened = await openEmbedded(run, data, { ...open, side });
  const { source } = opened;
  try {
    const indices = shardIndices(source.length, shard);
    const { vectors, names, broken } = await opened.embed(indices, onProgress);
    const { labels, classes } = source;
    const embeddings = {
      paths: names,
      ...(labels && classes ? { labels: Array.from(vectors.entries, (entry) => classes[labels[entry]!] ?? null) } : {}),
      data: vectors.data,
      dim: vectors.dim,
      metadata: {
        run: run.path,
        data: toText(await absolutePaths(data)),
        ...tableOptionsOf(open),
        ...(opened.side === undefined ? {} : { side: opened.side }),
        method: config.method.name,
        encoder: config.encoder.name,
        step: String(run.step),
        weights: digestOfWeights(params),
      },
    };
    await replaceOutput(out, (temporary) => writeEmbeddings(temporary, embeddings));
    return { rows: vectors.rows, dim: vectors.dim, broken, leftOut: source.leftOut ?? [] };
  } finally {
    await source.close();
  }
}

interface Embedded {
  readonly source: Source<unknown>;
  /** The side of pairs, if it is one. */
  readonly side?: string;
  embed(indices: Int32Array, onProgress: EmbedOptions["onProgress"]): Promise<EmbeddedSide>;
}

/** Opens the data: as the run reads them, or of a run on pairs one side. @throws UserError when they are no data of it */
async function openEmbedded(
  run: Run,
  data: Paths,
  { side, ...open }: OpenOptions & { readonly side?: string | undefined },
): Promise<Embedded> {
  if (side !== undefined || (hasSharedSpace(run) && (await isOfOneSide(run, data)))) {
    const opened = await openSide(run, data, { side, ...open });
    const embedAll: Embedded["embed"] = (indices, onProgress) => embedSide(opened, { indices, onProgress });
    return { source: opened.source, side: opened.side, embed: embedAll };
  }
  const source = await openData(run, data, open);
  return { source, embed: (indices, onProgress) => embedSide(ofOneKind(run, source), { indices, onProgress }) };
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
