/**
 * What a probe costs while it trains: CPU seconds of one on CIFAR-10, beside those of an epoch.
 *
 *   node bench/probe.ts [method …]      # simclr mae
 *
 * Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10. Preset `small`, batches of 128, one thread, no workers: CPU seconds
 * do not depend on what else the machine does. A line a method on the standard output, as JSON.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { cpus } from "node:os";
import { pretrain } from "../src/training/pretrain.ts";
import { readProbes } from "../src/training/run/metrics.ts";
import { median } from "./median.ts";
import { root, trainData } from "./methods/shared.ts";

if (!existsSync(trainData)) {
  console.log(`no CIFAR-10 at ${trainData}; set AUTODIDACT_DATA`);
  process.exit(0);
}

/** Steps between probes; the first steps allocate. */
const [EVERY, UNTIMED] = [12, 4];
const encoders: Readonly<Record<string, string>> = { mae: "vit" };

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const chosen = process.argv.slice(2);
for (const method of chosen.length > 0 ? chosen : ["simclr", "mae"]) {
  const out = `${root}/bench/work/probe/${method}`;
  await rm(out, { recursive: true, force: true });
  const stop = new AbortController();
  const marks: number[] = [];
  let perEpoch = 0;
  await pretrain({
    ...{ data: trainData, out, method, preset: "small", probe: { every: EVERY }, signal: stop.signal },
    ...(encoders[method] ? { encoder: encoders[method] } : {}),
    training: { epochs: 5, batchSize: 128, workers: 0, threads: 1, logEvery: 1, checkpointEvery: 100_000 },
    onProgress({ step, steps, epochs }) {
      perEpoch = steps / epochs;
      marks[step] = cpuSeconds();
      if (step > 2 * EVERY) stop.abort();
    },
  });
  const secondsOf = (step: number) => marks[step]! - marks[step - 1]!;
  const plain = [...marks.keys()].filter((step) => step > UNTIMED && step % EVERY !== 0);
  const step = median(plain.map(secondsOf));
  const [first, later] = [EVERY, 2 * EVERY].map((at) => secondsOf(at) - step);
  const epoch = perEpoch * step;
  const rounded = (seconds = 0) => Math.round(10 * seconds) / 10;
  console.log(
    JSON.stringify({
      ...{ method, epoch: rounded(epoch), firstProbe: rounded(first), laterProbe: rounded(later) },
      ...{ share: Math.round((1000 * later!) / epoch) / 1000, scores: (await readProbes(out)).at(-1) },
      machine: `${cpus()[0]?.model}, one thread`,
    }),
  );
  await rm(out, { recursive: true, force: true });
}
