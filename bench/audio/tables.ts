/**
 * Speech commands in Arabic and spoken digits: each method pre-trained for the same minutes without labels, then a linear
 * probe with 5, 10 and all labels a class, beside the untrained encoder, log-mel and MFCC, and the encoder from scratch.
 *
 *   node bench/audio/tables.ts [arabic|fsdd|heart …] [--method simclr …] [--minutes 10] [--seeds 3] [--validation]
 *   node bench/audio/tables.ts --table           # prints what was measured, trains nothing
 *
 * `--validation` judges on the validation part, for choosing settings; the test part is for the table alone. Preset
 * `small`; epochs are fitted to the minutes after a short calibration on this machine; from scratch takes as many steps as
 * pre-training. A line a set, method and seed in bench/results/audio.jsonl; what is there is not done again.
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
    method: { type: "string", multiple: true, default: ["simclr"] },
    encoder: { type: "string" },
    minutes: { type: "string", default: "10" },
    seeds: { type: "string", default: "3" },
    validation: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const results = `${root}/bench/results/audio.jsonl`;
const machine = `${cpus().length} × ${cpus()[0]?.model}`;
const SHOTS = [5, 10] as const;
const DRAWS = 3;

/** Accuracy by contestant: of a linear probe, or trained from scratch. */
type Accuracies = Readonly<Record<string, number>>;

interface Line {
  readonly set: string;
  readonly method: string;
  readonly encoder: string;
  readonly seed: number;
  readonly minutes: number;
  readonly judged: "test" | "validation";
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly machine: string;
  /** By labels a class: `5`, `10`, `all`. */
  readonly accuracies: Readonly<Record<string, Accuracies>>;
}

const isSame = (a: Line, b: Pick<Line, "set" | "method" | "seed" | "minutes" | "judged">) =>
  a.set === b.set && a.method === b.method && a.seed === b.seed && a.minutes === b.minutes && a.judged === b.judged;

async function measured(set: SoundSet, method: string, seed: number): Promise<void> {
  const judged = values.validation ? "validation" : "test";
  if ((await linesOf<Line>(results)).some((line) => isSame(line, { set: set.name, method, seed, minutes, judged })))
    return;
  const folders = await unpacked(set);
  if (!folders) return;
  const choices = {
    ...{ data: folders.train, method, preset: "small", training: { seed } },
    ...(values.encoder ? { encoder: values.encoder } : {}),
  };
  const folder = `${root}/bench/work/audio/runs/${set.name}-${method}-${seed}-${minutes}min`;
  const resume = existsSync(`${folder}/config.json`);
  const epochs = resume ? 0 : epochsIn(minutes, await secondsPerStep(choices, `${folder}-calibration`));
  const { run, seconds } = await trained({ ...choices, training: { seed, epochs } }, folder, resume);
  const accuracies: Record<string, Accuracies> = {};
  for (const shots of [...SHOTS, undefined]) {
    const { contestants } = await evaluate({
      ...{ run, train: folders.train, test: folders[judged], seed, scratchSteps: run.step },
      ...(shots === undefined ? {} : { labelCount: shots * set.classes, draws: DRAWS }),
    });
    accuracies[shots ?? "all"] = Object.fromEntries(
      contestants.map(({ name, linear, accuracy }) => [name, (accuracy ?? linear)?.mean ?? Number.NaN]),
    );
  }
  await addLine(results, {
    ...{ set: set.name, method, encoder: run.encoder.name, seed, minutes, judged },
    ...{ epochs: run.epoch, steps: run.step, seconds: Math.round(seconds), machine, accuracies },
  } satisfies Line);
}

/** Means ± sample deviations over seeds, in per cent. */
async function table(): Promise<void> {
  const lines = await linesOf<Line>(results);
  const groups = Map.groupBy(
    lines,
    ({ set, method, minutes: long, judged }) => `${set}, ${method}, ${long} min, ${judged}`,
  );
  for (const [title, alike] of groups) {
    console.log(`\n${title} (${alike.length} seeds; ${alike[0]!.machine})`);
    const shots = Object.keys(alike[0]!.accuracies);
    console.log(`| | ${shots.map((count) => `${count} labels a class`).join(" | ")} |`);
    console.log(`|---|${shots.map(() => "---|").join("")}`);
    for (const name of Object.keys(alike[0]!.accuracies.all ?? {})) {
      const cells = shots.map((count) => {
        const found = alike.map((line) => 100 * (line.accuracies[count]?.[name] ?? Number.NaN));
        const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
        const squares = found.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        return `${mean.toFixed(1)}${found.length > 1 ? ` ± ${Math.sqrt(squares / (found.length - 1)).toFixed(1)}` : ""}`;
      });
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
  }
}

if (!values.table) {
  const chosen = positionals.length > 0 ? positionals : ["arabic", "fsdd"];
  const unknown = chosen.find((name) => !sets.some((set) => set.name === name));
  if (unknown) {
    console.error(`no set ${unknown}; sets: ${sets.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  for (const set of sets.filter(({ name }) => chosen.includes(name)))
    for (const method of values.method)
      for (let seed = 0; seed < Number(values.seeds); seed++) {
        console.log(`${set.name}: ${method}, seed ${seed}, ${minutes} minutes`);
        await measured(set, method, seed);
      }
}
await table();
process.exit(0);
