import type { TableOptions } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { embedder } from "../../../training/features.ts";
import type { Run } from "../../../training/run/run.ts";
import { openSeries } from "../open.ts";
import { SeriesOptions } from "../options.ts";
import { preparation } from "../prepare.ts";
import { cutSeries, eachRow, rowOf, type Series } from "../series.ts";
import { NormalEquations, predicted } from "./ridge.ts";

export interface ForecastOptions extends TableOptions {
  readonly run: Run;
  /** Series that are longer than the run's window. */
  readonly data: string;
  /** Steps ahead, one experiment for each. */
  readonly horizons: readonly number[];
  /** Where the parts to learn on, to choose on and to test on end: steps, or shares of each series; 0.6, 0.8, 1 by default. */
  readonly split?: readonly [number, number, number];
  /** Steps until the same time comes again: 24 for hours of a day. By default a day, where the step is known in seconds. */
  readonly season?: number;
  /** Most windows to learn on, evenly spaced; 4,000 by default. */
  readonly most?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Mean squared and mean absolute error, of values of mean 0 and deviation 1 in the part that is learned on. */
export interface ForecastScore {
  readonly name: string;
  readonly mse: number;
  readonly mae: number;
}

export interface Forecast {
  readonly horizon: number;
  /** Windows that were learned on and tested on. */
  readonly windows: readonly [learned: number, tested: number];
  readonly scores: readonly ForecastScore[];
}

/** Strengths of the ridge, for inputs of deviation about 1. */
const STRENGTHS = [1, 10, 100, 1000, 10_000];
const DAY = 86_400;

interface Part {
  readonly series: Series;
  /** The step after the last of each window. */
  readonly ends: readonly number[];
}

/**
 * Forecasts by a linear head on the frozen encoder: from the representation of a window, how all channels go on from their last
 * values. Beside it the same from the window's raw values, channel by channel with shared weights (NLinear, Zeng et al. 2022,
 * https://arxiv.org/abs/2205.13504), the last value, and the value one season ago. Strengths are chosen on the middle part.
 * @throws UserError when the series are too short
 *
 * @example
 * const run = await openRun("runs/ett");
 * const [day] = await forecast({ run, data: "ETTh1.csv", horizons: [24], split: [8640, 11520, 14400] });
 * console.log(day.scores);
 */
export async function forecast(options: ForecastOptions): Promise<Forecast[]> {
  const { run, data, horizons, split = [0.6, 0.8, 1], most = 4000, onProgress } = options;
  const settled = SeriesOptions.parse(run.modalityOptions);
  const { heard, window } = preparation(settled, run.config.modality.files);
  const all = await wholeSeries(data, options);
  const series = all.map((one) => ({ encoder: heard(one), scaled: standardized(heard(one), split[0]) }));
  const step = all[0]?.step;
  const season = options.season ?? (step !== undefined && DAY % step === 0 && DAY / step > 1 ? DAY / step : undefined);
  const compiled = await embedder(run.encoder, run.params, run.modality);
  try {
    const results: Forecast[] = [];
    for (const horizon of horizons) {
      const parts = ([0, 1, 2] as const).map((part) =>
        series.map(
          ({ scaled }): Part => ({ series: scaled, ends: endsOf(scaled.length, window, horizon, split, part) }),
        ),
      );
      const [learned = 0, chosen = 0, tested = 0] = parts.map((part) =>
        part.reduce((sum, { ends }) => sum + ends.length, 0),
      );
      if (Math.min(learned, chosen, tested) === 0)
        throw new UserError(
          `${data}: too short for a window of ${window} steps and a horizon of ${horizon} in each of the three parts; see --split`,
        );
      const thinned = parts.map((part, at) =>
        at === 0 ? part.map((one) => ({ ...one, ends: every(one.ends, learned / most) })) : part,
      );
      const stage = (name: string) => (done: number, total: number) =>
        onProgress?.(`${horizon} steps: ${name}`, done, total);
      const embed = async (at: number, ends: readonly number[]) => {
        const rows = ends.map((end) => run.modality.tensors(cutSeries(series[at]!.encoder, end - window, window)));
        return compiled.embed(rows);
      };
      const context: Context = { window, horizon, embed, dim: compiled.dim };
      results.push({
        horizon,
        windows: [thinned[0]!.reduce((sum, { ends }) => sum + ends.length, 0), tested],
        scores: [
          await byEncoder(thinned, context, run.config.method.name, stage("encoder")),
          await byValues(thinned, context, stage("linear")),
          naive("last value", thinned[2]!, context, () => 1),
          ...(season === undefined || season > window
            ? []
            : [naive("one season ago", thinned[2]!, context, (ahead) => season - (ahead % season))]),
        ],
      });
    }
    return results;
  } finally {
    await compiled.dispose();
  }
}

interface Context {
  readonly window: number;
  readonly horizon: number;
  readonly dim: number;
  embed(series: number, ends: readonly number[]): Promise<Float32Array>;
}

async function wholeSeries(data: string, options: TableOptions): Promise<Series[]> {
  const source = await openSeries(data, options);
  const all: Series[] = [];
  for (let index = 0; index < source.length; index++) {
    const one = await source.read(index).catch(skipBroken);
    if (one) all.push(one);
  }
  await source.close();
  return all;
}

const placeOf = (part: number, length: number): number =>
  Math.min(length, part <= 1 ? Math.round(part * length) : Math.round(part));

/** The scale of the part that is learned on; what is missing has the mean. */
const standardized = (series: Series, part: number): Series =>
  eachRow(series, (row) => {
    const known = row.subarray(0, placeOf(part, row.length)).filter((value) => !Number.isNaN(value));
    const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
    const std = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length)) || 1;
    return row.map((value) => (Number.isNaN(value) ? 0 : (value - mean) / std));
  });

