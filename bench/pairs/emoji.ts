/**
 * Emoji: images with captions of 1,309 things by four artists, measured on things never seen. Recall at 1, 5 and 10 within each
 * artist's pictures, from caption to picture and back, the mean of artists and directions; and the group (of 8) by prompts, zero-shot.
 * Beside chance, the same encoder untrained, and colour statistics with TF-IDF.
 *
 *   npm run bench:pairs -- [METHOD,…] [SEED,…] [--minutes 20 | --epochs 100] [--validation] [--threads 2]
 *
 * `lit` is clip on the encoder of a SimCLR run of the same pictures, which is not trained, in half of the minutes or epochs. With
 * --validation the things are those of the validation part, and nothing is kept. Lines: bench/results/pairs.jsonl.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contestantNames } from "../../src/evaluation/worth/names.ts";
import { classify, evaluatePairs } from "../../src/index.ts";
import type { Run } from "../../src/training/run/run.ts";
import { addLine, type Choices, epochsIn, linesOf, root, secondsPerStep, trained } from "../methods/shared.ts";
import { machine, meanOf } from "../series/machine.ts";
import { captionsOf, emoji, groupPrompts, unpackPictures, wholeCaption, writeTable } from "./emoji-set.ts";
import { CAPTIONS, MOST_EPOCHS, settings, simclr } from "./settings.ts";

const FILE = `${root}/bench/results/pairs.jsonl`;
const KS = ["1", "5", "10"] as const;
/** What the run is called beside what it is compared with. */
const OWN = contestantNames.pretrained;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "20" },
    epochs: { type: "string" },
    threads: { type: "string", default: "2" },
    validation: { type: "boolean", default: false },
  },
});
const [rows = Object.keys(settings).join(","), seeds = "0,1,2"] = positionals;
const unknown = rows.split(",").find((row) => !(row in settings));
if (unknown !== undefined) {
  console.error(`no row "${unknown}"; there are ${Object.keys(settings).join(", ")}`);
  process.exit(2);
}
const part = values.validation ? "validation" : "test";

/** What a row is worth: in per cent. */
interface Worth {
  readonly recall: Readonly<Record<(typeof KS)[number], number>>;
  readonly zeroShot: number;
}

/** One training, with what it is compared with. */
interface Line {
  readonly set: "emoji";
  readonly row: string;
  readonly seed: number;
  /** What was asked for: minutes, or epochs; `lit` trains for half of it. */
  readonly asked: string;
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  /** Of all threads, reading included. */
  readonly cpuSeconds: number;
  readonly settings: string;
  /** By what is compared: `pretrained`, `untrained`, `colours and TF-IDF`, `chance level`. */
  readonly worth: Readonly<Record<string, Worth>>;
  /** Recall at 1 and 10 of the trained encoder for each artist and direction, in per cent. */
  readonly each: Readonly<Record<string, readonly [number, number]>>;
  readonly machine: string;
}

const work = `${root}/bench/work/pairs`;
const folder = join(work, "emoji");
const pictures = await emoji();
const train = pictures.filter(({ split }) => split === "train");

/** The pictures in their folder, and two tables: to learn from, and to be judged on. */
async function prepared() {
  await unpackPictures(folder, pictures);
  const { count, least } = CAPTIONS;
  return {
    learned: await writeTable(folder, "train", train, (one) => captionsOf(one, count, least)),
    judged: await writeTable(folder, "all", pictures, (one) => [wholeCaption(one)]),
  };
}

/** What is asked of each training: so many minutes, or so many epochs. */
const asked = values.epochs === undefined ? `${values.minutes} minutes` : `${values.epochs} epochs`;

/** Trains for a share of what is asked. @param most epochs that minutes may be */
async function trainedFor(choices: Choices, out: string, { share = 1, most = Number.POSITIVE_INFINITY } = {}) {
  const cpu = process.cpuUsage();
  const epochs = values.epochs
    ? Math.round(share * Number(values.epochs))
    : Math.min(most, epochsIn(share * Number(values.minutes), await secondsPerStep(choices, `${out}-calibration`)));
  await rm(out, { recursive: true, force: true });
  const { run, seconds } = await trained({ ...choices, training: { ...choices.training, epochs } }, out, false);
  const { user, system } = process.cpuUsage(cpu);
  return { run, seconds, cpuSeconds: (user + system) / 1e6, epochs };
}

const share = (value: number): number => Math.round(1000 * value) / 10;

