/** One side of bench/steps.ts: `node ours.ts CASE STEPS THREADS` prints { ms, mb, start, matmulGflops }. */
import { type Array, np, Rng } from "../../src/array/index.ts";
import { compile } from "../../src/engine/index.ts";
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

// The floor: how fast this machine's ONNX Runtime multiplies large matrices.
const SIDE = 1024;
const square = new Rng(0).normals([SIDE, SIDE]);
const product = await compile((a: Array, b: Array) => ({ c: np.matmul(a, b) }), [square, square], { threads });
let best = Number.POSITIVE_INFINITY;
for (let attempt = 0; attempt < 12; attempt++) {
  const from = performance.now();
  await product.run(square, square);
  best = Math.min(best, performance.now() - from);
}
process.stdout.write(JSON.stringify({ ms, mb, start, matmulGflops: (2 * SIDE ** 3) / best / 1e6 }));
process.exit(0);
