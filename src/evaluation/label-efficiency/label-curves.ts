import { meanAndDeviation } from "../scores/metrics.ts";

/** Mean score over the draws of so many labels, and their sample deviation. */
export interface CurvePoint {
  readonly labels: number;
  readonly mean: number;
  readonly deviation: number;
  readonly draws: number;
}

/** Score against labels, fewest labels first. */
export type Curve = readonly CurvePoint[];

/** The curve through the scores that one contestant reached. */
export function curveOf(results: readonly { readonly labels: number; readonly score: number }[]): CurvePoint[] {
  const byLabels = Map.groupBy(results, ({ labels }) => labels);
  return [...byLabels]
    .map(([labels, own]) => ({
      labels,
      ...meanAndDeviation(own.map(({ score }) => score)),
      draws: own.length,
    }))
    .sort((a, b) => a.labels - b.labels);
}

/** At every number of labels the curve that is highest there. */
export const bestOf = (curves: readonly Curve[]): CurvePoint[] =>
  [...Map.groupBy(curves.flat(), ({ labels }) => labels).values()]
    .map((points) => points.reduce((best, point) => (point.mean > best.mean ? point : best)))
    .sort((a, b) => a.labels - b.labels);

/**
 * Fewest labels at which a curve reaches a score, between its points by straight lines over the logarithm of the
 * labels. Grows with the score, also where the curve falls on its way.
 * @returns `at most` the fewest labels measured where those are enough, `more than` the most where no number is
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

/** What another curve needs to be as accurate as this one with `labels`. */
export interface Saving {
  readonly labels: number;
  readonly score: number;
  readonly kind: "exactly" | "at most" | "more than";
  /** Labels that the other needs. */
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
 * Labels saved at equal accuracy, as one number: how many times the labels of the pretrained model one needs to be as
 * accurate from scratch. It is read off at the fewest labels at which the curve from scratch reaches the pretrained
 * model's accuracy between two of its points. Where it never does, it is the largest bound: with all of its labels from
 * scratch is not yet where the pretrained model is with the fewest, "more than all ÷ fewest ×". Where from scratch is better
 * with the fewest labels already, however many the pretrained model is given, it is "at most" 1 and less.
 */
export function labelsSaved(all: readonly Saving[]): Saving | undefined {
  const of = (kind: Saving["kind"]) => all.filter((saving) => saving.kind === kind);
  return of("exactly")[0] ?? of("more than")[0] ?? of("at most")[0];
}

/** Why a saving may be none: see `doubtsOf`. */
export type Doubt = "one draw" | "not compared" | "within noise" | "untrained";

/**
 * What speaks against a saving at the number of labels that it is read off at: bands of one deviation that touch are no
 * difference, a single draw has no band, where from scratch was not trained there is nothing to compare with, and what
 * the untrained encoder does as well the pre-training has not taught.
 */
export function doubtsOf({ labels }: Saving, pretrained: Curve, scratch: Curve, untrained: Curve): Doubt[] {
  const [own, other, random] = [pretrained, scratch, untrained].map((curve) =>
    curve.find((point) => point.labels === labels),
  );
  if (!own) return [];
  const noise = ((): Doubt[] => {
    if (!other) return ["not compared"];
    if (isSingle(own) || isSingle(other)) return ["one draw"];
    return overlap(own, other) ? ["within noise"] : [];
  })();
  const isAsGood = random && (random.mean >= own.mean || (!isSingle(own) && !isSingle(random) && overlap(own, random)));
  return isAsGood ? [...noise, "untrained"] : noise;
}

/** Whether a point is of one draw, which has no deviation. */
export const isSingle = ({ draws }: CurvePoint): boolean => draws < 2;

/** Whether the bands of one deviation around two points have anything in common. */
export const overlap = (a: CurvePoint, b: CurvePoint): boolean =>
  Math.abs(a.mean - b.mean) <= a.deviation + b.deviation;
