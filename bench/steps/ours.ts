/** One side of bench/steps.ts: `node ours.ts CASE STEPS THREADS` prints { ms, mb, start, matmulGflops }. */
import { type Array, np, Rng } from "../../src/array/index.ts";
import { compile } from "../../src/engine/index.ts";
import { median } from "../median.ts";
import { stepCase } from "./cases.ts";
import { compiledCase } from "./compiled.ts";

const [which = "vit", stepText = "10", threadText = "2"] = process.argv.slice(2);
const threads = Number(threadText);
const begun = performance.now();
const run = await compiledCase(stepCase(which), { threads, name: which });
const start = performance.now() - begun;
const ms: number[] = [];
for (let index = 0; index < Number(stepText) + 2; index++) {
  const from = performance.now();
  await run.step();
  if (index >= 2) ms.push(performance.now() - from);
}
const mb = process.resourceUsage().maxRSS / 1024;
await run.dispose();

// The floor: how fast this machine's ONNX Runtime multiplies large matrices, one product after the other as in a step.
const [SIDE, PRODUCTS] = [1024, 8];
const square = new Rng(0).normals([SIDE, SIDE]);
const chain = (a: Array, b: Array) => {
  let product = a;
  for (let index = 0; index < PRODUCTS; index++) product = np.matmul(product, b);
  return { sum: np.sum(product) };
};
const products = await compile(chain, [square, square], { threads });
const rates: number[] = [];
for (let index = 0; index < 14; index++) {
  const from = performance.now();
  await products.run(square, square);
  const rate = (PRODUCTS * 2 * SIDE ** 3) / (performance.now() - from) / 1e6;
  if (index >= 2) rates.push(rate);
}
process.stdout.write(JSON.stringify({ ms, mb, start, matmulGflops: median(rates) }));
process.exit(0);
