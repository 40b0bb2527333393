import { kMeans } from "../../../array/k-means.ts";
import { bankOf, nearestOthers } from "../../vectors/nearest.ts";
import { type Choice, type Strategy, unlabelled } from "./strategy.ts";

/** Number of neighbours for typicality. */
const NEIGHBOURS = 20;
const MOST_CLUSTERS = 500;
/** Clusters of at most this size are left out. */
const SMALL = 5;
const ITERATIONS = 20;

/**
 * TypiClust: makes as many clusters as there are labels and suggestions; from each cluster without a label, largest first,
 * takes the most typical sample: the one with the smallest mean distance to its 20 nearest neighbours. Hacohen et al. 2022,
 * https://arxiv.org/abs/2202.02794. As in https://github.com/avihu111/TypiClust: neighbours are from the cluster, at most
 * half of it; distances are squared (not in the paper); at most 500 clusters, without those of up to five samples;
 * clusters with fewest labels first, cycling when all have been used. Differs from it: k-means starts once by k-means++ and
 * takes 20 iterations (scikit-learn's tries ten starts, or mini-batches above 50 clusters); exhausted clusters are skipped;
 * small clusters are used if the large ones cannot meet the budget.
 */
export const typicality: Strategy = (candidates, budget, rng) => {
  const { units, rows, dim, labelled } = candidates;
  const clusters = Math.min(labelled.length + budget, MOST_CLUSTERS, rows);
  const { assignments, sizes } = kMeans(
    units,
    { rows, dim, clusters, iterations: ITERATIONS, start: "k-means++" },
    rng,
  );
  const labels = new Int32Array(clusters);
  for (const row of labelled) labels[assignments[row]!]!++;
  const members = Array.from({ length: clusters }, (): number[] => []);
  for (const row of unlabelled(candidates)) members[assignments[row]!]!.push(row);
  const order = [...members.keys()]
    .filter((cluster) => members[cluster]!.length > 0)
    .sort((a, b) => labels[a]! - labels[b]! || sizes[b]! - sizes[a]!);
  const large = order.filter((cluster) => sizes[cluster]! > SMALL);
  // Small clusters are used only if the budget needs them.
  const used = large.reduce((sum, cluster) => sum + members[cluster]!.length, 0) < budget ? order : large;
  const choices: Choice[] = [];
  for (let turn = 0; choices.length < budget; turn++) {
    const cluster = used[turn % used.length]!;
    const candidateRows = members[cluster]!;
    if (candidateRows.length === 0) continue;
    const scores = typicalities(units, dim, candidateRows);
    const best = scores.reduce((most, score, at) => (score > scores[most]! ? at : most), 0);
    const [row = 0] = candidateRows.splice(best, 1);
    const labelledCount = labels[cluster]! === 0 ? "none" : `${labels[cluster]}`;
    const again = turn < used.length ? "" : ", used again";
    const reason = `most typical of a cluster of ${sizes[cluster]}, ${labelledCount} of them labelled${again}`;
    choices.push({ row, score: scores[best]!, reason });
  }
  return choices;
};

/** 1 / mean squared distance to the nearest neighbours among the rows; 0 for a single row. */
function typicalities(units: Float32Array, dim: number, rows: readonly number[]): number[] {
  const count = Math.min(NEIGHBOURS, Math.max(1, rows.length >> 1));
  if (rows.length < 2) return rows.map(() => 0);
  const part = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    part.set(units.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  const { similarities } = nearestOthers(bankOf(part, dim), part, dim, count);
  return rows.map((_, at) => {
    let sum = 0;
    // For unit vectors ‖a − b‖² = 2 − 2 cos.
    for (let i = at * count; i < (at + 1) * count; i++) sum += 2 - 2 * Math.max(similarities[i]!, -1);
    return 1 / (sum / count + 1e-5);
  });
}
