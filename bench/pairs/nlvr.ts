/**
 * What captions tell of pictures and pictures of captions, on NLVR: trained on its dev and test part, measured on the hidden one.
 *
 *   npm run bench:nlvr -- [words|blind|point …] [--people] [--epochs 24]   # all three by default; --people: no sentences but theirs
 *
 * words: colours, shapes and numbers that are hidden in true sentences, predicted by `icmlm` with the right picture, with another
 * example's, and (blind) by the same method trained on blank pictures. point: `region-from-caption` points at "yellow square";
 * it is right if, of all objects in the picture, the one that it gives the highest mean probability is one.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { type Tensor, type Traced, tree } from "../../src/array/index.ts";
import { offerOf } from "../../src/data/ability.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../src/data/vocabulary.ts";
import type { Inputs } from "../../src/encoders/index.ts";
import { compile, read } from "../../src/engine/index.ts";
import type { MethodParams } from "../../src/methods/index.ts";
import { coveredPatches } from "../../src/modalities/pair/boxes.ts";
import { pair } from "../../src/modalities/pair/index.ts";
import type { PairSample } from "../../src/modalities/pair/pair.ts";
import { stack } from "../../src/training/features.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { methodOf, openRun, type Run } from "../../src/training/run/run.ts";
import { benchArguments } from "../arguments.ts";
import { hasNlvr, work, writeTable } from "./nlvr-data.ts";

const TASKS = ["words", "blind", "point"];
const usage = "npm run bench:nlvr -- [words|blind|point …] [--people] [--epochs 24]";
const { words: asked, has, count } = benchArguments(usage, ["people"], ["epochs"]);
const unknown = asked.find((task) => !TASKS.includes(task));
if (unknown !== undefined) console.error(`no task "${unknown}"; there are ${TASKS.join(", ")}`);
if (unknown !== undefined || !hasNlvr()) process.exit(2);
/** Of every run; by default each has its own. */
const epochs = count("epochs");
const made = has("people") ? 0 : 3;
/** Sides of the pictures: of words, and of pointing. */
const SIDES = { words: 64, point: 96 } as const;
const people = has("people") ? "-people" : "";
const suffix = `${people}${epochs === undefined ? "" : `-${epochs}-epochs`}`;
const tasks = asked.length > 0 ? asked : TASKS;

const classes = {
  colour: [["yellow", "black", "blue"]],
  shape: [
    ["circle", "square", "triangle"],
    ["circles", "squares", "triangles"],
  ],
  number: [
    ["one", "two", "three", "four", "five", "six", "seven"],
    ["1", "2", "3", "4", "5", "6", "7"],
  ],
} as const;

const training = {
  batchSize: 32,
  optimizer: "adamw",
  learningRate: 3e-3,
  warmupEpochs: 0.5,
  gradientClip: 1,
  weightDecay: 0.01,
  workers: 1,
  threads: 1,
  seed: 0,
} as const;
const options = { channels: 3, maxLength: 24, cropScale: [1, 1], augmentation: "photo" } as const;

