import { joinedFloats } from "../../../array/index.ts";
import { areSamePaths, inWords } from "../../../data/paths/in-words.ts";
import { type Paths, placeIn, sourcesOf } from "../../../data/paths/joined.ts";
import type { Source, TableOptions } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { embedder } from "../../../training/features.ts";
import { openRunData } from "../../../training/run/open-data.ts";
import type { Run } from "../../../training/run/run.ts";
import { withSeries } from "../open.ts";
import { SeriesOptions } from "../options.ts";
import { channelsOf } from "../prepare.ts";
import { cutSeries, type Series } from "../series.ts";
import { isManifest } from "../sources/entries.ts";
import { labelAt } from "../sources/store.ts";
import { chosen } from "../transforms/channels.ts";
import { resampled } from "../transforms/resample.ts";
import { type Ranking, rankingOf } from "./ranking.ts";
import { canReconstruct, reconstructor } from "./reconstruct.ts";
import { perStep, quantileOf, type Stretch, smoothed, startsOf, stretchesOf } from "./steps.ts";
import { distancesTo, type Place, rawRows, type Usual, usualWindows, zScores } from "./usual.ts";

/** By what a step is unusual. */
export const anomalyScores = ["reconstruction", "distance"] as const;
export type AnomalyScore = (typeof anomalyScores)[number];

