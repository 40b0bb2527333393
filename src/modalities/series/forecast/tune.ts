import { type Array, float32, np, Rng, type Tensor, tree } from "../../../array/index.ts";
import type { InitialParams } from "../../../encoders/index.ts";
import type { DeviceTensor } from "../../../engine/index.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { Method, MethodParams } from "../../../methods/method.ts";
import { stackViews, toBatch } from "../../../training/data/loader-task.ts";
import { learningRateAt } from "../../../training/schedule.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../../training/step.ts";
import {
  errorsOf,
  frameOf,
  type Head,
  headed,
  inputsOf,
  type Model,
  outputsOf,
  type Place,
  placesOf,
  targetOf,
  type Watch,
} from "./head.ts";
import type { Part } from "./parts.ts";

/** How a whole encoder is trained on forecasts. */
export interface TuneOptions {
  /** Most times that as many windows as `most` are drawn; 20 by default. */
  readonly epochs?: number;
  /** Epochs without a better score on the part to choose on; 3 by default. */
  readonly patience?: number;
  /** Peak of AdamW's learning rate; 1e-4 by default, as in PatchTST's code. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  /** 64 by default. */
  readonly batchSize?: number;
  /** Share of activations that the encoder drops meanwhile; 0.2 by default, as in PatchTST's code. Only of encoders that can. */
  readonly dropout?: number;
}

export const tuneDefaults = {
  epochs: 20,
  patience: 3,
  learningRate: 1e-4,
  weightDecay: 1e-2,
  batchSize: 64,
  dropout: 0.2,
} as const satisfies Required<TuneOptions>;

export interface Tuned {
  readonly params: InitialParams;
  readonly head: Head;
  /** Epochs until the best one, and in all. */
  readonly best: number;
  readonly epochs: number;
}

/** Forecasts as a method that learns from the future of windows. */
function forecasting(model: Model, start: { params: InitialParams; head: Head }) {
  const { reading, horizon } = model;
  const { rows, outputs } = reading;
  return {
    views({ track, end }: Place) {
      const frame = frameOf(track, end, model);
      return {
        inputs: inputsOf(track, end, model),
        scale: float32(frame.scale, [rows, 1]),
        target: float32(targetOf(track, end, horizon, frame), [rows, outputs]),
      };
    },
    init: () => ({ encoder: start.params, head: { weight: start.head.weight, bias: start.head.bias } }),
    loss(
      params: { encoder: Readonly<Record<string, never>>; head: { weight: Array; bias: Array } },
      { inputs, scale, target }: { inputs: Record<string, Array>; scale: Array; target: Array },
    ) {
      const guess = headed(params.head, reading.apply(params.encoder, inputs));
      const error = np.subtract(np.multiply(np.reshape(guess, [-1, rows, outputs]), scale), target);
      return { loss: np.mean(np.square(error)) };
    },
  };
}

/**
 * Trains encoder and head together from where they are, by AdamW; the state with the least squared error on the part to
 * choose on is kept, the start among them. On an interrupt what was best until then.
 * @param learn at least a batch of windows
 * @throws UserError when the loss is not finite
 */
export async function tune(
  model: Model,
  start: { readonly params: InitialParams; readonly head: Head },
  learn: readonly Part[],
  choose: readonly Part[],
  options: Required<TuneOptions> & { readonly seed: number; readonly most: number },
  { signal, onProgress }: Watch = {},
): Promise<Tuned> {
  const { epochs, patience, weightDecay, batchSize, seed, most } = options;
  const samples = placesOf(learn);
  const perEpoch = Math.floor(Math.min(samples.length, most) / batchSize);
  const steps = epochs * perEpoch;
  // The trainer passes a method only trees that the same method made.
  const method = forecasting(model, start) as unknown as Method;
  const training = {
    ...({ optimizer: "adamw", beta2: 0.999, weightDecay, gradientClip: 1, ema: 0, seed, device: "cpu" } as const),
    ...(model.threads === undefined ? {} : { threads: model.threads }),
  };
  const rng = new Rng(seed).split("forecast");
  const optimizer = optimizerOf(training);
  const first = initialState(method, optimizer, training, rng);
  let state: DeviceState = first;
  let order = rng.split("order", 0).permutation(samples.length);
  let [drawn, used] = [0, 0];
  const nextBatch = () => {
    if (used + batchSize > samples.length) {
      drawn++;
      order = rng.split("order", drawn).permutation(samples.length);
      used = 0;
    }
    const chosen = order.subarray(used, used + batchSize);
    used += batchSize;
    const views = [...chosen].map((index) => method.views(samples[index], rng, { index, label: -1 }));
    return toBatch({ leaves: stackViews(views), broken: [] });
  };
  const compiled = await outputsOf(model);
  let step: Awaited<ReturnType<typeof compileStep>> | undefined;
  try {
    const scoreOf = async ({ params, head }: { params: InitialParams; head: Head }) =>
      (await errorsOf(compiled, model, params, head, choose)).mse;
    let best = { ...start, mse: await scoreOf(start), epoch: 0 };
    let epoch = 0;
    while (epoch < epochs && epoch - best.epoch < patience && !signal?.aborted) {
      for (let at = 0; at < perEpoch && !signal?.aborted; at++) {
        const index = epoch * perEpoch + at;
        const batch = nextBatch();
        step ??= await compileStep({ method, optimizer, training, state, batch, name: "forecast" });
        const warmupSteps = Math.ceil(perEpoch / 2);
        const learningRate = learningRateAt(index, { peak: options.learningRate, warmupSteps, steps });
        const result = await step.run(state, batch, index, { learningRate, progress: index / steps });
        state = result.state;
        if (!Number.isFinite(result.loss))
          throw new UserError("the loss is not finite: lower the learning rate (--learning-rate)");
        onProgress?.(index + 1, steps);
      }
      if (signal?.aborted) break;
      epoch++;
      const now = await onHost(state);
      const mse = await scoreOf(now);
      if (mse < best.mse) best = { ...now, mse, epoch };
    }
    return { params: best.params, head: best.head, best: best.epoch, epochs: epoch };
  } finally {
    for (const leaf of tree.leaves<Tensor | DeviceTensor>(state)) if ("dispose" in leaf) leaf.dispose();
    await step?.dispose();
    await compiled.dispose();
  }
}

/** The parameters of a state. */
async function onHost(state: DeviceState): Promise<{ params: InitialParams; head: Head }> {
  const values = await Promise.all(
    tree.leaves(state.params).map(async (leaf) => ("read" in leaf ? leaf.read() : leaf)),
  );
  const { encoder, head } = tree.unflatten(state.params, values) as MethodParams & { head: Head & InitialParams };
  return { params: encoder, head };
}
