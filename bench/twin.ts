/**
 * A twin in PyTorch: SimCLR, MAE and DINO by Autodidact, and the same written in PyTorch (bench/twin/torch_*.py): the same small
 * networks, optimisers, schedules and steps, and the very same views in the same order, which PyTorch is sent as they are
 * made. Each side draws its own initial weights, from the same distributions. On 10,000 images of CIFAR-10; then kNN (k = 20)
 * and a linear probe on the 5,000 test images, by one evaluation for both. No setting was chosen by the test images.
 *
 *   node bench/twin.ts [simclr] [mae] [dino] [--seeds 3]     # one thread; a line a training in bench/results/twin.jsonl
 *   node bench/twin.ts --check [--steps 10] …                 # from the same weights: are the first losses the same?
 *   node bench/twin.ts --table                                # writes the table into docs/measured.md
 *
 * What is there is not done again; a training that was interrupted begins anew. Needs python3-torch. Times are CPU times of one
 * thread, without the views.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { meanAndDeviation } from "../src/evaluation/scores/metrics.ts";
import { addLine, linesOf, root, trainData } from "./methods/shared.ts";
import { pythonWith } from "./python.ts";
import { fastestKernels, rateOf } from "./steps/kernels.ts";
import { ours } from "./twin/ours.ts";
import { isTwin, type Twin, twins } from "./twin/settings.ts";
import { scoresOf, type Trained, untrained } from "./twin/shared.ts";
import { type Check, type Line, largestDifference, type Side, tableOf, withTable } from "./twin/table.ts";
import { theirs } from "./twin/theirs.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "3" },
    steps: { type: "string" },
    check: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    /** Another file of results, for a trial. */
    results: { type: "string", default: `${root}/bench/results/twin.jsonl` },
  },
});
const { results } = values;
const steps = values.steps === undefined ? undefined : Number(values.steps);
const chosen = positionals.length > 0 ? positionals.filter(isTwin) : twins;
if (chosen.length < positionals.length) {
  console.error(`${positionals.find((name) => !isTwin(name))}: ${twins.join(", ")}`);
  process.exit(2);
}
/** Below so many GFLOPS on one core PyTorch has only the reference BLAS, and its times would say nothing. */
const SLOW = 15;
const machine = `${cpus().length} × ${cpus()[0]?.model}`;
const all = () => linesOf<Line | Check>(results);
const isCheck = (line: Line | Check): line is Check => line.side === "check";

if (values.table) {
  const lines = await all();
  const page = `${root}/docs/measured.md`;
  const table = tableOf(
    lines.filter((line): line is Line => !isCheck(line)),
    lines.filter(isCheck),
  );
  await writeFile(page, withTable(await readFile(page, "utf8"), table));
  console.log(table);
  process.exit(0);
}
const interpreter = pythonWith("torch");
if (!interpreter || !existsSync(trainData)) {
  console.log(interpreter ? `no CIFAR-10 at ${trainData}; set AUTODIDACT_DATA` : "PyTorch is not on this machine");
  process.exit(0);
}
const python = interpreter;
const environment = fastestKernels(python);
const gflops = (2 * rateOf(python, environment)) / 1e9;
if (gflops < SLOW) {
  console.error(`PyTorch multiplies at ${gflops.toFixed(1)} GFLOPS, without OpenBLAS: install libopenblas0-pthread`);
  process.exit(2);
}

const trainings: Readonly<Record<Exclude<Side, "untrained">, (twin: Twin, seed: number) => Promise<Partial<Line>>>> = {
  ours: async (twin, seed) => measured(await ours({ twin, seed, steps }), seed),
  pytorch: async (twin, seed) => {
    const trained = await theirs({ twin, seed, steps }, { python, environment });
    const { torch } = trained.report;
    return { ...(await measured(trained, seed)), torch, kernels: environment.OPENBLAS_CORETYPE ?? "its own choice" };
  },
};

async function measured({ losses, stepMs, viewMs, vectors }: Trained, seed: number): Promise<Partial<Line>> {
  if (!vectors) throw new Error("the labelled images were not embedded");
  const last = losses.slice(-Math.ceil(losses.length / 20));
  return {
    ...(await scoresOf(vectors, seed)),
    steps: losses.length,
    loss: meanAndDeviation(last).mean,
    stepMs,
    viewMs,
  };
}

if (values.check)
  for (const twin of chosen) {
    if ((await all()).some((line) => line.side === "check" && line.twin === twin)) continue;
    const wish = { twin, seed: 0, steps: steps ?? 10, embeds: false };
    const other = await theirs(wish, { python, environment, sameWeights: true });
    const own = await ours(wish);
    const check: Check = { twin, side: "check", ours: own.losses, theirs: other.losses, machine };
    await addLine(results, check);
    console.log(`${twin}: ${own.losses.length} losses, at most ${largestDifference(check).toExponential(1)} apart`);
    console.log(
      `  a step ${own.stepMs.toFixed(0)} ms, PyTorch ${other.stepMs.toFixed(0)} ms, views ${own.viewMs.toFixed(0)} ms`,
    );
  }
else
  for (const twin of chosen)
    for (let seed = 0; seed < Number(values.seeds); seed++)
      for (const side of ["untrained", "ours", "pytorch"] as const) {
        const isThere = (line: Line | Check) => line.twin === twin && line.side === side && line.seed === seed;
        if ((await all()).some(isThere)) continue;
        const line =
          side === "untrained"
            ? await scoresOf(await untrained({ twin, seed }), seed)
            : await trainings[side](twin, seed);
        await addLine(results, { twin, side, seed, machine, ...line });
        console.log(`${twin}, seed ${seed}, ${side}: ${JSON.stringify(line)}`);
      }
process.exit(0);