/** What a run is worth on the unseen things, beside what it is compared with. */
async function judge(run: Run, data: string): Promise<Pick<Line, "worth" | "each">> {
  const { directions } = await evaluatePairs({ run, data, split: part, within: "set" });
  const across = directions.filter(({ from, to }) => from !== to);
  const prompts = groupPrompts(train);
  const { accuracy } = await classify({ run, data, split: part, labelColumn: "group", prompts });
  const worth: Record<string, Worth> = {};
  for (const { name, role } of across[0]?.scores ?? []) {
    const of = across.flatMap(({ scores }) => scores.filter((score) => score.name === name));
    const recall = (k: (typeof KS)[number]) => share(of.reduce((sum, score) => sum + score.recall[k]! / of.length, 0));
    // Prompts have no chance level but the majority.
    const group = accuracy?.scores.find((score) => score.role === (role === "chance" ? "majority" : role));
    worth[name] = {
      recall: { 1: recall("1"), 5: recall("5"), 10: recall("10") },
      zeroShot: share(group?.accuracy ?? Number.NaN),
    };
  }
  const each = across.flatMap(({ from, to, scores }) =>
    Object.entries(scores.find(({ role }) => role === "pretrained")?.each ?? {}).map(
      ([artist, { recall }]) =>
        [`${artist}, ${from} to ${to}`, [share(recall["1"]!), share(recall["10"]!)] as const] as const,
    ),
  );
  return { worth, each: Object.fromEntries(each) };
}

/** SimCLR on the pictures to learn from, without their captions. */
async function pictureRun(seed: number, training: Choices["training"]) {
  const data = join(work, "train-pictures");
  await unpackPictures(data, train);
  const choices = { ...simclr, data, training: { ...simclr.training, ...training } };
  return trainedFor(choices, join(work, `simclr-${seed}`));
}

/** Trains one row and judges it. */
async function measured(row: string, seed: number): Promise<Line> {
  const { learned, judged } = await prepared();
  const training = { seed, threads: Number(values.threads), workers: 1 };
  const setting = settings[row]!;
  const start = row === "lit" ? await pictureRun(seed, training) : undefined;
  const choices: Choices = {
    ...setting,
    data: learned,
    training: { ...setting.training, ...training },
    ...(start ? { sidesFrom: { image: start.run.path } } : {}),
  };
  const spent = await trainedFor(choices, join(work, `${row}-${seed}`), { share: start ? 0.5 : 1, most: MOST_EPOCHS });
  const { run, seconds, cpuSeconds, epochs } = spent;
  return {
    ...{ set: "emoji", row, seed, asked, epochs, steps: run.step },
    ...{ seconds: Math.round(seconds), cpuSeconds: Math.round(cpuSeconds) },
    settings: settingsOf(row),
    ...(await judge(run, judged)),
    machine: machine(),
  };
}

const settingsOf = (row: string): string => {
  const { method: _, ...own } = settings[row]!;
  return JSON.stringify({ captions: CAPTIONS, ...own });
};

/** Mean ± deviation over the seeds of each row; of what they are compared with, of all. */
function printTable(lines: readonly Line[]): void {
  console.log(
    "\n| | recall@1 | @5 | @10 | group, zero-shot | seeds | steps | CPU minutes |\n|---|--:|--:|--:|--:|--:|--:|--:|",
  );
  const print = (name: string, all: readonly Worth[], rest: string) => {
    const cells = [
      ...KS.map((k) => meanOf(all.map(({ recall }) => recall[k]))),
      meanOf(all.map((one) => one.zeroShot)),
    ];
    console.log(`| ${name} | ${cells.join(" | ")} | ${rest} |`);
  };
  const others = new Set(lines.flatMap(({ worth }) => Object.keys(worth)));
  for (const name of others)
    if (name !== OWN)
      print(
        name,
        lines.flatMap(({ worth }) => worth[name] ?? []),
        " | | ",
      );
  for (const [row, some] of Map.groupBy(lines, (line) => line.row)) {
    const minutes = meanOf(some.map(({ cpuSeconds }) => cpuSeconds / 60));
    print(
      row,
      some.flatMap(({ worth }) => worth[OWN] ?? []),
      `${some.length} | ${some[0]!.steps} | ${minutes}`,
    );
  }
}

const lines: Line[] = [];
for (const row of rows.split(","))
  for (const seed of seeds.split(",").map(Number)) {
    const existing = values.validation
      ? undefined
      : (await linesOf<Line>(FILE)).find(
          (line) => line.row === row && line.seed === seed && line.settings === settingsOf(row) && line.asked === asked,
        );
    const line = existing ?? (await measured(row, seed));
    if (!existing && !values.validation) await addLine(FILE, line);
    lines.push(line);
    const { recall, zeroShot } = line.worth[OWN]!;
    console.log(
      `${row}, seed ${seed}, ${line.steps} steps, ${line.cpuSeconds} CPU seconds: recall ${Object.values(recall).join(" / ")}, group ${zeroShot}`,
    );
  }
printTable(lines);
process.exit(0);
