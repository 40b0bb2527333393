/**
 * Is memory flat? One step case run for 1,000 steps, the process's memory after every hundred.
 *
 *   npm run bench:memory -- [vit|mae|text|resnet|audio] [STEPS] [--json]
 *
 * Exit code 1 when more than 5 % is held at the end than after the first two tenths.
 */
import { benchArguments } from "./arguments.ts";
import { stepCase, stepNames } from "./steps/cases.ts";
import { compiledCase } from "./steps/compiled.ts";

const { words, has } = benchArguments(`npm run bench:memory -- [${stepNames.join("|")}] [STEPS] [--json]`);
const [name = "vit", count = "1000"] = words;
const every = Math.max(1, Math.round(Number(count) / 10));
const run = await compiledCase(stepCase(name), { name });
const rows: { step: number; rss_mb: number; heap_mb: number; external_mb: number; ms: number }[] = [];
let from = performance.now();
for (let step = 1; step <= 10 * every; step++) {
  await run.step();
  if (step % every > 0) continue;
  const { rss, heapUsed, external } = process.memoryUsage();
  const mb = (bytes: number) => bytes / 2 ** 20;
  const row = {
    step,
    rss_mb: mb(rss),
    heap_mb: mb(heapUsed),
    external_mb: mb(external),
    ms: (performance.now() - from) / every,
  };
  rows.push(row);
  if (!has("json"))
    console.log(
      `${name} step ${String(step).padStart(5)}: ${row.rss_mb.toFixed(0)} MB resident (JavaScript ${row.heap_mb.toFixed(0)} MB, arrays ${row.external_mb.toFixed(0)} MB), ${row.ms.toFixed(0)} ms a step`,
    );
  from = performance.now();
}
await run.dispose();
const growth = rows.at(-1)!.rss_mb / rows[1]!.rss_mb - 1;
if (has("json")) console.log(JSON.stringify({ name, growth, rows }, null, 2));
else console.log(`${(100 * growth).toFixed(1)} % more at the end than after ${2 * every} steps`);
process.exit(growth <= 0.05 ? 0 : 1);
