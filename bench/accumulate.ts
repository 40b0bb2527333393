/**
 * What accumulating gradients costs and saves: one step of a case's batch at once, and in 2, 4 and 8 parts; processor time of a
 * step on one thread (median) and the most memory that the process held. Each in a process of its own.
 *
 *   npm run bench:accumulate -- [vit|mae|text|resnet|audio] [STEPS] [--json]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { allocate, Rng, type Tensor, type TreeRecord, tree } from "../src/array/index.ts";
import { compileAccumulatedStep } from "../src/training/accumulated-step.ts";
import { release } from "../src/training/memory.ts";
import { settleMemory } from "../src/training/settle-memory.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../src/training/step.ts";
import { benchArguments } from "./arguments.ts";
import { median } from "./median.ts";
import { stepCase, stepNames } from "./steps/cases.ts";

const PARTS = [1, 2, 4, 8];
const WARM = 2;

interface Row {
  readonly parts: number;
  readonly ms: number;
  readonly mb: number;
}

const { words, has } = benchArguments(`npm run bench:accumulate -- [${stepNames.join("|")}] [STEPS] [--json]`);
const [name = "mae", count = "8", part] = words;
if (part !== undefined) process.stdout.write(JSON.stringify(await measured(Number(part))));
else {
  const rows = PARTS.map((parts): Row => {
    const self = fileURLToPath(import.meta.url);
    const { stdout, stderr, status } = spawnSync(process.execPath, [
      ...process.execArgv,
      self,
      name,
      count,
      `${parts}`,
    ]);
    if (status !== 0) throw new Error(String(stderr));
    return JSON.parse(String(stdout));
  });
  if (has("json")) console.log(JSON.stringify({ name, rows }, null, 2));
  else
    for (const { parts, ms, mb } of rows)
      console.log(
        `${name} in ${parts} part${parts > 1 ? "s" : ""}: ${ms.toFixed(0)} ms (${(ms / rows[0]!.ms).toFixed(2)} times), ${mb.toFixed(0)} MB`,
      );
}
process.exit(0);

/** Rows `[from, to)` of every leaf. */
function rowsOf(batch: TreeRecord<Tensor>, from: number, to: number): TreeRecord<Tensor> {
  return tree.map<Tensor, Tensor>(batch, ({ dtype, shape: [rows = 1, ...rest], data }) => {
    const each = data.length / rows;
    const own = allocate(dtype, (to - from) * each);
    own.set(data.subarray(from * each, to * each));
    return { dtype, shape: [to - from, ...rest], data: own };
  }) as TreeRecord<Tensor>;
}

async function measured(parts: number): Promise<Row> {
  const chosen = stepCase(name);
  if ("start" in chosen) throw new Error(`${name} compiles itself; choose a case with batches`);
  const { method, batchSize } = chosen;
  const rng = new Rng(0);
  const training = {
    ...({ optimizer: "adamw", beta2: 0.999, weightDecay: 0.05, gradientClip: 0, ema: 0 } as const),
    ...({ seed: 0, device: "cpu", threads: 1 } as const),
  };
  const optimizer = optimizerOf(training);
  const initial = initialState(method, optimizer, training, rng.split("state"));
  const whole = chosen.batch(rng.split("batch"));
  const size = batchSize / parts;
  const all = Array.from({ length: parts }, (_, at) => rowsOf(whole, at * size, (at + 1) * size));
  const options = { method, optimizer, training, state: initial, batch: all[0]!, name };
  const step = await (parts > 1 ? compileAccumulatedStep(options, parts) : compileStep(options));
  settleMemory(initial);
  let state: DeviceState = initial;
  const times: number[] = [];
  for (let index = 0; index < Number(count) + WARM; index++) {
    const [first, ...others] = all;
    const from = process.cpuUsage();
    const result = await step.run(
      state,
      first!,
      index,
      { learningRate: 1e-3, progress: 0 },
      false,
      async () => others.shift()!,
    );
    const { user, system } = process.cpuUsage(from);
    if (index >= WARM) times.push((user + system) / 1000);
    release(state.optimizer);
    state = result.state;
  }
  await step.dispose();
  return { parts, ms: median(times), mb: process.resourceUsage().maxRSS / 1024 };
}
