/**
 * The training steps of bench:steps on another device, beside the CPU: do the losses agree, and how much faster is it?
 *
 *   npm run bench:device -- webgpu|cuda|coreml|dml [--json] [CASE …]
 *
 * Exit code 1 when a loss differs by more than 1 part in 1,000 within the first ten steps.
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { type Array, np, scalar } from "../src/array/index.ts";
import { compile, type Device, devices } from "../src/engine/index.ts";
import { UserError } from "../src/foundation/errors.ts";
import { benchArguments } from "./arguments.ts";
import { median } from "./median.ts";
import { stepCase, stepNames } from "./steps/cases.ts";
import { compiledCase } from "./steps/compiled.ts";

const STEPS = 10;
const TOLERANCE = 1e-3;

const { words, has } = benchArguments(
  `npm run bench:device -- ${devices.filter((name) => name !== "cpu").join("|")} [--json] [${stepNames.join(" ")}]`,
);
const [wanted = "webgpu", ...names] = words;
const device = devices.find((known) => known === wanted);
if (!device) {
  console.error(`no device "${wanted}"; there are ${devices.join(", ")}`);
  process.exit(2);
}
const chosen = (names.length > 0 ? names : stepNames).map((name) => ({ name, stepCase: stepCase(name) }));

// Whether the device is there is said before the CPU has spent minutes on its side.
await compile((x: Array) => ({ y: np.add(x, 1) }), [scalar(0)], { device }).then(
  (program) => program.dispose(),
  (error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exit(2);
  },
);

/** The name of the card, where the machine tells it. */
function cardName(): string {
  try {
    return execFileSync("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], { encoding: "utf8" }).trim();
  } catch {
    return "unnamed";
  }
}

async function measure({ name, stepCase }: (typeof chosen)[number], on: Device) {
  const run = await compiledCase(stepCase, { name, device: on });
  const losses: number[] = [];
  const ms: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const from = performance.now();
    losses.push(await run.step());
    ms.push(performance.now() - from);
  }
  await run.dispose();
  return { losses, ms: median(ms) };
}

const card = cardName();
if (!has("json")) {
  console.log(`${device} (${card}) beside cpu (${cpus().length} × ${cpus()[0]?.model}), medians of ${STEPS} steps`);
  console.log("step        cpu ms   device ms   ratio   largest difference of losses");
}
const rows = [];
for (const one of chosen) {
  const { name } = one;
  const cpu = await measure(one, "cpu");
  const other = await measure(one, device);
  const difference = Math.max(
    ...cpu.losses.map(
      (loss, step) => Math.abs(loss - (other.losses[step] ?? Number.NaN)) / Math.max(1, Math.abs(loss)),
    ),
  );
  // Written so that a NaN fails.
  const agrees = difference <= TOLERANCE;
  rows.push({ name, device, card, cpu_ms: cpu.ms, device_ms: other.ms, ratio: cpu.ms / other.ms, difference, agrees });
  if (!has("json"))
    console.log(
      `${name.padEnd(8)}${cpu.ms.toFixed(1).padStart(10)}${other.ms.toFixed(1).padStart(12)}${(cpu.ms / other.ms).toFixed(2).padStart(8)}   ${difference.toExponential(1)}${agrees ? "" : "   too much"}`,
    );
}
if (has("json")) console.log(JSON.stringify(rows, null, 2));
process.exit(rows.every(({ agrees }) => agrees) ? 0 : 1);
