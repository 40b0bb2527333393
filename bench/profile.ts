/**
 * Time by operator of one compiled training step, most first: `npm run bench:profile -- [CASE] [STEPS] [--shapes] [--one-thread]`.
 * ONNX Runtime writes the trace (`enableProfiling`); this adds it up.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchArguments } from "./arguments.ts";
import { median } from "./median.ts";
import { stepCase, stepNames } from "./steps/cases.ts";
import { compiledCase } from "./steps/compiled.ts";

const { words, has } = benchArguments(
  `npm run bench:profile -- [${stepNames.join("|")}] [STEPS] [--shapes] [--one-thread]`,
  ["shapes", "one-thread"],
);
const [which = "vit", countText = "8"] = words;
const count = Number(countText);
/** Steps in which memory is fetched for the first time; their kernels are several times slower. */
const WARM_UP = 2;
const prefix = `autodidact-profile-${process.pid}`;
const run = await compiledCase(stepCase(which), {
  threads: has("one-thread") ? 1 : undefined,
  name: which,
  profile: join(tmpdir(), prefix),
});
const times: number[] = [];
for (let index = 0; index < count + WARM_UP; index++) {
  const from = performance.now();
  await run.step();
  times.push(performance.now() - from);
}
await run.dispose();
const file = readdirSync(tmpdir()).find((name) => name.startsWith(prefix));
if (!file) throw new Error("ONNX Runtime wrote no profile");
const events: { cat: string; dur: number; name: string; args?: { op_name?: string; output_type_shape?: unknown } }[] =
  JSON.parse(readFileSync(join(tmpdir(), file), "utf8"));
rmSync(join(tmpdir(), file));

const kernels = events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"));
const sums = new Map<string, { ms: number; calls: number }>();
for (const { dur, args } of kernels.slice((kernels.length / times.length) * WARM_UP)) {
  const operator = args?.op_name ?? "?";
  const key = has("shapes") ? `${operator} ${JSON.stringify(args?.output_type_shape)}` : operator;
  const { ms, calls } = sums.get(key) ?? { ms: 0, calls: 0 };
  sums.set(key, { ms: ms + dur / 1000, calls: calls + 1 });
}
console.log(
  `${which}: median step ${median(times).toFixed(1)} ms of ${times.map((time) => time.toFixed(0)).join(" ")}`,
);
for (const [key, { ms, calls }] of [...sums].sort((a, b) => b[1].ms - a[1].ms).slice(0, 40))
  console.log(`${(ms / count).toFixed(2).padStart(9)} ms ${String(calls / count).padStart(6)} ${key}`);
process.exit(0);
