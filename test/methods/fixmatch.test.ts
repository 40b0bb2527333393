import { test } from "node:test";
import { type Array, constant, float32, np, type Rng, type Traced } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { fixmatch } from "../../src/methods/fixmatch.ts";
import { image } from "../../src/modalities/image/index.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../fixtures/torch/reference.ts";

/** Features that are the inputs times a gain: all that FixMatch's arithmetic needs. */
const encoder: Encoder = {
  name: "gain",
  embedDim: 6,
  init: (rng: Rng) => ({ gain: rng.normals([6]) }),
  apply: (params, { x }) => np.multiply(x!, params.gain as Array),
  hidden: (_, { x }) => x!,
  hyperparameters: {},
};
const method = fixmatch.build({
  encoder,
  modality: image.build(image.options.parse({ imageSize: 16, channels: 1 })) as never,
  options: fixmatch.options.parse({ classes: ["a", "b", "c"], threshold: 0.8, unlabelledWeight: 1.5 }),
  samples: 6,
});
const params = {
  encoder: { gain: fill("gain", [6]) },
  head: { weight: fill("head", [3, 6], 2), bias: fill("bias", [3]) },
};
// Rows 0 and 3 have the labels 1 and 2.
const values = Float32Array.from({ length: 18 }, (_, at) => Number(at === 1 || at === 11));
const batch = () => ({
  weak: { x: constant(fill("weak", [6, 6], 2)) },
  strong: { x: constant(fill("strong", [6, 6], 2)) },
  target: { values: constant(float32(values, [6, 3])), weight: constant(float32([1, 0, 0, 1, 0, 0], [6])) },
});
const nothing = { progress: 0 } as never;

test("FixMatch: value and gradients as PyTorch's, on both runtimes", async () => {
  const expected = await torchCase("labels", "fixmatch");
  const loss = (traced: Traced<typeof params>) => method.loss(traced as never, batch() as never, {}, nothing).loss;
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, params, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
  }
});

test("the share of unlabelled samples with a pseudo-label is logged", async () => {
  const sure = await evaluateOne(
    (traced: Traced<typeof params>) => method.loss(traced as never, batch() as never, {}, nothing).metrics!.sure!,
    [params],
  );
  assertMatches(sure, (await torchCase("labels", "sure")).output, "sure");
});