export interface AnomaliesOptions extends TableOptions {
  readonly run: Run;
  /** Series to look through, of any length. */
  readonly data: Paths;
  /** Data in which all is as usual; by default the run's. With the columns of `data`. */
  readonly usual?: string;
  /**
   * `reconstruction`: how badly the method predicts a step that is hidden from it (MAE, SimMIM); `distance`: how far the
   * window's representation is from the nearest usual ones. By default the first, where the method can.
   */
  readonly scoredBy?: AnomalyScore;
  /** Steps from one window to the next; by default a quarter of the window. */
  readonly stride?: number;
  /** Labels of steps or series that are not anomalous, if the data are labelled. */
  readonly usualLabels?: readonly string[];
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** A series with a score for each step. */
export interface ScoredSeries {
  readonly name: string;
  /** As the encoder reads it: its channels, at its step. */
  readonly series: Series;
  /** `[length]`; NaN where nothing is known. */
  readonly scores: Float32Array;
  /** 1 where a step is labelled as anomalous; undefined without labels. */
  readonly isAnomalous?: Uint8Array;
}

/** A stretch of steps above the threshold. */
export interface Interval extends Stretch {
  readonly series: string;
}

export interface Anomalies {
  readonly scoredBy: AnomalyScore;
  /** The score that a hundredth of the usual steps exceed. */
  readonly threshold: number;
  readonly series: readonly ScoredSeries[];
  /** Highest first. */
  readonly intervals: readonly Interval[];
  /** With labels: how well the score, and what needs no learning, put anomalous steps above the others. */
  readonly measures: readonly ({ readonly name: string } & Ranking)[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/** What people call a state in which nothing is wrong. */
export const USUAL_LABELS: readonly string[] = ["0", "normal", "usual", "healthy", "good", "ok", "none", "no", "false"];
/** Usual steps that may be above the threshold. */
const RARE = 0.01;
/** Reconstruction errors are averaged over this share of a window: a single reading is noise. */
const SMOOTH = 1 / 16;

/**
 * Scores each step of series by how unusual it is, and finds the stretches above what a hundredth of usual steps exceed.
 * @throws UserError when the run is none on series, its method cannot do what is asked, or nothing can be read
 *
 * @example
 * const run = await openRun("runs/machine");
 * const { intervals } = await anomalies({ run, data: "today.csv" });
 * console.log(intervals[0]);
 */
export async function anomalies(options: AnomaliesOptions): Promise<Anomalies> {
  const { run, data, onProgress } = options;
  if (run.modality.name !== "series")
    throw new UserError(`${run.path}: a run on ${run.modality.name}; anomalies need one on series`);
  const scoredBy = options.scoredBy ?? (canReconstruct(run) ? "reconstruction" : "distance");
  const settings = SeriesOptions.parse(run.modalityOptions);
  const { window } = settings;
  const stride = options.stride ?? Math.max(1, Math.floor(window / 4));
  const { all, broken } = await withSeries(data, options, (source) => labelledSeries(source, options, settings));
  if (all.length === 0) throw new UserError(`${inWords(data)}: no series can be read; the first: ${broken[0]?.reason}`);
  const isSame = options.usual === undefined && areSamePaths(run.config.data.path, data);
  const source = await openRunData(run, options.usual, options);
  const usual = await usualWindows(run, source as Source<Series>, isSame);
  const scorer = scoredBy === "distance" ? await byDistance(run) : await byReconstruction(run, window);
  const isLabelled = all.some(({ isAnomalous }) => isAnomalous);
  try {
    const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
    const reference = await scorer.reference(usual, stage("usual windows"));
    const threshold = quantileOf(reference, 1 - RARE);
    const series: ScoredSeries[] = [];
    const baselines = { "distance of raw windows": [] as Float32Array[], "z-score": [] as Float32Array[] };
    const plain = isLabelled ? { distances: distancesTo(usual.raw, usual), zScores: zScores(usual) } : undefined;
    for (const [at, { name, series: one, isAnomalous }] of all.entries()) {
      stage("series")(at, all.length);
      const starts = startsOf(one.length, window, stride);
      const windows = starts.map((start) => cutSeries(one, start, window));
      const places = starts.map((start) => ({ name, start }));
      const own = await scorer.scores(windows, places);
      const spread = (scores: readonly (number | Float32Array)[]) => perStep(one.length, window, starts, scores);
      series.push({ name, series: one, scores: spread(own), ...(isAnomalous ? { isAnomalous } : {}) });
      if (!plain) continue;
      const rows = rawRows(run, windows);
      baselines["distance of raw windows"].push(spread(plain.distances(rows, places)));
      baselines["z-score"].push(spread(plain.zScores(rows, windows.length)));
    }
    stage("series")(all.length, all.length);
    const intervals = series
      .flatMap(({ name, scores }) =>
        stretchesOf(scores, threshold, stride).map((stretch): Interval => ({ series: name, ...stretch })),
      )
      .sort((a, b) => b.score - a.score);
    const labels = labelsOf(series);
    const rows = { [`${run.config.method.name}, ${scoredBy}`]: series.map(({ scores }) => scores), ...baselines };
    const measures = Object.entries(isLabelled ? rows : {}).flatMap(([name, scores]) => {
      const ranking = rankingOf(joinedFloats(scores), labels);
      return ranking ? [{ name, ...ranking }] : [];
    });
    return { scoredBy, threshold, series, intervals, measures, broken };
  } finally {
    await scorer.dispose();
    await source.close();
  }
}

/** Scores of windows. */
interface Scorer {
  /** Of usual windows, each compared with others than itself. */
  reference(usual: Usual, onProgress: (done: number, total: number) => void): Promise<Float32Array>;
  scores(windows: readonly Series[], places: readonly Place[]): Promise<(number | Float32Array)[]>;
  dispose(): Promise<void>;
}

async function byReconstruction(run: Run, window: number): Promise<Scorer> {
  const model = await reconstructor(run);
  const width = Math.max(1, Math.round(SMOOTH * window));
  const scores = async (windows: readonly Series[]) =>
    (await model.errors(windows)).map((errors) => smoothed(errors, width));
  return {
    scores,
    async reference({ series }, onProgress) {
      const own = await scores(series);
      onProgress(series.length, series.length);
      return joinedFloats(own);
    },
    dispose: model.dispose,
  };
}

async function byDistance(run: Run): Promise<Scorer> {
  const model = await embedder(run.encoder, run.params, run.modality);
  let distances: ReturnType<typeof distancesTo> = () => [];
  const embedded = (windows: readonly Series[]) => model.embed(windows.map((one) => run.modality.tensors(one)));
  return {
    async reference(usual, onProgress) {
      const vectors = { data: await embedded(usual.series), rows: usual.series.length, dim: model.dim };
      distances = distancesTo(vectors, usual);
      onProgress(usual.series.length, usual.series.length);
      return Float32Array.from(distancesTo(vectors, { ...usual, isSame: true })(vectors.data, usual.places));
    },
    scores: async (windows, places) => distances(await embedded(windows), places),
    dispose: () => model.dispose(),
  };
}

/** Of every step of all series whether it is labelled as anomalous. */
const labelsOf = (series: readonly ScoredSeries[]): Uint8Array =>
  Buffer.concat(series.map(({ isAnomalous, scores }) => isAnomalous ?? new Uint8Array(scores.length)));

/** All series, as the encoder reads them but for their scale, and which of their steps are labelled as anomalous. */
async function labelledSeries(
  source: Source<Series>,
  { usualLabels = USUAL_LABELS }: Pick<AnomaliesOptions, "usualLabels">,
  settings: SeriesOptions,
) {
  const usual = new Set(usualLabels.map((label) => label.toLowerCase()));
  const all: { name: string; series: Series; isAnomalous?: Uint8Array }[] = [];
  const broken: { name: string; reason: string }[] = [];
  const channels = channelsOf(settings);
  for (let index = 0; index < source.length; index++) {
    const name = source.name(index);
    const whole = await source.read(index).catch((error: unknown) => {
      skipBroken(error);
      broken.push({ name, reason: (error as Error).message });
      return undefined;
    });
    if (!whole) continue;
    const series = resampled(chosen(whole, channels), settings.step);
    const { place, index: own } = placeIn(source, index);
    const { manifest } = sourcesOf(source)[place]!;
    const label = (at: number): string | undefined => {
      const given = source.labels?.[index];
      const whole = given === undefined || given < 0 ? undefined : source.classes?.[given];
      return (isManifest(manifest) ? labelAt(manifest.store, own, at) : undefined) ?? whole;
    };
    const factor = whole.length / series.length;
    const labels = Array.from({ length: series.length }, (_, at) => label(Math.round(at * factor)));
    const isLabelled = labels.some((one) => one !== undefined);
    const isAnomalous = Uint8Array.from(labels, (one) => Number(one !== undefined && !usual.has(one.toLowerCase())));
    all.push({ name, series, ...(isLabelled ? { isAnomalous } : {}) });
  }
  return { all, broken };
}
