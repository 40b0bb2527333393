import { UMAP } from "umap-js";
import { Rng } from "../../array/index.ts";
import { bankOf } from "../vectors/nearest.ts";

/** Neighbours of each point; UMAP's default. */
const NEIGHBOURS = 15;
/** Fewer points make no map. */
const LEAST = 4;

/**
 * Projects vectors to the plane by UMAP (McInnes et al. 2018, https://arxiv.org/abs/1802.03426) with cosine distance:
 * nearby points are similar; distances between groups and their sizes mean little. The same vectors and seed give the same map.
 * @param data `[rows, dim]`
 * @returns one point for each row; none for fewer than 4 rows
 */
export async function embeddingMap(
  data: Float32Array,
  dim: number,
  seed: number,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<[x: number, y: number][]> {
  const rows = data.length / dim;
  if (rows < LEAST) return [];
  const count = Math.min(NEIGHBOURS, rows - 1);
  const { rows: nearest, similarities } = bankOf(data, dim).nearest(data, count);
  const places = (row: number) => Array.from({ length: count }, (_, rank) => row * count + rank);
  const all = Array.from({ length: rows }, (_, row) => places(row));
  const rng = new Rng(seed).split("umap");
  const umap = new UMAP({ nNeighbors: count, random: () => rng.uniform() });
  umap.setPrecomputedKNN(
    all.map((ranks) => ranks.map((at) => nearest[at]!)),
    all.map((ranks) => ranks.map((at) => Math.max(0, 1 - similarities[at]!))),
  );
  const epochs = umap.initializeFit(
    Array.from({ length: rows }, (_, row) => [...data.subarray(row * dim, (row + 1) * dim)]),
  );
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % 20 > 0) continue;
    onProgress(epoch, epochs);
    // Yields so that Ctrl-C is handled.
    await new Promise((done) => setImmediate(done));
  }
  return umap.getEmbedding().map(([x = 0, y = 0]): [number, number] => [x, y]);
}
