import type { Paths } from "../../../data/paths/joined.ts";
import type { TableOptions } from "../../../data/source.ts";
import type { InitialParams } from "../../../encoders/index.ts";
import { UserError } from "../../../foundation/errors.ts";
import { buildParts, type Run } from "../../../training/run/run.ts";
import { untrainedParams } from "../../../training/untrained.ts";
import { withSeries } from "../open.ts";
import { SeriesOptions } from "../options.ts";
import { preparation } from "../prepare.ts";
import type { Forecaster } from "./forecaster.ts";
import { errorsOf, type Head, type Model, outputsOf, readingOf, type Watch } from "./head.ts";
import { countOf, type Part, partOf, type Split, thinned, tracksOf } from "./parts.ts";
import { byValues, naive } from "./plain.ts";
import { ridgeHead } from "./ridge-head.ts";
import type { ForecastScore } from "./scores.ts";
import { type TuneOptions, tune, tuneDefaults } from "./tune.ts";

export interface ForecastOptions extends TableOptions {
  readonly run: Run;
  /** Series that are longer than the run's window. */
  readonly data: Paths;
  /** Steps ahead, one experiment for each. */
  readonly horizons: readonly number[];
  /** Where the parts to learn on, to choose on and to test on end: steps, or shares of each series; 0.6, 0.8, 1 by default. */
  readonly split?: Split;
  /** Steps until the same time comes again: 24 for hours of a day. By default a day, where the step is known in seconds. */
  readonly season?: number;
  /** Most windows that heads are fitted to, evenly spaced, and that an epoch of tuning draws; 4,000 by default. */
  readonly most?: number;
  /** Also train the whole encoder, from the head on frozen features on. */
  readonly tune?: boolean | TuneOptions;
  /** With `tune`, also do the same from random weights, as a baseline; by default. */
  readonly scratch?: boolean;
  /** Of the random weights and of the order of windows; 0 by default. */
  readonly seed?: number;
  /** Threads within an operator; all cores by default. */
  readonly threads?: number;
  /** Stops at the next step: what is finished until then is returned. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
  /** Told of series that cannot be read. */
  readonly onNote?: (note: string) => void;
  /** Called with every forecaster as soon as it is there, so that it can be kept. */
  readonly onForecaster?: (forecaster: Forecaster) => Promise<void>;
}

export interface Forecast {
  readonly horizon: number;
  /** Windows that were learned on and tested on. */
  readonly windows: readonly [learned: number, tested: number];
  readonly scores: readonly ForecastScore[];
}

const DAY = 86_400;
/** Windows that a ridge's strength and an epoch of tuning are chosen on. */
const CHOSEN_ON = 1000;

/**
 * Forecasts by a linear head on the encoder's tokens, how all channels of a window go on: on the frozen encoder in closed
 * form, its strength chosen on the middle part; with `tune` from there with the whole encoder (linear probing and then
 * fine-tuning, as in PatchTST, https://arxiv.org/abs/2211.14730). Beside it the same of an untrained encoder and from
 * scratch, the window's raw values, channel by channel with shared weights (NLinear, Zeng et al. 2022,
 * https://arxiv.org/abs/2205.13504), the last value, and the value one season ago.
 * @returns for each horizon the errors on the last part; fewer rows if it was interrupted
 * @throws UserError when the series are too short for any of the horizons, or have fewer windows than a batch of tuning
 *
 * @example
 * const run = await openRun("runs/ett");
 * const [day] = await forecast({ run, data: "ETTh1.csv", horizons: [24], split: [8640, 11520, 14400], tune: true });
 * console.log(day.scores);
 */
