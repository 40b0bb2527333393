import { meanAndDeviation } from "../../scores/metrics.ts";

/** Mean score over the draws at one number of labels, with sample deviation. */
export interface CurvePoint {
  readonly labels: number;
  readonly mean: number;
  readonly deviation: number;
  readonly draws: number;
}

/** Score against labels, fewest labels first. */
export type Curve = readonly CurvePoint[];

/** The curve through one contender's scores. */
export function curveOf(results: readonly { readonly labels: number; readonly score: number }[]): CurvePoint[] {
  const byLabels = Map.groupBy(results, ({ labels }) => labels);
  return [...byLabels]
    .map(([labels, group]) => ({
      labels,
      ...meanAndDeviation(group.map(({ score }) => score)),
      draws: group.length,
    }))
    .sort((a, b) => a.labels - b.labels);
}

/** At each number of labels the point of the highest curve. */
export const bestOf = (curves: readonly Curve[]): CurvePoint[] =>
  [...Map.groupBy(curves.flat(), ({ labels }) => labels).values()]
    .map((points) => points.reduce((best, point) => (point.mean > best.mean ? point : best)))
    .sort((a, b) => a.labels - b.labels);

/**
 * The fewest labels at which a curve reaches a score, interpolated linearly over the logarithm of the labels. The result
 * never falls with a higher score, even if the curve does.
 * @returns `at most` the fewest labels measured if those are enough, `more than` the most if the score is never reached
 */
export function labelsToReach(curve: Curve, score: number): { kind: Saving["kind"]; labels: number } {
  for (const [at, point] of curve.entries()) {
    if (point.mean < score) continue;
    const before = curve[at - 1];
    if (!before) return { kind: point.mean > score ? "at most" : "exactly", labels: point.labels };
    const share = (score - before.mean) / (point.mean - before.mean);
    return { kind: "exactly", labels: before.labels * (point.labels / before.labels) ** share };
  }
  return { kind: "more than", labels: curve.at(-1)?.labels ?? 0 };
}

/** The labels that another curve needs to match the score of this one at `labels`. */
export interface Saving {
  readonly labels: number;
  readonly score: number;
  readonly kind: "exactly" | "at most" | "more than";
  /** Labels that the other curve needs. */
  readonly needed: number;
  /** `needed` over `labels`: above 1, labels are saved. */
  readonly factor: number;
}

/** The saving at every number of labels of `pretrained`. */
export const savings = (pretrained: Curve, scratch: Curve): Saving[] =>
  scratch.length === 0
    ? []
    : pretrained.map(({ labels, mean: score }) => {
        const { kind, labels: needed } = labelsToReach(scratch, score);
        return { labels, score, kind, needed, factor: needed / labels };
      });

/**
 * Labels saved at equal accuracy, as one number: how many times as many labels training from scratch needs for the same
 * accuracy. It is read off at the fewest labels for which the curve from scratch crosses the pretrained model's accuracy.
 * If it never does, the result is the largest bound: "more than" the most labels ÷ the fewest, where from scratch stays
 * below, or "at most" a factor of 1 or less, where it is better with its fewest labels already.
 */
export function labelsSaved(all: readonly Saving[]): Saving | undefined {
  const of = (kind: Saving["kind"]) => all.filter((saving) => saving.kind === kind);
  return of("exactly")[0] ?? of("more than")[0] ?? of("at most")[0];
}

/** A caveat of a saving: see `doubtsOf`. */
export type Doubt = "one draw" | "not compared" | "within noise" | "untrained";

/**
 * The caveats of a saving at its number of labels: the bands of one deviation overlap, a single draw has no band, there is
 * no training from scratch to compare with, or the untrained encoder scores as well, so that pre-training did not help.
 */
export function doubtsOf({ labels }: Saving, pretrained: Curve, scratch: Curve, untrained: Curve): Doubt[] {
  const [trained, other, random] = [pretrained, scratch, untrained].map((curve) =>
    curve.find((point) => point.labels === labels),
  );
  if (!trained) return [];
  const noise = ((): Doubt[] => {
    if (!other) return ["not compared"];
    if (isSingle(trained) || isSingle(other)) return ["one draw"];
    return overlap(trained, other) ? ["within noise"] : [];
  })();
  const isAsGood =
    random && (random.mean >= trained.mean || (!isSingle(trained) && !isSingle(random) && overlap(trained, random)));
  return isAsGood ? [...noise, "untrained"] : noise;
}

/** Whether a point is from a single draw, which has no deviation. */
export const isSingle = ({ draws }: CurvePoint): boolean => draws < 2;

/** Whether the bands of one deviation around two points overlap or touch. */
export const overlap = (a: CurvePoint, b: CurvePoint): boolean =>
  Math.abs(a.mean - b.mean) <= a.deviation + b.deviation;
