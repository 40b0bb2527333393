/**
 * Time by operator of one compiled training step, most first: `npm run bench:profile -- [CASE] [STEPS] [--shapes]`.
 * ONNX Runtime writes the trace (`enableProfiling`); this adds it up.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stepCases } from "./steps/cases.ts";
import { compiledCase } from "./steps/compiled.ts";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { shapes: { type: "boolean" } } });
const [which = "vit", count = "8"] = positionals;
const make = stepCases[which];
if (!make) throw new Error(`no step ${which}; there are ${Object.keys(stepCases).join(", ")}`);
const prefix = `autodidact-profile-${process.pid}`;
const run = await compiledCase(make(), { name: which, profile: join(tmpdir(), prefix) });
const times: number[] = [];
for (let index = 0; index < Number(count); index++) {
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

const sums = new Map<string, { ms: number; calls: number }>();
for (const { cat, name, dur, args } of events) {
  if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
  const operator = args?.op_name ?? "?";
  const key = values.shapes ? `${operator} ${JSON.stringify(args?.output_type_shape)}` : operator;
  const { ms, calls } = sums.get(key) ?? { ms: 0, calls: 0 };
  sums.set(key, { ms: ms + dur / 1000, calls: calls + 1 });
}
const median = times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
console.log(`${which}: median step ${median.toFixed(1)} ms of ${times.map((time) => time.toFixed(0)).join(" ")}`);
for (const [key, { ms, calls }] of [...sums].sort((a, b) => b[1].ms - a[1].ms).slice(0, 40))
  console.log(`${(ms / times.length).toFixed(2).padStart(9)} ms ${String(calls / times.length).padStart(6)} ${key}`);
process.exit(0);
