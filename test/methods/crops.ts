import { type Array, float32, isArray, np, Rng, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import type { Offered } from "../../src/data/ability.ts";
import type { Modality } from "../../src/data/modality.ts";
import type { augment, CropOptions, crop } from "../../src/data/views.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import type { Method, MethodParams } from "../../src/methods/method.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";

/** Images of one value with crops of any side: the requested side can be read from the shape. */
export function cropModality(channels: number, size: number) {
  const asked: (CropOptions & { view: number })[] = [];
  const fill = (value: number, side: number) => {
    const shape = [channels, side, side];
    return { pixels: float32(new Float32Array(channels * side * side).fill(value), shape) };
  };
  type View = { value: number; side: number };
  const viewOf = (sample: unknown): View => {
    if (typeof sample === "number") return { value: sample, side: size };
    if (typeof sample === "object" && sample !== null && "value" in sample && "side" in sample) return sample as View;
    throw new Error("samples of this modality are numbers");
  };
  return {
    asked,
    name: "crops",
    specs: { pixels: { dtype: "float32", shape: [channels, size, size] } },
    tensors: (sample: unknown) => fill(viewOf(sample).value, viewOf(sample).side),
    augment: (sample: unknown, rng: Rng) => ({ value: viewOf(sample).value + rng.uniform(), side: size }),
    crop(sample: unknown, rng: Rng, options: CropOptions, view = 0) {
      asked.push({ ...options, view });
      const unit = size / (options.grid?.[0] ?? size);
      const pixels = unit * Math.max(1, Math.round((options.extent * size) / unit));
      return { value: viewOf(sample).value + rng.uniform(), side: pixels };
    },
    show: () => ({ text: "crop" }),
  } satisfies Modality & Offered<typeof augment | typeof crop> & { asked: (CropOptions & { view: number })[] };
}

function encoderOf(inputs: number, width: number, read: (pixels: Array) => Array): Encoder {
  return {
    name: "linear",
    embedDim: width,
    init: (rng) => ({ weight: rng.normals([width, inputs], 0.5) }),
    apply({ weight }, { pixels }) {
      if (!isArray(weight)) throw new Error("the encoder has a weight");
      return np.matmul(read(pixels!), np.transpose(weight));
    },
    hidden: (_, { pixels }) => pixels!,
    hyperparameters: {},
  };
}

/** A linear layer over all pixels: `[batch, width]`; reads images of `inputs` values only. */
export const linearEncoder = (inputs: number, width: number): Encoder =>
  encoderOf(inputs, width, (pixels) => np.reshape(pixels, [-1, inputs]));

/** A linear layer over the channels' means: reads images of any size. */
export const meanEncoder = (channels: number, width: number): Encoder =>
  encoderOf(channels, width, (pixels) => np.mean(pixels, [2, 3]));

/** A batch of views with normally distributed pixels instead of theirs. */
export const withNormalPixels = <Views extends TreeRecord<Tensor>>(views: Views, rng: Rng): Views =>
  tree.map<Tensor, Tensor>(views, (leaf, path) =>
    path.endsWith("pixels") ? rng.split(path).normals(leaf.shape) : leaf,
  ) as Views;

/** The result of a step: its loss and metrics, and every leaf of the state by path (`params.…`, `memory.…`). */
export interface Left {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly state: ReadonlyMap<string, Tensor>;
}

/** Trains repeatedly on one batch, with the trainer's step. @param options.params instead of the method's initial ones */
export async function descend(
  method: Method,
  batch: TreeRecord<Tensor>,
  options: {
    readonly params?: MethodParams;
    readonly progress: readonly number[];
    readonly learningRate: number;
    readonly optimizer?: "adamw" | "sgd";
    readonly device?: "cpu" | "wasm";
  },
): Promise<Left[]> {
  const { params, progress, learningRate, device = "cpu" } = options;
  const training = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 0, device, threads: 1, beta2: 0.999 };
  const optimizer = optimizerOf({ ...training, optimizer: options.optimizer ?? "sgd" });
  const starting = params ? { ...method, init: () => params } : method;
  const initial = initialState(starting, optimizer, training, new Rng(0));
  const step = await compileStep({ method, optimizer, training, state: initial, batch, name: "descent" });
  const left: Left[] = [];
  let state: DeviceState = initial;
  for (const [index, at] of progress.entries()) {
    const result = await step.run(state, batch, index, { learningRate, progress: at });
    state = result.state;
    const leaves = new Map<string, Tensor>();
    for (const group of ["params", "memory"] as const)
      for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(state[group]))
        leaves.set(`${group}.${path}`, "read" in leaf ? await leaf.read() : leaf);
    left.push({ loss: result.loss, metrics: result.metrics, state: leaves });
  }
  await step.dispose();
  return left;
}

/** Ten equal parts of a training. */
export const tenSteps = globalThis.Array.from({ length: 10 }, (_, index) => index / 10);
