import { rowOf } from "../series.ts";
import { lastOf, placesOf, targetOf } from "./head.ts";
import { type Part, type Track, thinned } from "./parts.ts";
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
const future = (track: Track, end: number, horizon: number): Float32Array =>
  targetOf(track, end, horizon, { centre: lastOf(track, end) });

/** Linear in the window's values less the last, channel by channel with shared weights. */
export function byValues(
  learn: readonly Part[],
  choose: readonly Part[],
  judge: readonly Part[],
  { window, horizon, onProgress }: PlainOptions,
): ForecastScore {
  const visit = (parts: readonly Part[], use: (input: Float32Array, truth: Float32Array) => void) => {
    for (const { track, end } of placesOf(parts)) {
      const truth = future(track, end, horizon);
      track.scaled.channels.forEach((_, channel) => {
        const row = rowOf(track.scaled, channel);
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
  for (const { track, end } of placesOf(parts)) {
    const { scaled } = track;
    const guess = new Float32Array(scaled.channels.length * horizon);
    scaled.channels.forEach((_, channel) => {
      const row = rowOf(scaled, channel);
      for (let ahead = 0; ahead < horizon; ahead++)
        guess[channel * horizon + ahead] = row[end - back(ahead)]! - row[end - 1]!;
    });
    errors.add(future(track, end, horizon), guess);
  }
  return errors.score(name);
}
