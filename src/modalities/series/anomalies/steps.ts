/** Starts of the windows over a series: one every `stride` steps, the last at its end; one that is not full in a shorter series. */
export function startsOf(length: number, window: number, stride: number): number[] {
  if (length <= window) return [0];
  const starts = Array.from({ length: Math.floor((length - window) / stride) + 1 }, (_, at) => at * stride);
  if (starts.at(-1)! < length - window) starts.push(length - window);
  return starts;
}

/**
 * A score for each step: the mean over the windows that show it.
 * @param scores of each window: one for all of its steps, or one for each; NaN counts nowhere
 */
export function perStep(
  length: number,
  window: number,
  starts: readonly number[],
  scores: readonly (number | Float32Array)[],
): Float32Array {
  const sums = new Float64Array(length);
  const counts = new Int32Array(length);
  starts.forEach((start, at) => {
    const own = scores[at]!;
    for (let step = start; step < Math.min(length, start + window); step++) {
      const score = typeof own === "number" ? own : own[step - start]!;
      if (Number.isNaN(score)) continue;
      sums[step]! += score;
      counts[step]!++;
    }
  });
  return Float32Array.from(sums, (sum, step) => (counts[step]! > 0 ? sum / counts[step]! : Number.NaN));
}

/** The mean over `width` steps around each. */
export function smoothed(scores: Float32Array, width: number): Float32Array {
  if (width < 2) return scores;
  const half = Math.floor(width / 2);
  return scores.map((_, at) => {
    let [sum, count] = [0, 0];
    for (let near = Math.max(0, at - half); near < Math.min(scores.length, at - half + width); near++) {
      if (Number.isNaN(scores[near]!)) continue;
      sum += scores[near]!;
      count++;
    }
    return count > 0 ? sum / count : Number.NaN;
  });
}

/** Steps from `start` up to, not including, `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** The highest in it. */
  readonly score: number;
}

/** Stretches of scores above a threshold; those less than `gap` steps apart are one. */
export function stretchesOf(scores: Float32Array | Uint8Array, threshold: number, gap: number): Stretch[] {
  const found: Stretch[] = [];
  scores.forEach((score, step) => {
    if (!(score > threshold)) return;
    const last = found.at(-1);
    if (last && step - last.end < gap)
      found[found.length - 1] = { ...last, end: step + 1, score: Math.max(last.score, score) };
    else found.push({ start: step, end: step + 1, score });
  });
  return found;
}

/** The value that so large a share of the scores does not exceed. */
export function quantileOf(scores: readonly number[] | Float32Array, share: number): number {
  const known = Float64Array.from(scores)
    .filter((score) => !Number.isNaN(score))
    .sort();
  return known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? Number.NaN;
}
