import { type Array, np, type Tensor, Zeros } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import type { Modality, TensorRecord } from "../../../data/modality.ts";
import { channelTokens, tokens } from "../../../encoders/abilities.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../../../encoders/index.ts";
import { compile } from "../../../engine/index.ts";
import { batchFor, refuseInfinite, specsOf, stack } from "../../../training/features.ts";
import { cutSeries, rowOf } from "../series.ts";
import type { Part, Track } from "./parts.ts";
import { Errors } from "./scores.ts";

/** A linear layer from what is read of a window to its future: weight `[outputs, dim]`, bias `[outputs]`. */
export interface Head {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/**
 * What a head reads of a window. Of an encoder that reads each channel by itself, a row is a channel: all its tokens, one
 * after the other; its future is in units of the window's deviation, from its mean (RevIN, as in PatchTST). Of any other
 * encoder a window is one row, the future of all channels from their last values: its tokens, or the representation
 * where they are too many.
 */
export interface Reading {
  /** Rows of a window. */
  readonly rows: number;
  /** Values of a row. */
  readonly dim: number;
  /** Outputs of a row. */
  readonly outputs: number;
  readonly isByChannel: boolean;
  /** `[batch × rows, dim]` */
  apply(params: Params, inputs: Inputs): Array;
}

/** Most values of the tokens that a head reads; the normal equations have their square. */
const MOST_VALUES = 4096;
/** Added to the variance of a window. */
const EPSILON = 1e-5;
/** Most values of the rows of a batch. */
const MOST_IN_BATCH = 2 ** 24;

export function readingOf(encoder: Encoder, channels: number, horizon: number): Reading {
  const apart = offerOf(encoder, channelTokens);
  if (apart && apart.count * apart.width <= MOST_VALUES) {
    const dim = apart.count * apart.width;
    const apply = (params: Params, inputs: Inputs) => np.reshape(apart.encode(params, inputs), [-1, dim]);
    return { rows: channels, dim, outputs: horizon, isByChannel: true, apply };
  }
  const whole = { rows: 1, outputs: channels * horizon, isByChannel: false };
  const sequence = offerOf(encoder, tokens);
  const dim = sequence ? (sequence.prefix + sequence.count) * sequence.width : 0;
  if (!sequence || dim > MOST_VALUES)
    return { ...whole, dim: encoder.embedDim, apply: (params, inputs) => encoder.apply(params, inputs) };
  return { ...whole, dim, apply: (params, inputs) => np.reshape(sequence.encode(params, inputs), [-1, dim]) };
}

/** What a model of forecasts is made of. */
export interface Model {
  readonly encoder: Encoder;
  readonly modality: Modality<unknown>;
  readonly reading: Reading;
  readonly window: number;
  readonly horizon: number;
  readonly threads?: number | undefined;
}

/** The scale of a window's rows, and from where their future is counted. */
export interface Frame {
  /** `[rows]` */
  readonly scale: Float32Array;
  /** `[channels]` */
  readonly centre: Float32Array;
}

/** The last values before `end`, `[channels]`. */
export const lastOf = ({ scaled }: Track, end: number): Float32Array =>
  Float32Array.from(scaled.channels, (_, channel) => rowOf(scaled, channel)[end - 1]!);

export function frameOf(track: Track, end: number, { reading, window }: Model): Frame {
  const scale = new Float32Array(reading.rows).fill(1);
  if (!reading.isByChannel) return { scale, centre: lastOf(track, end) };
  const { scaled } = track;
  const centre = Float32Array.from(scaled.channels, (_, channel) => {
    const past = rowOf(scaled, channel).subarray(end - window, end);
    const mean = past.reduce((sum, value) => sum + value, 0) / window;
    scale[channel] = Math.sqrt(past.reduce((sum, value) => sum + (value - mean) ** 2, 0) / window + EPSILON);
    return mean;
  });
  return { scale, centre };
}

/** The future after `end`, less the frame's centre: `[channels × horizon]`, which is `[rows × outputs]`. */
export function targetOf(
  { scaled }: Track,
  end: number,
  horizon: number,
  { centre }: Pick<Frame, "centre">,
): Float32Array {
  const target = new Float32Array(centre.length * horizon);
  centre.forEach((from, channel) => {
    const row = rowOf(scaled, channel);
    for (let ahead = 0; ahead < horizon; ahead++) target[channel * horizon + ahead] = row[end + ahead]! - from;
  });
  return target;
}

export const inputsOf = ({ heard }: Track, end: number, { modality, window }: Model): TensorRecord =>
  modality.tensors(cutSeries(heard, end - window, window));

export const batchOf = ({ modality, encoder, reading }: Model): number =>
  Math.max(1, Math.min(batchFor(modality, encoder), Math.floor(MOST_IN_BATCH / (reading.rows * reading.dim))));

export interface Place {
  readonly track: Track;
  readonly end: number;
}
export const placesOf = (parts: readonly Part[]): Place[] =>
  parts.flatMap(({ track, ends }) => ends.map((end) => ({ track, end })));

export type Watch = {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
};

/** `x · weightᵀ + bias`, `[batch × rows, outputs]`. */
export const headed = ({ weight, bias }: { weight: Array; bias: Array }, x: Array): Array =>
  np.add(np.matmul(x, np.transpose(weight)), bias);

/**
 * Compiles what `heads` heads say of windows.
 * @returns a function that calls `use` with the outputs of each head, `[rows × outputs]` in the frame's scale
 */
export async function outputsOf(model: Model, heads = 1) {
  const { encoder, modality, reading, threads } = model;
  const { rows, dim, outputs } = reading;
  const batch = batchOf(model);
  const all = heads * outputs;
  const apply = (params: Params, head: { weight: Array; bias: Array }, inputs: Inputs) => ({
    values: headed(head, reading.apply(params, inputs)),
  });
  const examples = [
    encoder.init(new Zeros()),
    { weight: { dtype: "float32", shape: [all, dim] }, bias: { dtype: "float32", shape: [all] } },
    specsOf(modality, batch),
  ] as const;
  const program = await compile(apply, examples, { name: `forecast of ${encoder.name}`, threads });
  return {
    async each(
      params: InitialParams,
      head: Head,
      places: readonly Place[],
      use: (place: Place, frame: Frame, guesses: readonly Float32Array[]) => void,
      { signal, onProgress }: Watch = {},
    ): Promise<void> {
      for (let start = 0; start < places.length; start += batch) {
        signal?.throwIfAborted();
        const some = places.slice(start, start + batch);
        const inputs = stack(
          some.map(({ track, end }) => inputsOf(track, end, model)),
          batch,
        );
        const { values } = await program.run(params, { ...head }, inputs);
        const { data } = await values.read();
        values.dispose();
        refuseInfinite(data.subarray(0, some.length * rows * all) as Float32Array, `encoder ${encoder.name}`);
        some.forEach((place, at) => {
          const frame = frameOf(place.track, place.end, model);
          const guesses = globalThis.Array.from({ length: heads }, (_, which) => {
            const guess = new Float32Array(rows * outputs);
            for (let row = 0; row < rows; row++)
              for (let output = 0; output < outputs; output++)
                guess[row * outputs + output] =
                  frame.scale[row]! * data[((at * rows + row) * heads + which) * outputs + output]!;
            return guess;
          });
          use(place, frame, guesses);
        });
        onProgress?.(start + some.length, places.length);
      }
    },
    dispose: () => program.dispose(),
  };
}

/** Errors of a head on windows. */
export async function errorsOf(
  compiled: Awaited<ReturnType<typeof outputsOf>>,
  model: Model,
  params: InitialParams,
  head: Head,
  parts: readonly Part[],
  watch?: Watch,
): Promise<Errors> {
  const errors = new Errors();
  await compiled.each(
    params,
    head,
    placesOf(parts),
    ({ track, end }, frame, [guess]) => errors.add(targetOf(track, end, model.horizon, frame), guess!),
    watch,
  );
  return errors;
}
