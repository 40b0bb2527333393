import * as z from "zod";
import { tree, Zeros } from "../../../array/index.ts";
import type { Paths } from "../../../data/paths/joined.ts";
import type { TableOptions } from "../../../data/source.ts";
import type { InitialParams } from "../../../encoders/index.ts";
import { UserError } from "../../../foundation/errors.ts";
import { parseJson } from "../../../foundation/json.ts";
import { replaceOutput } from "../../../foundation/outputs.ts";
import { readSafetensors, writeSafetensors } from "../../../interop/safetensors.ts";
import { RunConfig } from "../../../training/run/config.ts";
import { buildParts, type Run } from "../../../training/run/run.ts";
import { withSeries } from "../open.ts";
import { SeriesOptions } from "../options.ts";
import { preparation } from "../prepare.ts";
import { rowOf } from "../series.ts";
import { type Head, type Model, outputsOf, readingOf } from "./head.ts";
import { type Track, tracksOf } from "./parts.ts";
import type { ForecastScore } from "./scores.ts";

/** An encoder with a head for one horizon. */
export interface Forecaster {
  readonly run: Pick<Run, "encoder" | "modality"> & {
    readonly config: Pick<RunConfig, "modality" | "encoder" | "method">;
  };
  readonly horizon: number;
  readonly params: InitialParams;
  readonly head: Head;
  /** Its row in the table. */
  readonly score: ForecastScore;
  /** Whether its encoder began as the run's, not as random weights. */
  readonly isPretrained: boolean;
}

/** Key of what else is in the file. */
const KEY = "autodidact.forecaster";
const Kept = z.object({
  version: z.literal(1),
  horizon: z.int().min(1).max(1_000_000),
  score: z.object({ name: z.string(), mse: z.number(), mae: z.number() }),
  config: RunConfig.pick({ modality: true, encoder: true, method: true }),
});

/** Writes a forecaster as one safetensors file, with all that it needs but the data. @throws UserError when it cannot be written */
export async function saveForecaster(file: string, { run, horizon, params, head, score }: Forecaster): Promise<void> {
  const { modality, encoder, method } = run.config;
  const kept = { version: 1, horizon, score, config: { modality, encoder, method } };
  const tensors = [
    ...tree.entries({ encoder: params }),
    ["head.weight", head.weight] as const,
    ["head.bias", head.bias] as const,
  ];
  await replaceOutput(file, (temporary) => writeSafetensors(temporary, tensors, { [KEY]: JSON.stringify(kept) }));
}

/** @throws UserError when the file is missing, damaged, or no forecaster */
export async function openForecaster(file: string): Promise<Omit<Forecaster, "isPretrained">> {
  const { tensors, metadata } = await readSafetensors(file);
  const text = metadata[KEY];
  if (text === undefined)
    throw new UserError(`${file}: not a forecaster; make one with autodidact series forecast --out`);
  const kept = Kept.safeParse(parseJson(text, file));
  if (!kept.success) throw new UserError(`${file}: a forecaster of another version, or damaged`);
  const { horizon, score, config } = kept.data;
  const parts = await buildParts(config);
  const found = new Map(tensors);
  const at = (name: string, shape: readonly number[]) => {
    const tensor = found.get(name);
    if (tensor?.dtype !== "float32" || tensor.shape.join() !== shape.join())
      throw new UserError(`${file}: damaged: ${name} is missing or of another shape`);
    return tensor;
  };
  const initial = parts.encoder.init(new Zeros());
  const params = Object.fromEntries(
    Object.entries(initial).map(([key, part]) => [
      key,
      tree.map(part, ({ shape }, path) => at(`encoder.${[key, path].filter(Boolean).join(".")}`, shape)),
    ]),
  );
  const { channels } = preparation(SeriesOptions.parse(parts.modalityOptions), config.modality.files);
  const { outputs, dim } = readingOf(parts.encoder, channels.length, horizon);
  const head = { weight: at("head.weight", [outputs, dim]), bias: at("head.bias", [outputs]) };
  return { run: { ...parts, config }, horizon, params, head, score };
}

/** How a series goes on, in its own units. */
export interface Prediction {
  readonly name: string;
  readonly channels: readonly string[];
  /** The step that is forecast first, from the beginning of the series. */
  readonly from: number;
  /** Time of a step, where it is known. */
  readonly step?: number | undefined;
  /** `[channels][horizon]` */
  readonly values: readonly (readonly number[])[];
  /** What came, of the steps that the data have: `[channels][up to horizon]`, NaN where missing. */
  readonly truth: readonly (readonly number[])[];
  /** The window before, `[channels][window]`, NaN where missing. */
  readonly past: readonly (readonly number[])[];
}

export interface PredictOptions extends TableOptions {
  readonly forecaster: Pick<Forecaster, "run" | "horizon" | "params" | "head">;
  readonly data: Paths;
  /** The step from which on to forecast, as if the data ended there; by default after the last. */
  readonly at?: number;
  readonly threads?: number;
  /** Told of series that cannot be read. */
  readonly onNote?: (note: string) => void;
}

/**
 * How every series of the data goes on.
 * @throws UserError when a series is shorter than the window, or none can be read
 *
 * @example
 * const forecaster = await openForecaster("models/next-four-days.safetensors");
 * const [next] = await predictNext({ forecaster, data: "ETTh1.csv" });
 * console.log(next.channels, next.values);
 */
export async function predictNext(options: PredictOptions): Promise<Prediction[]> {
  const { forecaster, data, threads } = options;
  const { run, horizon, params, head } = forecaster;
  const settled = SeriesOptions.parse(run.config.modality.options);
  const prepared = preparation(settled, run.config.modality.files);
  const { window, channels } = prepared;
  const tracks = await withSeries(data, options, (source) =>
    tracksOf(source, prepared, settled.step, 1, options.onNote),
  );
  const places = tracks.map((track) => ({ track, end: endOf(track, window, options.at) }));
  const reading = readingOf(run.encoder, channels.length, horizon);
  const model: Model = { encoder: run.encoder, modality: run.modality, reading, window, horizon, threads };
  const compiled = await outputsOf(model);
  const results: Prediction[] = [];
  try {
    await compiled.each(params, head, places, ({ track, end }, { centre }, [guess = new Float32Array()]) => {
      const { raw, mean, std, name } = track;
      const part = (channel: number, from: number, to: number) => [...rowOf(raw, channel).subarray(from, to)];
      results.push({
        ...{ name, channels, from: end, step: raw.step },
        values: channels.map((_, channel) =>
          Array.from(
            guess.subarray(channel * horizon, (channel + 1) * horizon),
            (value) => (value + centre[channel]!) * std[channel]! + mean[channel]!,
          ),
        ),
        truth: channels.map((_, channel) => part(channel, end, end + horizon)),
        past: channels.map((_, channel) => part(channel, end - window, end)),
      });
    });
  } finally {
    await compiled.dispose();
  }
  return results;
}

function endOf({ name, raw }: Track, window: number, at = raw.length): number {
  if (raw.length < window)
    throw new UserError(`${name}: ${raw.length} steps, fewer than the window of ${window} that the encoder reads`);
  if (at < window || at > raw.length)
    throw new UserError(
      `${name}: cannot forecast from step ${at}; the window needs ${window} steps before it, and there are ${raw.length}`,
    );
  return at;
}
