/** What a tab would train with: `bundle.test.ts` bundles this file, and runs it beside the same file in Node. */
import { env } from "#onnxruntime";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { mae } from "../../src/methods/mae.ts";
import { simclr } from "../../src/methods/simclr.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import { noEntry, stack, toyModality } from "../methods/toy.ts";

const modality = toyModality(3, 16);
const encoders = {
  resnet: resnet.build(resnet.options.parse({ layers: "10", width: 4 }), modality.specs),
  vit: vit.build(vit.options.parse({ width: 24, depth: 2, heads: 3, patchSize: 4 }), modality.specs),
};
const decoder = { decoderWidth: 16, decoderDepth: 1, decoderHeads: 2 };
const steps = {
  simclr: simclr.build({ encoder: encoders.resnet, modality, options: simclr.options.parse({}), samples: 8 }),
  mae: mae.build({ encoder: encoders.vit, modality, options: mae.options.parse(decoder), samples: 8 }),
};
export const trainable = ["simclr", "mae"] as const;

/** Losses of three steps of AdamW on one batch. */
export async function losses(name: (typeof trainable)[number]): Promise<number[]> {
  const method = steps[name];
  const training = {
    optimizer: "adamw",
    beta2: 0.999,
    weightDecay: 0.05,
    gradientClip: 1,
    ema: 0,
    seed: 0,
    device: "cpu",
  } as const;
  const optimizer = optimizerOf(training);
  const noise = new Rng(1);
  // The toy's images are of one colour each; these are not.
  const batch = tree.map<Tensor, Tensor>(
    stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry))),
    (leaf, path) => (path.endsWith("pixels") ? noise.split(path).normals(leaf.shape) : leaf),
  );
  let state: DeviceState = initialState(method, optimizer, training, new Rng(0));
  const step = await compileStep({ method, optimizer, training, state, batch, name });
  const found: number[] = [];
  for (let index = 0; index < 3; index++) {
    const result = await step.run(state, batch, index, { learningRate: 0.003, progress: index / 3 });
    state = result.state;
    found.push(result.loss);
  }
  await step.dispose();
  return found;
}

/** Before the first step in a browser: the bytes that a page would fetch. */
export function startRuntime(wasm: Uint8Array): void {
  env.wasm.wasmBinary = wasm;
  env.wasm.numThreads = 1;
}
