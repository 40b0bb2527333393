import assert from "node:assert/strict";
import {
  type Array,
  constant,
  np,
  Rng,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../../src/array/index.ts";
import type { Offered } from "../../src/data/index.ts";
import type { map } from "../../src/encoders/abilities.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { inTraining } from "../../src/layers/scope.ts";
import type { Method, MethodParams } from "../../src/methods/method.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { atStart, toyModality } from "./toy.ts";

/** An encoder without parameters: an image is its own feature map, and its vector the mean over pixels, as in `restore.py`. */
export const plainEncoder = (channels: number, size: number): Encoder & Offered<typeof map> => ({
  name: "plain",
  embedDim: channels,
  init: () => ({}),
  apply: (_, { pixels }) => np.mean(pixels!, [2, 3]),
  hidden: (_, { pixels }) => pixels!,
  map: [channels, size, size],
  hyperparameters: {},
});

/** The toy images with levels as in `restore.py`. */
export const plainModality = (size: number) => ({
  ...toyModality(3, size),
  normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] },
});

/** Checks the loss, its gradients and the recorded metrics against PyTorch's, on both runtimes. */
export async function assertLossIsTorchs(
  name: string,
  method: Method,
  batch: TreeRecord<Tensor>,
  memory: TreeRecord<Tensor> = {},
): Promise<ReadonlyMap<string, Tensor>> {
  const { output: expectedLoss, ...expected } = await torchCase("restore", name);
  const inputs = { p: weights(method.init(new Rng(0))) };
  const traced = (host: TreeRecord<Tensor>) => tree.map<Tensor, ReturnType<typeof constant>>(host, constant) as never;
  const forward = ({ p }: Traced<typeof inputs>) =>
    inTraining(undefined, () => method.loss(p, traced(batch), traced(memory), atStart())).result;
  let others: ReadonlyMap<string, Tensor> = new Map();
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      (given: Traced<typeof inputs>) => forward(given).loss,
      inputs,
      device,
    );
    assertMatches(output, expectedLoss, `${name} on ${device}`);
    assertGradients(gradients, expected, 2e-4);
    const rest = await evaluate(
      (given: Traced<typeof inputs>) => {
        const { loss, metrics = {}, memory: after = {} } = forward(given);
        return { loss, metrics, memory: after };
      },
      [inputs],
      device,
    );
    others = new Map(tree.entries<Tensor>(rest));
    for (const [key, summary] of Object.entries(expected)) {
      const metric = others.get(`metrics.${key}`);
      if (metric) assertMatches(metric, summary, `${key} on ${device}`);
    }
  }
  return others;
}

/** The pictures that a method shows of a batch, by name. */
export async function lookAt(
  method: Method,
  params: MethodParams,
  batch: TreeRecord<Tensor>,
): Promise<ReadonlyMap<string, Tensor>> {
  const memory = method.initMemory?.(new Rng(0), params) ?? {};
  const seen = await evaluate(
    (given: { params: Traced<MethodParams>; batch: TreeRecord<Array>; memory: TreeRecord<Array> }) => {
      assert.ok(method.look);
      return method.look(given.params, given.batch, given.memory, atStart());
    },
    [{ params, batch, memory }] as never,
  );
  return new Map(tree.entries<Tensor>(seen));
}
