import { rowOf, type Series } from "../series.ts";
import { type Part, thinned } from "./parts.ts";
import { NormalEquations, predicted } from "./ridge.ts";
import { bestOf, Errors, type ForecastScore } from "./scores.ts";

/** Strengths of the ridge, for inputs of deviation about 1. */
const STRENGTHS = [1, 10, 100, 1000, 10_000];
/** Windows that a strength is chosen on. */
const CHOSEN_ON = 500;

export interface PlainOptions {
  readonly window: number;
  readonly horizon: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** How the channels go on after `end`, from their last values: `[channels × horizon]`. */
function future(series: Series, end: number, horizon: number): Float32Array {
  const result = new Float32Array(series.channels.length * horizon);
  series.channels.forEach((_, channel) => {
    const row = rowOf(series, channel);
    for (let ahead = 0; ahead < horizon; ahead++) result[channel * horizon + ahead] = row[end + ahead]! - row[end - 1]!;
  });
  return result;
}

/** Linear in the window's values less the last, channel by channel with shared weights. */
export function byValues(
  learn: readonly Part[],
  choose: readonly Part[],
  judge: readonly Part[],
  { window, horizon, onProgress }: PlainOptions,
): ForecastScore {
  const visit = (parts: readonly Part[], use: (input: Float32Array, truth: Float32Array) => void) => {
    for (const {
      track: { scaled },
      ends,
    } of parts)
      for (const end of ends) {
        const truth = future(scaled, end, horizon);
        scaled.channels.forEach((_, channel) => {
          const row = rowOf(scaled, channel);
          const input = row.subarray(end - window, end).map((value) => value - row[end - 1]!);
          use(input, truth.subarray(channel * horizon, (channel + 1) * horizon));
        });
      }
  };
  const equations = new NormalEquations(window, horizon);
  visit(learn, (input, truth) => equations.add(input, truth));
  onProgress(1, 3);
  const candidates = STRENGTHS.map((strength) => ({ weights: equations.solve(strength), errors: new Errors() }));
  visit(thinned(choose, CHOSEN_ON), (input, truth) => {
    for (const { weights, errors } of candidates) errors.add(truth, predicted(weights, input, horizon));
  });
  onProgress(2, 3);
  const { weights } = bestOf(candidates);
  const errors = new Errors();
  visit(judge, (input, truth) => errors.add(truth, predicted(weights, input, horizon)));
  onProgress(3, 3);
  return errors.score("raw values, linear");
}

/** @param back steps from the end of the window to the value that stands for one `ahead` steps on, from 0 */
export function naive(
  name: string,
  parts: readonly Part[],
  horizon: number,
  back: (ahead: number) => number,
): ForecastScore {
  const errors = new Errors();
  for (const {
    track: { scaled },
    ends,
  } of parts)
    for (const end of ends) {
      const guess = new Float32Array(scaled.channels.length * horizon);
      scaled.channels.forEach((_, channel) => {
        const row = rowOf(scaled, channel);
        for (let ahead = 0; ahead < horizon; ahead++)
          guess[channel * horizon + ahead] = row[end - back(ahead)]! - row[end - 1]!;
      });
      errors.add(future(scaled, end, horizon), guess);
    }
  return errors.score(name);
}
