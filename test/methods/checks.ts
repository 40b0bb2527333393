import assert from "node:assert/strict";
import {
  type Array,
  constant,
  Rng,
  scalar,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import type { Method } from "../../src/methods/index.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { atStart, noEntry, stack, toyModality } from "./toy.ts";

/** Two images of 16 × 16 pixels, as `masked.py` has them. */
export const images = () => ({ pixels: fill("pixels", [2, 3, 16, 16]) });
export const modality = toyModality(3, 16);

/** The ViT of `masked.py`: width 8, two blocks, two heads, 4 × 4 patches. */
export const tinyVit = (pooling: "mean" | "class", positions: "sincos" | "learned" = "sincos") =>
  vit.build(
    vit.options.parse({ width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4, pooling, positions }),
    modality.specs,
  );

const traced = (batch: TreeRecord<Tensor>) =>
  tree.map<Tensor, Array>(batch, (leaf) => constant(leaf)) as TreeRecord<Array>;

/**
 * Checks a method's loss, metrics and gradients against a case of masked.json, on both runtimes.
 * @param options.file another file
 * @param options.memory what differs from `weights` of the method's memory
 */
export async function assertIsTorchs(
  method: Method,
  name: string,
  batch: TreeRecord<Tensor>,
  options: {
    file?:
      | "captions"
      | "collision"
      | "experience"
      | "grasp"
      | "masked"
      | "node-losses"
      | "node-methods"
      | "rows"
      | "speech";
    memory?: TreeRecord<Tensor>;
  } = {},
): Promise<void> {
  const expected = await torchCase(options.file ?? "masked", name);
  const params = method.init(new Rng(0));
  const inputs = { p: weights(params) };
  const memory = { ...weights(method.initMemory?.(new Rng(0), params) ?? {}, "t"), ...options.memory };
  const step = ({ p }: Traced<typeof inputs>) => method.loss(p, traced(batch), traced(memory), atStart());
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      (given: Traced<typeof inputs>) => step(given).loss,
      inputs,
      device,
    );
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
    const metrics = Object.keys(expected).filter((key) => key !== "output" && !key.startsWith("gradient "));
    for (const key of metrics) {
      const metric = ({ p }: Traced<typeof inputs>) => step({ p }).metrics![key]!;
      assertMatches(await evaluateOne(metric, [inputs], device), expected[key], `${key} on ${device}`);
    }
  }
}

/** Checks that no gradient reaches the memory: the teacher, the tokenizer. */
export async function assertMemoryIsFixed(method: Method, batch: TreeRecord<Tensor>): Promise<void> {
  const params = weights(method.init(new Rng(0)));
  const inputs = { t: weights(method.initMemory?.(new Rng(0), params) ?? {}, "t") };
  const { gradients } = await outputAndGradients(
    ({ t }: Traced<typeof inputs>) =>
      method.loss(traced(params) as never, traced(batch), t as TreeRecord<Array>, atStart()).loss,
    inputs,
  );
  assert.ok(gradients.size > 0);
  for (const [path, { data }] of gradients)
    assert.ok(
      data.every((value) => value === 0),
      path,
    );
}

type Settings = Parameters<typeof compileStep>[0]["training"] & Parameters<typeof optimizerOf>[0];

/** AdamW steps of the compiled training step on one batch: the loss of each, and the state after them. */
export async function takeSteps(
  method: Method,
  batch: TreeRecord<Tensor>,
  { steps, learningRate, ...settings }: { steps: number; learningRate: number } & Partial<Settings>,
): Promise<{ losses: number[]; metrics: Readonly<Record<string, number>>[]; state: DeviceState }> {
  const usual: Settings = {
    ...{ optimizer: "adamw" as const, beta2: 0.999, weightDecay: 0, gradientClip: 0, ema: 0, seed: 0 },
    device: "cpu",
  };
  const training = { ...usual, ...settings };
  const optimizer = optimizerOf(training);
  let state: DeviceState = initialState(method, optimizer, training, new Rng(0));
  const step = await compileStep({ method, optimizer, training, state, batch, name: `${steps} steps` });
  const [losses, metrics]: [number[], Readonly<Record<string, number>>[]] = [[], []];
  for (let index = 0; index < steps; index++) {
    const result = await step.run(state, batch, index, { learningRate, progress: index / steps });
    losses.push(result.loss);
    metrics.push(result.metrics);
    state = result.state;
  }
  await step.dispose();
  return { losses, metrics, state };
}

/** Ten steps of the compiled training step on one batch lower the loss; returns the state after them. */
export async function assertLearns(method: Method, learningRate = 0.01): Promise<DeviceState> {
  const batch = { ...stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry))) };
  // The toy modality's images are of one colour; these are not.
  const varied = tree.map<Tensor, Tensor>(batch, (leaf, path) =>
    path.endsWith("pixels") ? fill(path, leaf.shape) : leaf,
  ) as TreeRecord<Tensor>;
  const { losses, state } = await takeSteps(method, varied, { steps: 10, learningRate });
  assert.ok(losses.at(-1)! < 0.95 * losses[0]!, `losses ${losses}`);
  return state;
}

/** What the method shows of a batch. */
export const look = async (method: Method, batch: TreeRecord<Tensor>): Promise<Record<string, Tensor>> => {
  const params = weights(method.init(new Rng(0)));
  const memory = method.initMemory?.(new Rng(0), params) ?? {};
  const shown = await evaluate(
    (p: Traced<typeof params>, b: TreeRecord<Array>, m: TreeRecord<Array>, progress: Array) => ({
      ...method.look?.(p, b, m, { progress }),
    }),
    [params, batch, memory, scalar(0)] as const,
  );
  return Object.fromEntries(tree.entries<Tensor>(shown));
};

/** Values of one patch of an image, of `[batch, 3, 16, 16]`, patches of 4 × 4 pixels. */
export function patchOf({ data }: Tensor, image: number, place: number): number[] {
  const [top, left] = [4 * Math.floor(place / 4), 4 * (place % 4)];
  return globalThis.Array.from({ length: 48 }, (_, at) => {
    const [row, column, channel] = [Math.floor(at / 12), Math.floor(at / 3) % 4, at % 3];
    return data[((image * 3 + channel) * 16 + top + row) * 16 + left + column]!;
  });
}