/** The run of a task, trained unless it is there. */
async function trained(task: string): Promise<Run> {
  const out = join(work, `run-${task}${suffix}`);
  if (existsSync(join(out, "done"))) return openRun(out);
  const isPointer = task === "point";
  const side = isPointer ? SIDES.point : SIDES.words;
  const table = await writeTable("train", ["dev", "test"], {
    ...{ side, made, boxed: isPointer },
    singles: task === "groups",
  });
  // What words mean is learned first where a picture has one group of objects.
  const from = task === "words" && made > 0 ? { from: (await trained("groups")).path } : {};
  const started = process.cpuUsage();
  await pretrain({
    ...{ out, data: task === "blind" ? await blank(table) : table, ...from },
    method: isPointer ? "region-from-caption" : "icmlm",
    options: isPointer
      ? { maskRatio: 0.75, pointWeight: 8, decoderWidth: 64, decoderDepth: 1, decoderHeads: 4 }
      : { maskRatio: 0.4, crossDepth: 2 },
    encoder: isPointer ? "joint" : "towers",
    encoderOptions: isPointer
      ? { width: 64, depth: 3, heads: 4, patchSize: 8 }
      : {
          ...{ image: "vit", imageWidth: 64, imageDepth: 2, imageOptions: { heads: 4, patchSize: 8 } },
          ...{ textWidth: 64, textDepth: 2, textHeads: 4, dim: 64 },
        },
    modalityOptions: { ...options, ...{ imageSize: task === "blind" ? 16 : side } },
    training: {
      ...training,
      epochs: epochs ?? (isPointer || task === "groups" ? 10 : 24),
    },
  });
  const { user, system } = process.cpuUsage(started);
  await writeFile(join(out, "done"), `${Math.round((user + system) / 1e6)} s of CPU\n`);
  return openRun(out);
}

/** The table with the same captions, and one blank picture for all. */
async function blank(table: string): Promise<string> {
  const folder = join(dirname(table), "..", `blank${people}`);
  await mkdir(join(folder, "images"), { recursive: true });
  const white = { create: { width: 16, height: 16, channels: 3, background: "#fdf6e3" } } as const;
  await sharp(white).png().toFile(join(folder, "white.png"));
  const lines = (await readFile(table, "utf8")).split("\n").filter(Boolean);
  for (const line of lines) await copyFile(join(folder, "white.png"), join(folder, JSON.parse(line).path));
  await writeFile(join(folder, "pairs.jsonl"), `${lines.join("\n")}\n`);
  return join(folder, "pairs.jsonl");
}

const BATCH = 32;

/** What a run's method gives of inputs, batch by batch. */
async function outputs(run: Run, which: "tokenLogits" | "point", inputs: readonly Record<string, Tensor>[]) {
  const { method } = await methodOf(run);
  const apply = method[which];
  if (!apply) throw new Error(`${run.path}: no ${which}`);
  const padded = [...inputs];
  while (padded.length % BATCH > 0) padded.push(inputs[0]!);
  const batches = Array.from({ length: padded.length / BATCH }, (_, at) =>
    stack(padded.slice(at * BATCH, (at + 1) * BATCH), BATCH),
  );
  const program = await compile(
    (params: Traced<MethodParams>, given: Inputs) => ({ rows: apply(params, given) }),
    [run.methodParams, batches[0]!],
    { device: "cpu", name: which, threads: 1 },
  );
  const rows: Float32Array[] = [];
  for (const batch of batches) {
    const [[, { data, shape }]] = tree.entries<Tensor>(await read(await program.run(run.methodParams, batch))) as [
      [string, Tensor],
    ];
    const size = data.length / shape[0]!;
    for (let row = 0; row < BATCH; row++) rows.push(Float32Array.from(data.subarray(row * size, (row + 1) * size)));
  }
  await program.dispose();
  return rows.slice(0, inputs.length);
}

/** Pairs of the hidden part with true sentences, of picture 0. */
async function hiddenPairs(run: Run, isTrue: boolean): Promise<PairSample[]> {
  const side = isTrue ? SIDES.words : SIDES.point;
  const source = await pair.open(await writeTable("hidden", ["hidden"], { side, made: 1 }));
  const again = await pair.reopen(source.manifest, pair.options.parse(run.modalityOptions));
  const kept: PairSample[] = [];
  for (let entry = 0; entry < source.length; entry++) {
    if (!source.name(entry).endsWith("-0.png")) continue;
    if (isTrue && source.classes?.[source.labels?.[entry] ?? -1] !== "true") continue;
    kept.push(await again.read(entry));
  }
  await source.close();
  return kept;
}

