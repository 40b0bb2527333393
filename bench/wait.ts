/**
 * Does the step wait for its data? Trained by `pretrain` with views, workers and threads as they are by default: the share of
 * the time spent waiting, after the first epoch, in which recordings and clips are decoded.
 *
 *   npm run bench:wait -- [STEPS] [images audio series video] [--json]   # images: $AUTODIDACT_DATA/cifar10 or ../shared/data/cifar10
 *
 * images: SimCLR on the ViT of bench/steps.ts, batches of 32. audio: 512 sounds of 1 s, SimCLR on a ResNet-10. series: 512 of 256
 * steps, TS2Vec. video: 256 clips of 16 frames of 64 × 64, VideoMAE. The presets are `small`. `--json` appends to
 * bench/results/wait.jsonl.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { pretrain } from "../src/training/pretrain.ts";
import { benchArguments } from "./arguments.ts";
import { addLine, root } from "./methods/shared.ts";
import { waitCases } from "./wait/data.ts";

const USAGE = "npm run bench:wait -- [STEPS] [images audio series video] [--json]";
const { words, has } = benchArguments(USAGE);
const chosen = words.filter((word) => !/^\d+$/.test(word));
const steps = Number(words.find((word) => /^\d+$/.test(word)) ?? 60);
const unknown = chosen.find((word) => waitCases.every(({ name }) => name !== word));
if (unknown) {
  console.error(`no case "${unknown}"; usage: ${USAGE}`);
  process.exit(2);
}
/** Batches are small enough that the first epoch ends soon. */
const BATCH = 32;

for (const { name, make } of waitCases) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const folder = await mkdtemp(join(tmpdir(), "autodidact-wait-"));
  try {
    const options = await make(join(folder, "data"));
    if (!options) {
      console.error(`${name}: no data; set AUTODIDACT_DATA`);
      continue;
    }
    const stop = new AbortController();
    let perEpoch = 0;
    let last = 0;
    const isImages = name === "images";
    const run = await pretrain({
      ...options,
      out: join(folder, "run"),
      ...(isImages ? { encoderOptions: { width: 192, depth: 4, heads: 3, patchSize: 4 } } : {}),
      training: { epochs: 1000, batchSize: BATCH, logEvery: 5, checkpointEvery: 1_000_000 },
      signal: stop.signal,
      onProgress({ step, steps: all, epochs }) {
        perEpoch = all / epochs;
        // Images are decoded beforehand; the first row waits for the workers to start.
        last = (isImages ? 10 : perEpoch) + steps;
        if (step >= last) stop.abort();
      },
    });
    const rows = await run.metrics();
    const later = rows.filter(({ step }) => step > last - steps && step <= last);
    const wait = later.reduce((sum, { waitFraction }) => sum + waitFraction, 0) / later.length;
    const first = rows[0]?.waitFraction ?? 0;
    const rate = later.reduce((sum, row) => sum + row.samplesPerSecond, 0) / later.length;
    console.log(
      `${name.padEnd(7)} waits ${(100 * wait).toFixed(2)} % of ${steps} steps (${(100 * first).toFixed(0)} % of the first five), ${rate.toFixed(0)} samples/s`,
    );
    if (has("json"))
      await addLine(`${root}/bench/results/wait.jsonl`, {
        ...{ name, steps, waitFraction: wait, samplesPerSecond: rate, load: loadavg()[0] },
        machine: `${cpus().length} × ${cpus()[0]?.model}`,
      });
  } finally {
    await rm(folder, { recursive: true });
  }
}
process.exit(0);
