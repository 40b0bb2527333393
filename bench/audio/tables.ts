/**
 * Speech commands in Arabic, spoken digits and heart sounds: pre-trained for some minutes without labels, then a linear
 * probe with a few and with all labels a class, beside the untrained encoder, log-mel and MFCC, and the encoder from scratch.
 *
 *   node bench/audio/tables.ts [arabic|fsdd|heart …] [--minutes 10] [--epochs 20] [--seeds 3] [--no-scratch] [--validation]
 *   node bench/audio/tables.ts --table           # prints what was measured, trains nothing
 *
 * `--validation` judges on the validation part, for choosing settings; the test part is for the table alone. SimCLR with the
 * settings below; epochs are fitted to the minutes after a short calibration on this machine, unless given. From scratch, for
 * seed 0: 1,000 steps on all labels and 200 on a few. A line a set, seed and number of labels
 * in bench/results/audio.jsonl; what is there is not done again.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import { evaluate } from "../../src/evaluation/worth/evaluate.ts";
import { addLine, epochsIn, linesOf, root, secondsPerStep, trained } from "../methods/shared.ts";
import { type SoundSet, sets, unpacked } from "./sets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    minutes: { type: "string" },
    epochs: { type: "string" },
    threads: { type: "string" },
    scratch: { type: "boolean", default: true },
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

/** A set, a seed, and a number of labels a class. */
interface Line {
  readonly set: string;
  readonly seed: number;
  readonly shots: number | "all";
  readonly judged: "test" | "validation";
  readonly epochs: number;
  readonly steps: number;
  readonly machine: string;
  /** By contestant: of a linear probe, or trained from scratch. */
  readonly accuracies: Readonly<Record<string, number>>;
}

async function measured(set: SoundSet, seed: number): Promise<void> {
  const done = (await linesOf<Line>(results)).filter(
    (line) => line.set === set.name && line.seed === seed && line.judged === judged,
  );
  const wanted = ([...set.shots, "all"] as const).filter((shots) => done.every((line) => line.shots !== shots));
  const folders = wanted.length > 0 ? await unpacked(set) : undefined;
  if (!folders) return;
  const choices = {
    ...{ data: folders.train, method: "simclr", preset: "small", modalityOptions: { bands: 40 } },
    training: { seed, ...(values.threads === undefined ? {} : { threads: Number(values.threads) }) },
  };
  const folder = `${root}/bench/work/audio/runs/${set.name}-${seed}`;
  const resume = existsSync(`${folder}/config.json`);
  const minutes = Number(values.minutes ?? set.minutes);
  const fitted = async () => epochsIn(minutes, await secondsPerStep(choices, `${folder}-calibration`));
  const epochs = resume ? 0 : Number(values.epochs ?? (await fitted()));
  const { run } = await trained({ ...choices, training: { ...choices.training, epochs } }, folder, resume);
  for (const shots of wanted) {
    const { contestants } = await evaluate({
      ...{ run, train: folders.train, test: folders[judged], seed, scratch: seed === 0 && values.scratch },
      ...(shots === "all"
        ? { fromScratch: { steps: SCRATCH_STEPS.all } }
        : { labelCount: shots * set.classes, draws: DRAWS, fromScratch: { steps: SCRATCH_STEPS.few } }),
    });
    const accuracies = Object.fromEntries(
      contestants.map(({ name, linear, endToEnd }) => [name, (endToEnd ?? linear)?.mean ?? Number.NaN]),
    );
    await addLine(results, {
      ...{ set: set.name, seed, shots, judged, epochs: run.epoch, steps: run.step, machine, accuracies },
    } satisfies Line);
    console.log(`  ${shots} labels a class`, accuracies);
  }
}

/** Means ± sample deviations over seeds, in per cent. */
async function table(): Promise<void> {
  const groups = Map.groupBy(await linesOf<Line>(results), ({ set, judged: part }) => `${set}, ${part}`);
  for (const [title, alike] of groups) {
    const seeds = new Set(alike.map(({ seed }) => seed)).size;
    console.log(`\n${title}: ${alike[0]!.steps} steps, ${seeds} seeds, ${alike[0]!.machine}`);
    const columns = [...new Set(alike.map(({ shots }) => shots))];
    console.log(`| | ${columns.map((shots) => `${shots} labels a class`).join(" | ")} |`);
    console.log(`|---|${columns.map(() => "--:|").join("")}`);
    for (const name of new Set(alike.flatMap(({ accuracies }) => Object.keys(accuracies)))) {
      const cells = columns.map((shots) => {
        const found = alike.flatMap((line) => (line.shots === shots ? (line.accuracies[name] ?? []) : []));
        const { mean, deviation } = meanAndDeviation(found);
        if (found.length === 0) return "–";
        return `${(100 * mean).toFixed(1)}${found.length > 1 ? ` ± ${(100 * deviation).toFixed(1)}` : ""}`;
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
