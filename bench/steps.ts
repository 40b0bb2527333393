/**
 * Full training steps, AdamW included, against the same in PyTorch: two processes in turn, medians, peak memory,
 * and PyTorch's time over ours.
 *
 *   npm run bench:steps [-- --json] [--one-thread] [CASE …]   # PyTorch: python3-torch and libopenblas0-pthread
 *
 * With --one-thread the times are CPU times, which other work on the machine changes less.
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { benchArguments } from "./arguments.ts";
import { median } from "./median.ts";
import { pythonWith } from "./python.ts";
import { stepCase, stepNames } from "./steps/cases.ts";
import { fastestKernels } from "./steps/kernels.ts";

const ROUNDS = 3;
/** PyTorch's rate of large products over ours, below which a comparison says nothing. */
const SLOW = 0.6;

const { words, has } = benchArguments(`npm run bench:steps -- [--json] [--one-thread] [${stepNames.join(" ")}]`, [
  "one-thread",
]);
const isOne = has("one-thread");
const threads = isOne ? 1 : 2;
const chosen = (words.length > 0 ? words : stepNames).map((name) => ({ name, flops: stepCase(name).flops }));

interface Side {
  readonly ms: number[];
  readonly mb: number;
  /** The rate of large products. */
  readonly matmulGflops: number;
  /** Only ours: milliseconds to trace, lower and load, and a step's time over the floor. */
  readonly start?: number;
  readonly overFloor?: number;
}

const file = (name: string) => fileURLToPath(new URL(`steps/${name}`, import.meta.url));
const run = (command: string, args: string[]): Side =>
  JSON.parse(
    execFileSync(command, args, {
      encoding: "utf8",
      env: { ...process.env, ...kernels },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
const python = pythonWith("torch");

const kernels = python ? fastestKernels(python) : {};

/** Ratios differ between processors: a row says its own. */
const machine = `${cpus().length} × ${cpus()[0]?.model}`;

if (!has("json")) {
  console.log(
    `${machine}, ${isOne ? "CPU time of one thread" : "two threads"}, medians of ${ROUNDS} processes in turn`,
  );
  if (python) console.log(`PyTorch's OpenBLAS: ${kernels.OPENBLAS_CORETYPE ?? "its own choice of kernels"}`);
  if (!python) console.log("PyTorch is not on this machine: no ratios");
  console.log("step               ours ms  PyTorch ms  ratio  × floor  ours MB  PyTorch MB  start s");
}
const rows = chosen.map(({ name, flops }) => {
  // Steps of seconds need fewer repeats, those of milliseconds more.
  const steps = String(flops > 2e11 ? 3 : flops < 1e10 ? 60 : 10);
  const ours: Side[] = [];
  const torch: Side[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(run(process.execPath, [file("ours.ts"), name, steps, String(threads)]));
    if (python) torch.push(run(python, [file("torch_steps.py"), name, steps, String(threads)]));
  }
  const oursMs = median(ours.flatMap(({ ms }) => ms));
  const torchMs = torch.length > 0 ? median(torch.flatMap(({ ms }) => ms)) : null;
  const row = {
    ...{ name, machine, threads, kernels: kernels.OPENBLAS_CORETYPE ?? null },
    ours_ms: oursMs,
    torch_ms: torchMs,
    ratio: torchMs === null ? null : torchMs / oursMs,
    floor_ratio: median(ours.map(({ overFloor = Number.NaN }) => overFloor)),
    ours_mb: Math.max(...ours.map(({ mb }) => mb)),
    torch_mb: torch.length > 0 ? Math.max(...torch.map(({ mb }) => mb)) : null,
    matmul_gflops: median(ours.map(({ matmulGflops }) => matmulGflops)),
    torch_matmul_gflops: torch.length > 0 ? median(torch.map(({ matmulGflops }) => matmulGflops)) : null,
    start_ms: median(ours.map(({ start = Number.NaN }) => start)),
  };
  if (!has("json")) {
    const cells: [number | null, number, number][] = [
      [row.ours_ms, 9, row.ours_ms < 10 ? 2 : 0],
      [row.torch_ms, 12, row.ours_ms < 10 ? 2 : 0],
      [row.ratio, 7, 2],
      [row.floor_ratio, 9, 2],
      [row.ours_mb, 9, 0],
      [row.torch_mb, 12, 0],
      [row.start_ms / 1000, 9, 1],
    ];
    const text = cells.map(([value, width, digits]) => (value === null ? "–" : value.toFixed(digits)).padStart(width));
    if (row.torch_matmul_gflops !== null && row.torch_matmul_gflops < SLOW * row.matmul_gflops)
      console.log(
        `PyTorch multiplies matrices at ${row.torch_matmul_gflops.toFixed(1)} GFLOPS, ours at ${row.matmul_gflops.toFixed(1)}: is libopenblas0-pthread installed?`,
      );
    console.log(name.padEnd(17) + text.join(""));
  }
  return row;
});
if (has("json")) console.log(JSON.stringify(rows, null, 2));
