/**
 * The full ViT training step (width 192, depth 4, 3 heads, 64 tokens, batch 32, AdamW included) against the same in
 * PyTorch: two processes in turn, medians, peak memory, and PyTorch's time over ours.
 *
 *   npm run bench:steps [-- --json]        # PyTorch: Debian's python3-torch with libopenblas0-pthread
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const ROUNDS = 3;
const STEPS = 10;
const THREADS = 2;
const BATCH = 32;
/** Forward and backward products: embedding and head, and per block 12·D² per token and the attention's 2·T·D. */
const FLOPS = 3 * 2 * BATCH * 64 * (2 * 48 * 192 + 4 * (12 * 192 * 192 + 2 * 64 * 192));

interface Side {
  ms: number[];
  mb: number;
  matmulGflops?: number;
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const run = (command: string, args: string[]): Side =>
  JSON.parse(
    execFileSync(command, [...args, String(STEPS), String(THREADS)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
const python = ["/usr/bin/python3", "python3"].find((candidate) => {
  try {
    execFileSync(candidate, ["-c", "import torch"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const ours: Side[] = [];
const torch: Side[] = [];
for (let round = 0; round < ROUNDS; round++) {
  ours.push(run(process.execPath, [file("steps-ours.ts")]));
  if (python) torch.push(run(python, [file("steps_torch.py")]));
}
const summary = (sides: Side[]) => ({
  ms: median(sides.flatMap(({ ms }) => ms)),
  mb: Math.max(...sides.map(({ mb }) => mb)),
});
const [us, them] = [summary(ours), torch.length > 0 ? summary(torch) : undefined];
const gflops = median(ours.map(({ matmulGflops = Number.NaN }) => matmulGflops));
const row = {
  name: "vit",
  ours_ms: us.ms,
  torch_ms: them?.ms ?? null,
  ratio: them ? them.ms / us.ms : null,
  floor_ratio: us.ms / (FLOPS / gflops / 1e6),
  ours_mb: us.mb,
  torch_mb: them?.mb ?? null,
};
if (process.argv.includes("--json")) console.log(JSON.stringify([row], null, 2));
else {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, ${THREADS} threads, median of ${ROUNDS} × ${STEPS} steps in turn`,
  );
  const line = (name: string, ms: number, mb: number) =>
    console.log(
      `${name.padEnd(11)} ${ms.toFixed(1).padStart(7)} ms/step  ${((1000 * BATCH) / ms).toFixed(1).padStart(6)} samples/s  peak ${mb.toFixed(0)} MB`,
    );
  line("Autodidact", us.ms, us.mb);
  if (them) {
    line("PyTorch", them.ms, them.mb);
    console.log(`ratio (PyTorch's time over ours): ${(them.ms / us.ms).toFixed(2)}`);
  } else console.log("PyTorch is not on this machine: no ratio");
  console.log(
    `${row.floor_ratio.toFixed(2)} × the floor of ${(FLOPS / 1e9).toFixed(1)} GFLOP at ${gflops.toFixed(0)} GFLOP/s (measured MatMul)`,
  );
}