export async function forecast(options: ForecastOptions): Promise<Forecast[]> {
  const { run, data, horizons, split = [0.6, 0.8, 1], most = 4000, seed = 0, signal, threads } = options;
  const settled = SeriesOptions.parse(run.modalityOptions);
  const prepared = preparation(settled, run.config.modality.files);
  const { window } = prepared;
  const { tracks, untrained } = await withSeries(data, options, async (source) => ({
    tracks: await tracksOf(source, prepared, settled.step, split[0], options.onNote),
    // The encoder before it learned anything, with the statistics of its norms from these data.
    untrained: await untrainedParams(run.config, source, seed),
  }));
  const step = tracks[0]?.raw.step;
  const season = options.season ?? (step !== undefined && DAY % step === 0 && DAY / step > 1 ? DAY / step : undefined);
  const name = run.config.method.name;
  const tuning: TuneOptions | undefined = options.tune === true ? {} : options.tune || undefined;
  const { batchSize = tuneDefaults.batchSize } = tuning ?? {};
  const parts = horizons.map((horizon) => {
    const [learn = [], choose = [], judge = []] = ([0, 1, 2] as const).map((part) =>
      tracks.map((track) => partOf(track, window, horizon, split, part)),
    );
    const learned = countOf(learn);
    if (Math.min(learned, countOf(choose), countOf(judge)) === 0)
      throw new UserError(
        `${data}: too short for a window of ${window} steps and a horizon of ${horizon} in each of the three parts; see --split`,
      );
    if (tuning && Math.min(learned, most) < batchSize)
      throw new UserError(
        `${data}: only ${Math.min(learned, most)} windows to tune on with a horizon of ${horizon}, fewer than a batch of ${batchSize}; see --most and --batch-size`,
      );
    return { horizon, learn, choose, judge };
  });
  const results: Forecast[] = [];
  for (const { horizon, learn, choose, judge } of parts) {
    const few = thinned(learn, most);
    const scores: ForecastScore[] = [];
    const watch = (stage: string): Watch => ({
      signal,
      onProgress: (done, total) => options.onProgress?.(`${horizon} steps: ${stage}`, done, total),
    });
    const reading = readingOf(run.encoder, prepared.channels.length, horizon);
    const model: Model = { encoder: run.encoder, modality: run.modality, reading, window, horizon, threads };
    const judged = await outputsOf(model);
    const score = async (params: InitialParams, head: Head, row: string, isPretrained: boolean): Promise<void> => {
      // What was trained until an interrupt is worth the seconds of its test.
      const { onProgress } = watch(`${row}, test`);
      const one = (await errorsOf(judged, model, params, head, judge, { onProgress })).score(row);
      scores.push(one);
      await options.onForecaster?.({ run, horizon, params, head, score: one, isPretrained });
    };
    const part: Windows = { few, learn, choose: thinned(choose, CHOSEN_ON) };
    try {
      await byModel(model, part, { ...options, tuning, untrained, name, most, seed }, score, watch);
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      await judged.dispose();
    }
    if (!signal?.aborted) {
      const { onProgress = () => undefined } = watch("linear");
      scores.push(byValues(few, choose, judge, { window, horizon, onProgress }));
      scores.push(naive("last value", judge, horizon, () => 1));
      if (season !== undefined && season <= window)
        scores.push(naive("one season ago", judge, horizon, (ahead) => season - (ahead % season)));
    }
    results.push({ horizon, windows: [countOf(few), countOf(judge)], scores });
    if (signal?.aborted) break;
  }
  return results;
}

interface Windows {
  readonly few: readonly Part[];
  readonly learn: readonly Part[];
  readonly choose: readonly Part[];
}

/** The rows of the encoder: frozen and tuned, pretrained and not. */
async function byModel(
  model: Model,
  { few, learn, choose }: Windows,
  options: ForecastOptions & {
    readonly tuning: TuneOptions | undefined;
    readonly untrained: InitialParams;
    readonly name: string;
    readonly most: number;
    readonly seed: number;
  },
  score: (params: InitialParams, head: Head, row: string, isPretrained: boolean) => Promise<void>,
  watch: (stage: string) => Watch,
): Promise<void> {
  const { run, tuning, untrained, name, signal, scratch = true } = options;
  const starts = [
    { params: run.params, frozen: `${name}, linear head`, tuned: `${name}, tuned` },
    { params: untrained, frozen: "untrained, linear head", tuned: "from scratch" },
  ];
  const heads: Head[] = [];
  for (const [at, { params, frozen }] of starts.entries()) {
    const head = await ridgeHead(model, params, few, choose, watch(frozen));
    heads.push(head);
    await score(params, head, frozen, at === 0);
  }
  if (!tuning) return;
  for (const [at, { params, tuned: row }] of starts.entries()) {
    if ((at === 1 && !scratch) || signal?.aborted) continue;
    const all = { ...tuneDefaults, ...tuning, seed: options.seed, most: options.most };
    const trained = await dropping(model, run, all.dropout);
    const tuned = await tune(trained, { params, head: heads[at]! }, learn, choose, all, watch(row));
    await score(tuned.params, tuned.head, row, at === 0);
  }
}

/** The model with another dropout of its encoder, where that has one. */
async function dropping(model: Model, { config, modality }: Run, dropout: number): Promise<Model> {
  const { name, options } = config.encoder;
  if (!("dropout" in options)) return model;
  const { encoder } = await buildParts({ ...config, encoder: { name, options: { ...options, dropout } } });
  const channels = modality.specs.series?.shape[0] ?? 1;
  return { ...model, encoder, reading: readingOf(encoder, channels, model.horizon) };
}