async function hiddenWords(run: Run, isBlind: boolean): Promise<void> {
  const vocabulary = offerOf(run.modality, vocabularyAbility)!;
  const mask = offerOf(run.modality, maskToken)!;
  const pairs = await hiddenPairs(run, true);
  const found = pairs.flatMap((sample, at) => {
    const { ids } = vocabulary.tokens(sample);
    return [...ids].flatMap((id, place) => {
      const token = vocabulary.token(id);
      return Object.entries(classes).flatMap(([name, lists]) => {
        const among = (lists as readonly (readonly string[])[]).find((list) => list.includes(token));
        if (!among) return [];
        const candidates = among.flatMap((word) =>
          [...vocabulary.parse(word)].length === 1 ? [vocabulary.parse(word)[0]!] : [],
        );
        const hidden = Int32Array.from(ids, (one, index) => (index === place ? mask : one));
        return [{ at, name, place, id, candidates, hidden }];
      });
    });
  });
  // Another example's picture: half the data away.
  const shifts = isBlind ? { blind: 0 } : { right: 0, another: Math.floor(pairs.length / 2) };
  for (const [condition, shift] of Object.entries(shifts)) {
    const rows = await outputs(
      run,
      "tokenLogits",
      found.map(({ at, hidden }) => ({
        ...run.modality.tensors(pairs[(at + shift) % pairs.length]),
        ...vocabulary.encode(hidden),
      })),
    );
    const told = rows.map((logits, index) => {
      const { place, candidates, id } = found[index]!;
      const at = (token: number) => logits[place * vocabulary.size + token]!;
      return candidates.reduce((best, token) => (at(token) > at(best) ? token : best)) === id;
    });
    for (const name of [...Object.keys(classes), "all"]) {
      const those = told.filter((_, index) => name === "all" || found[index]!.name === name);
      const right = those.filter(Boolean).length;
      console.log(
        `${name.padEnd(7)} ${condition.padEnd(8)} ${((100 * right) / those.length).toFixed(1)} % of ${those.length}`,
      );
    }
  }
}

async function pointing(run: Run): Promise<void> {
  const vocabulary = offerOf(run.modality, vocabularyAbility)!;
  const { begin, end } = vocabulary.ids;
  const asked = (await hiddenPairs(run, false)).flatMap((sample) => {
    const boxes = sample.boxes ?? [];
    const phrases = [...new Set(boxes.map(({ phrase }) => phrase))];
    return phrases.length < 2 ? [] : phrases.map((phrase) => ({ sample, boxes, phrase }));
  });
  const rows = await outputs(
    run,
    "point",
    asked.map(({ sample, phrase }) => ({
      ...run.modality.tensors(sample),
      ...vocabulary.encode([begin, ...vocabulary.parse(phrase), end]),
    })),
  );
  const grid = [SIDES.point / 8, SIDES.point / 8];
  let [right, chance] = [0, 0];
  rows.forEach((shares, index) => {
    const { boxes, phrase } = asked[index]!;
    const scores = boxes.map((box) => {
      const covered = coveredPatches([box], grid);
      return (
        shares.reduce((sum, share, at) => sum + share * covered[at]!, 0) / covered.reduce((sum, one) => sum + one, 0)
      );
    });
    const best = scores.reduce((top, score, at) => (score > scores[top]! ? at : top), 0);
    if (boxes[best]!.phrase === phrase) right++;
    chance += boxes.filter((box) => box.phrase === phrase).length / boxes.length;
  });
  console.log(
    `pointing ${((100 * right) / rows.length).toFixed(1)} % of ${rows.length} phrases; share of boxes that fit ${((100 * chance) / rows.length).toFixed(1)} %`,
  );
}

for (const task of tasks) {
  const run = await trained(task);
  console.log(`${task}${suffix}: ${(await readFile(join(run.path, "done"), "utf8")).trim()}, ${run.step} steps`);
  await (task === "point" ? pointing(run) : hiddenWords(run, task === "blind"));
}
