/**
 * Does the step wait for its data? The ViT of bench/steps.ts on CIFAR-10 (32 px, batches of 32), trained by `pretrain`
 * with SimCLR's views, workers and threads as they are by default: the share of the time spent waiting.
 *
 *   npm run bench:wait -- [STEPS] [--json]   # $AUTODIDACT_DATA/cifar10 or ../shared/data/cifar10
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pretrain } from "../src/training/pretrain.ts";
import { benchArguments } from "./arguments.ts";
import { cifar } from "./input/cases.ts";

const { words, has } = benchArguments("npm run bench:wait -- [STEPS] [--json]");
const [count = "60"] = words;
if (!existsSync(cifar)) {
  console.error(`no CIFAR-10 at ${cifar}; set AUTODIDACT_DATA`);
  process.exit(0);
}
const folder = await mkdtemp(join(tmpdir(), "autodidact-wait-"));
try {
  const stop = new AbortController();
  const run = await pretrain({
    data: cifar,
    out: join(folder, "run"),
    method: "simclr",
    encoder: "vit",
    encoderOptions: { width: 192, depth: 4, heads: 3, patchSize: 4 },
    training: { epochs: 1, batchSize: 32, logEvery: 10 },
    signal: stop.signal,
    onProgress({ step }) {
      if (step >= Number(count)) stop.abort();
    },
  });
  const rows = await run.metrics();
  // The first row also waits for the workers to start.
  const later = rows.slice(1).filter(({ step }) => step <= Number(count));
  const mean = later.reduce((sum, { waitFraction }) => sum + waitFraction, 0) / later.length;
  if (has("json")) console.log(JSON.stringify({ waitFraction: mean, rows }, null, 2));
  else {
    for (const { step, waitFraction, samplesPerSecond } of rows)
      console.log(
        `step ${String(step).padStart(3)}: waits ${(100 * waitFraction).toFixed(2)} % of the time, ${samplesPerSecond.toFixed(0)} samples/s`,
      );
    console.log(`${(100 * mean).toFixed(2)} % of the time after the first row`);
  }
} finally {
  await rm(folder, { recursive: true });
}
process.exit(0);