/** Ends of the windows whose whole horizon lies in a part; the window itself may begin in the part before. */
function endsOf(
  length: number,
  window: number,
  horizon: number,
  split: readonly [number, number, number],
  part: 0 | 1 | 2,
): number[] {
  const from = part === 0 ? 0 : placeOf(split[part - 1]!, length);
  const to = placeOf(split[part]!, length);
  const first = Math.max(window, from);
  return Array.from({ length: Math.max(0, to - horizon - first + 1) }, (_, at) => first + at);
}

const every = (ends: readonly number[], stride: number): readonly number[] =>
  stride <= 1
    ? ends
    : Array.from({ length: Math.ceil(ends.length / stride) }, (_, at) => ends[Math.floor(at * stride)]!);

/** How the channels go on after `end`, from their last values: `[channels × horizon]`. */
function future(series: Series, end: number, horizon: number): Float32Array {
  const result = new Float32Array(series.channels.length * horizon);
  series.channels.forEach((_, channel) => {
    const row = rowOf(series, channel);
    for (let ahead = 0; ahead < horizon; ahead++) result[channel * horizon + ahead] = row[end + ahead]! - row[end - 1]!;
  });
  return result;
}

class Errors {
  #squared = 0;
  #absolute = 0;
  #count = 0;
  add(truth: ArrayLike<number>, guess: ArrayLike<number>): void {
    for (let at = 0; at < truth.length; at++) {
      const error = truth[at]! - guess[at]!;
      this.#squared += error * error;
      this.#absolute += Math.abs(error);
    }
    this.#count += truth.length;
  }
  score(name: string): ForecastScore {
    return { name, mse: this.#squared / this.#count, mae: this.#absolute / this.#count };
  }
}

/** Windows that are embedded at a time. */
const CHUNK = 256;

async function byEncoder(
  [learn = [], choose = [], judge = []]: readonly (readonly Part[])[],
  { horizon, dim, embed }: Context,
  method: string,
  onProgress: (done: number, total: number) => void,
): Promise<ForecastScore> {
  const outputs = (learn[0]?.series.channels.length ?? 0) * horizon;
  const total = [learn, choose, judge].flat().reduce((sum, { ends }) => sum + ends.length, 0);
  let done = 0;
  const visit = async (parts: readonly Part[], use: (input: Float32Array, truth: Float32Array) => void) => {
    for (const [at, { series, ends }] of parts.entries())
      for (let start = 0; start < ends.length; start += CHUNK) {
        const some = ends.slice(start, start + CHUNK);
        const vectors = await embed(at, some);
        some.forEach((end, row) => {
          use(vectors.subarray(row * dim, (row + 1) * dim), future(series, end, horizon));
        });
        done += some.length;
        onProgress(done, total);
      }
  };
  const equations = new NormalEquations(dim, outputs);
  await visit(learn, (input, truth) => equations.add(input, truth));
  const candidates = STRENGTHS.map((strength) => ({ weights: equations.solve(strength), errors: new Errors() }));
  await visit(choose, (input, truth) => {
    for (const { weights, errors } of candidates) errors.add(truth, predicted(weights, input, outputs));
  });
  const { weights } = bestOf(candidates);
  const errors = new Errors();
  await visit(judge, (input, truth) => errors.add(truth, predicted(weights, input, outputs)));
  return errors.score(`${method}, linear head`);
}

const bestOf = <Candidate extends { errors: Errors }>(candidates: readonly Candidate[]): Candidate =>
  candidates.reduce((best, one) => (one.errors.score("").mse < best.errors.score("").mse ? one : best));

async function byValues(
  [learn = [], choose = [], judge = []]: readonly (readonly Part[])[],
  { window, horizon }: Context,
  onProgress: (done: number, total: number) => void,
): Promise<ForecastScore> {
  const visit = (parts: readonly Part[], use: (input: Float32Array, truth: Float32Array) => void) => {
    for (const { series, ends } of parts)
      for (const end of ends) {
        const truth = future(series, end, horizon);
        series.channels.forEach((_, channel) => {
          const row = rowOf(series, channel);
          const input = row.subarray(end - window, end).map((value) => value - row[end - 1]!);
          use(input, truth.subarray(channel * horizon, (channel + 1) * horizon));
        });
      }
  };
  const equations = new NormalEquations(window, horizon);
  visit(learn, (input, truth) => equations.add(input, truth));
  onProgress(1, 3);
  const candidates = STRENGTHS.map((strength) => ({ weights: equations.solve(strength), errors: new Errors() }));
  const some = choose.map((part) => ({ ...part, ends: every(part.ends, part.ends.length / 500) }));
  visit(some, (input, truth) => {
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
function naive(
  name: string,
  parts: readonly Part[],
  { horizon }: Context,
  back: (ahead: number) => number,
): ForecastScore {
  const errors = new Errors();
  for (const { series, ends } of parts)
    for (const end of ends) {
      const guess = new Float32Array(series.channels.length * horizon);
      series.channels.forEach((_, channel) => {
        const row = rowOf(series, channel);
        for (let ahead = 0; ahead < horizon; ahead++)
          guess[channel * horizon + ahead] = row[end - back(ahead)]! - row[end - 1]!;
      });
      errors.add(future(series, end, horizon), guess);
    }
  return errors.score(name);
}
