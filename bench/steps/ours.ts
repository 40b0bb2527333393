/** One side of bench/steps.ts (with one thread in CPU time): `node ours.ts CASE STEPS THREADS` prints { ms, mb, start, matmulGflops, overFloor }. */
import { type Array, np, Rng } from "../../src/array/index.ts";
import { compile } from "../../src/engine/index.ts";
import { median } from "../median.ts";
import { stepCase } from "./cases.ts";
import { compiledCase } from "./compiled.ts";

const [which = "vit", stepText = "10", threadText = "2"] = process.argv.slice(2);
const threads = Number(threadText);
const begun = performance.now();
const chosen = stepCase(which);
const run = await compiledCase(chosen, { threads, name: which });
const start = performance.now() - begun;
const clock = (): number => {
  if (threads > 1) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = clock();
  await work();
  return clock() - from;
};
const ms: number[] = [];
for (let index = 0; index < Number(stepText) + 2; index++) {
  const time = (await timed(run.step)) / ("updates" in chosen ? chosen.updates : 1);
  if (index >= 2) ms.push(time);
}
const mb = process.resourceUsage().maxRSS / 1024;

// The floor: how fast this machine's ONNX Runtime multiplies large matrices, one product after the other as in a step. At
// once after the steps, because what a shared machine gives changes; not in turn with them, because two sessions' waiting
// threads would be in each other's way.
await run.dispose();
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
  const rate = (PRODUCTS * 2 * SIDE ** 3) / (await timed(() => products.run(square, square)));
  if (index >= 2) rates.push(rate);
}
const [rate, step] = [median(rates), median(ms)];
process.stdout.write(
  JSON.stringify({ ms, mb, start, matmulGflops: rate / 1e6, overFloor: (step * rate) / chosen.flops }),
);
process.exit(0);
