/**
 * Time by operator of one compiled training step: `node bench/profile.ts [simclr-resnet|vit] [steps]`.
 * ONNX Runtime writes the trace (`enableProfiling`); this adds it up.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rng, type Tensor, type TreeRecord, tree } from "../src/array/index.ts";
import { resnet } from "../src/encoders/resnet.ts";
import { vit } from "../src/encoders/vit.ts";
import { mae } from "../src/methods/mae.ts";
import { simclr } from "../src/methods/simclr.ts";
import { image } from "../src/modalities/image/index.ts";
import { SettledTraining } from "../src/training/config.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../src/training/step.ts";

const [which = "simclr-resnet", count = "5", batchText = "128"] = process.argv.slice(2);
const modality = image.build(image.options.parse({ imageSize: 28, channels: 1, augmentation: "drawing" }));
const rng = new Rng(0);
const encoder =
  which === "simclr-resnet"
    ? resnet.build(
        resnet.options.parse({
          layers: process.env.LAYERS ?? "10",
          width: Number(process.env.WIDTH ?? 24),
          stem: process.env.STEM ?? "stride2",
        }),
        modality.specs,
      )
    : vit.build(vit.options.parse({ width: 192, depth: 4, heads: 3 }), modality.specs);
const method =
  which === "mae"
    ? mae.build({ encoder, modality, options: mae.options.parse({}) })
    : simclr.build({ encoder, modality, options: simclr.options.parse({}) });
const training = SettledTraining.parse({
  epochs: 1,
  batchSize: Number(batchText),
  learningRate: 1e-3,
  optimizer: "adamw",
  weightDecay: 1e-4,
  warmupEpochs: 0,
  beta2: 0.999,
});
const optimizer = optimizerOf(training);
const state = initialState(method, optimizer, training, rng);
const sample = {
  width: 28,
  height: 28,
  channels: 1,
  data: Uint8Array.from({ length: 784 }, () => rng.integer(0, 255)),
};
const views = method.views(sample, rng, -1);
const batch = tree.map<Tensor, Tensor>(views, (leaf) => {
  const data =
    leaf.data.constructor === Int32Array
      ? new Int32Array(leaf.data.length * training.batchSize)
      : new Float32Array(leaf.data.length * training.batchSize);
  for (let row = 0; row < training.batchSize; row++) data.set(leaf.data, row * leaf.data.length);
  return { dtype: leaf.dtype, shape: [training.batchSize, ...leaf.shape], data };
}) as TreeRecord<Tensor>;
const prefix = join(tmpdir(), `autodidact-profile-${process.pid}`);
const step = await compileStep({ method, optimizer, training, state, batch, name: which, profile: prefix });
let current: DeviceState = state;
const times: number[] = [];
for (let index = 0; index < Number(count); index++) {
  const start = performance.now();
  ({ state: current } = await step.run(current, batch, index, 1e-3, 0));
  times.push(performance.now() - start);
}
await step.dispose();
const file = readdirSync(tmpdir()).find((name) => name.startsWith(`autodidact-profile-${process.pid}`));
if (!file) throw new Error("ONNX Runtime wrote no profile");
const events: { cat: string; dur: number; name: string; args?: { op_name?: string; output_type_shape?: unknown } }[] =
  JSON.parse(readFileSync(join(tmpdir(), file), "utf8"));
rmSync(join(tmpdir(), file));
const byOperator = new Map<string, { ms: number; calls: number }>();
const byNode = new Map<string, { ms: number; shape: string }>();
for (const event of events) {
  if (event.cat !== "Node" || !event.name.endsWith("_kernel_time")) continue;
  const operator = event.args?.op_name ?? "?";
  const sum = byOperator.get(operator) ?? { ms: 0, calls: 0 };
  byOperator.set(operator, { ms: sum.ms + event.dur / 1000, calls: sum.calls + 1 });
  const node = byNode.get(event.name) ?? { ms: 0, shape: "" };
  byNode.set(event.name, { ms: node.ms + event.dur / 1000, shape: JSON.stringify(event.args?.output_type_shape) });
}
console.log(
  `median step ${times.toSorted((a, b) => a - b)[times.length >> 1]?.toFixed(1)} ms of ${times.map((time) => time.toFixed(0)).join(" ")}`,
);
for (const [operator, { ms, calls }] of [...byOperator].sort((a, b) => b[1].ms - a[1].ms).slice(0, 22))
  console.log(
    `${(ms / times.length).toFixed(1).padStart(8)} ms ${String(calls / times.length).padStart(5)} ${operator}`,
  );
for (const [name, { ms, shape }] of [...byNode].sort((a, b) => b[1].ms - a[1].ms).slice(0, 300))
  console.log(`${(ms / times.length).toFixed(1).padStart(8)} ms ${name} ${shape}`);
process.exit(0);
