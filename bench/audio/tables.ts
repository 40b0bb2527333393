/**
 * Speech commands in Arabic, spoken digits and heart sounds: pre-trained for some minutes without labels, then a linear
 * probe with a few and with all labels a class, beside the untrained encoder, log-mel and MFCC, and the encoder from scratch.
 *
 *   node bench/audio/tables.ts [arabic|fsdd|heart …] [--minutes 10] [--epochs 20] [--seeds 3] [--validation]
 *   node bench/audio/tables.ts --table           # prints what was measured, trains nothing
 *
 * `--validation` judges on the validation part, for choosing settings; the test part is for the table alone. SimCLR with the
 * settings below; epochs are fitted to the minutes after a short calibration on this machine, unless given. From scratch, for
 * seed 0: 1,000 steps on all labels and 200 on a few. A line a set and seed in bench/results/audio.jsonl; what is there is not done again.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { evaluate } from "../../src/evaluation/worth/evaluate.ts";
import { addLine, epochsIn, linesOf, root, secondsPerStep, trained } from "../methods/shared.ts";
import { type SoundSet, sets, unpacked } from "./sets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string" },
    epochs: { type: "string" },
    threads: { type: "string" },
    seeds: { type: "string", default: "3" },
    validation: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const judged = values.validation ? "validation" : "test";
const results = `${root}/bench/results/audio.jsonl`;
const machine = `${cpus().length} × ${cpus()[0]?.model}`;
const DRAWS = 3;
const SCRATCH_STEPS = { few: 200, all: 1000 };

/** Accuracy by contestant: of a linear probe, or trained from scratch. */
type Accuracies = Readonly<Record<string, number>>;

interface Line {
  readonly set: string;
  readonly seed: number;
  readonly judged: "test" | "validation";
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly threads: number;
  readonly machine: string;
  /** By labels a class: `5`, `10`, `all`. */
  readonly accuracies: Readonly<Record<string, Accuracies>>;
}

async function measured(set: SoundSet, seed: number): Promise<void> {
  const isDone = (line: Line) => line.set === set.name && line.seed === seed && line.judged === judged;
  if ((await linesOf<Line>(results)).some(isDone)) return;
  const folders = await unpacked(set);
  if (!folders) return;
  const threads = Number(values.threads ?? cpus().length);
  const choices = {
    ...{ data: folders.train, method: "simclr", preset: "small" },
    ...{ modalityOptions: { bands: 40 }, training: { seed, threads } },
  };
  const folder = `${root}/bench/work/audio/runs/${set.name}-${seed}`;
  const resume = existsSync(`${folder}/config.json`);
  const minutes = Number(values.minutes ?? set.minutes);
  const fitted = async () => epochsIn(minutes, await secondsPerStep(choices, `${folder}-calibration`));
  const epochs = resume ? 0 : Number(values.epochs ?? (await fitted()));
  const { run, seconds } = await trained({ ...choices, training: { ...choices.training, epochs } }, folder, resume);
  const accuracies: Record<string, Accuracies> = {};
  for (const shots of [...set.shots, undefined]) {
    const { contestants } = await evaluate({
      ...{ run, train: folders.train, test: folders[judged], seed, scratch: seed === 0 },
      ...(shots === undefined
        ? { scratchSteps: SCRATCH_STEPS.all }
        : { labelCount: shots * set.classes, draws: DRAWS, scratchSteps: SCRATCH_STEPS.few }),
    });
    accuracies[shots ?? "all"] = Object.fromEntries(
      contestants.map(({ name, linear, accuracy }) => [name, (accuracy ?? linear)?.mean ?? Number.NaN]),
    );
    console.log(`  ${shots ?? "all"} labels a class`, accuracies[shots ?? "all"]);
  }
  await addLine(results, {
    ...{ set: set.name, seed, judged, epochs: run.epoch, steps: run.step, seconds: Math.round(seconds) },
    ...{ threads, machine, accuracies },
  } satisfies Line);
}

/** Means ± sample deviations over seeds, in per cent. */
async function table(): Promise<void> {
  const groups = Map.groupBy(await linesOf<Line>(results), ({ set, judged: part }) => `${set}, ${part}`);
  for (const [title, alike] of groups) {
    const { steps, machine: where } = alike[0]!;
    console.log(`\n${title}: ${steps} steps, ${alike.length} seeds, ${where}`);
    const shots = Object.keys(alike[0]!.accuracies);
    console.log(`| | ${shots.map((count) => `${count} labels a class`).join(" | ")} |`);
    console.log(`|---|${shots.map(() => "--:|").join("")}`);
    for (const name of Object.keys(alike[0]!.accuracies.all ?? {})) {
      const cells = shots.map((count) => {
        const found = alike.flatMap((line) => {
          const accuracy = line.accuracies[count]?.[name];
          return accuracy === undefined ? [] : [100 * accuracy];
        });
        const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
        const squares = found.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        return `${mean.toFixed(1)}${found.length > 1 ? ` ± ${Math.sqrt(squares / (found.length - 1)).toFixed(1)}` : ""}`;
      });
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
  }
}

if (!values.table) {
  const chosen = positionals.length > 0 ? positionals : sets.map(({ name }) => name);
  const unknown = chosen.find((name) => !sets.some((set) => set.name === name));
  if (unknown) {
    console.error(`no set ${unknown}; sets: ${sets.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  for (const set of sets.filter(({ name }) => chosen.includes(name)))
    for (let seed = 0; seed < Number(values.seeds); seed++) {
      console.log(`${set.name}, seed ${seed}`);
      await measured(set, seed);
    }
}
await table();
process.exit(0);
