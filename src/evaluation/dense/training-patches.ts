import { Rng } from "../../array/index.ts";
import type { Modality } from "../../data/index.ts";
import { readBatches } from "../../training/features.ts";
import { largestOf } from "../scores/measures.ts";
import { evenly } from "../vectors/evenly.ts";
import type { ProbeData } from "../vectors/probe.ts";
import type { CellEmbedder } from "./cell-features.ts";
import { sharesOf } from "./cells.ts";
import type { MaskedImages } from "./masked-images.ts";

/** Most patches that probes learn from: more take minutes. */
const MOST_PATCHES = 20_000;

export interface PatchOptions {
  readonly modality: Modality<unknown>;
  readonly classes: number;
  readonly seed: number;
  /** Images embedded at once. */
  readonly batchSize: number;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Features of patches with the shares of the classes among their pixels; of many images' patches as many of each, drawn with the
 * seed. Patches in which no pixel has a class are left out.
 */
export async function trainingPatches(
  { source, masks, groups }: MaskedImages,
  { embed, dim, grid }: CellEmbedder,
  { modality, classes, seed, batchSize, onProgress }: PatchOptions,
): Promise<ProbeData> {
  const indices = evenly(masks.entries.length, MOST_PATCHES).map((at) => masks.entries[at]!);
  const cells = grid[0] * grid[1];
  const each = Math.min(cells, Math.max(1, Math.floor(MOST_PATCHES / indices.length)));
  const data = new Float32Array(indices.length * each * dim);
  const truth = new Float32Array(indices.length * each * classes);
  const ofGroup: number[] = [];
  let done = 0;
  for await (const batch of readBatches({ modality, source, indices }, [], batchSize)) {
    const features = await embed(batch.rows);
    for (const [at, entry] of batch.indices.entries()) {
      const shares = sharesOf(await masks.read(entry), grid, classes);
      const sharesIn = (cell: number) => shares.subarray(cell * classes, (cell + 1) * classes);
      const drawn = new Rng(seed).split("patches", entry).permutation(cells);
      const labelled = drawn.filter((cell) => sharesIn(cell).some((share) => share > 0));
      for (const cell of labelled.subarray(0, each).sort()) {
        const from = (at * cells + cell) * dim;
        data.set(features.subarray(from, from + dim), ofGroup.length * dim);
        truth.set(sharesIn(cell), ofGroup.length * classes);
        ofGroup.push(groups[entry]!);
      }
    }
    done += batch.rows.length;
    onProgress(done, indices.length);
  }
  const rows = ofGroup.length;
  const kept = truth.subarray(0, rows * classes);
  return {
    ...{ data: data.subarray(0, rows * dim), dim, rows, truth: kept },
    labels: largestOf(kept, classes),
    groups: Int32Array.from(ofGroup),
  };
}
