/** One side of bench/steps.ts: the ViT training step, AdamW included. Prints { ms, mb, matmulGflops }. */
import { type Array, filled, np, Rng, type Tensor } from "../src/array/index.ts";
import { compile } from "../src/engine/index.ts";
import { layerNorm } from "../src/layers/layer-norm.ts";
import { linear } from "../src/layers/linear.ts";
import { transformerBlock } from "../src/layers/transformer.ts";
import type { Method } from "../src/methods/index.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../src/training/step.ts";

const [steps = 10, threads = 2] = process.argv.slice(2).map(Number);
const [B, T, D, HEADS, DEPTH, P] = [32, 64, 192, 3, 4, 48];
const patch = linear(P, D);
const blocks = globalThis.Array.from({ length: DEPTH }, () =>
  transformerBlock({ width: D, heads: HEADS, mlpRatio: 4 }),
);
const norm = layerNorm(D);
const head = linear(D, P);
const init = (rng: Rng) => ({
  encoder: {
    patch: patch.init(rng.split("patch")),
    positions: rng.truncatedNormal([T, D]),
    blocks: blocks.map((block, index) => block.init(rng.split(index))),
    norm: norm.init(),
  },
  head: head.init(rng.split("head")),
});
type Batch = { x: Tensor; y: Tensor };
const method: Method<Batch, ReturnType<typeof init>> = {
  views: () => ({ x: filled([T, P], 0), y: filled([T, P], 0) }),
  init,
  loss({ encoder, head: last }, { x, y }) {
    const embedded = np.add(patch.apply(encoder.patch, x), encoder.positions);
    const encoded = blocks.reduce((tokens, block, index) => block.apply(encoder.blocks[index]!, tokens), embedded);
    return { loss: np.mean(np.square(np.subtract(head.apply(last, norm.apply(encoder.norm, encoded)), y))) };
  },
};
const rng = new Rng(0);
const training = {
  weightDecay: 0.05,
  gradientClip: 0,
  ema: 0,
  seed: 0,
  device: "cpu" as const,
  threads,
  optimizer: "adamw" as const,
  beta2: 0.999,
};
const optimizer = optimizerOf(training);
// The trainer sees every method through the same type.
const erased = method as unknown as Method;
const initial = initialState(erased, optimizer, training, rng);
const batch = { x: rng.normals([B, T, P]), y: rng.normals([B, T, P]) };
const step = await compileStep({ method: erased, optimizer, training, state: initial, batch, name: "vit step" });
let state: DeviceState = initial;
const ms: number[] = [];
for (let index = 0; index < steps + 2; index++) {
  const start = performance.now();
  ({ state } = await step.run(state, batch, index, 1e-3, 0));
  if (index >= 2) ms.push(performance.now() - start);
}
const mb = process.resourceUsage().maxRSS / 1024;
await step.dispose();

// The floor: how fast this machine's ONNX Runtime multiplies large matrices.
const SIDE = 1024;
const square = rng.normals([SIDE, SIDE]);
const product = await compile((a: Array, b: Array) => ({ c: np.matmul(a, b) }), [square, square], { threads });
let best = Number.POSITIVE_INFINITY;
for (let attempt = 0; attempt < 12; attempt++) {
  const start = performance.now();
  await product.run(square, square);
  best = Math.min(best, performance.now() - start);
}
process.stdout.write(JSON.stringify({ ms, mb, matmulGflops: (2 * SIDE ** 3) / best / 1e6 }));
process.exit(0);
