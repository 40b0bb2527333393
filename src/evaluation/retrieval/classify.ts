import { type Array, float32, nn, np, type Traced } from "../../array/index.ts";
import {
  answersOf,
  type LeftOut,
  type OpenOptions,
  offerOf,
  sides as sidesAbility,
  tableOptionsOf,
} from "../../data/index.ts";
import { toText } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { compile } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Column } from "../../interop/parquet.ts";
import { prepareTable, writeOutputTable } from "../../interop/table.ts";
import { everyEntry } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import { matchingOf, type SharedSides, sharedSides } from "../../training/run/shared-space.ts";
import { measuresOf } from "../scores/measures.ts";
import { majorityShare } from "../scores/metrics.ts";
import { cosinesOf } from "../vectors/cosines.ts";
import { topIndices } from "../vectors/knn.ts";
import type { Role } from "../worth/names.ts";
import { entriesOfPart, pairsToFit } from "./parts-of-pairs.ts";
import { type Contestant, contestantsOf, pretrainedOf, type SideEmbedders, sideEmbedders } from "./placers.ts";
import { classVectors, type PromptOptions, promptsOf, readPromptSamples } from "./prompts.ts";
import { openSide, type SideData } from "./side-data.ts";
import { placeSides, type SideVectors } from "./side-vectors.ts";

export interface ClassifyOptions extends OpenOptions, PromptOptions {
  /** A run whose encoder places both sides of pairs into one space, one of which is text. */
  readonly run: Run;
  /** Data of the other side, or pairs. */
  readonly data: Paths;
  /** Of data with a column `split`: only this part of them, `test`. All by default. */
  readonly split?: string;
  /** `.csv` or `.parquet` file to write, as `predict` writes it. */
  readonly out?: string;
  /** How many of the most probable classes to give. Default 1. */
  readonly top?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** How well one of those compared classifies. */
export interface ZeroShotScore {
  readonly role: Role | "majority" | "chance";
  readonly name: string;
  /** Share of the samples whose class is predicted, in [0, 1]. */
  readonly accuracy: number;
  /** Mean F1 of the classes that occur; not of chance. */
  readonly macroF1?: number;
}

export interface Classification {
  /** The classes, with how many prompts each has. */
  readonly classes: readonly { readonly name: string; readonly prompts: number }[];
  readonly predictions: readonly {
    readonly path: string;
    readonly prediction: string;
    /**
     * As the run's method judges whether the sample and the class's words belong together: the softmax over the classes, or of
     * methods that judge each by itself, the sigmoid, so that those of all classes need not add up to 1.
     */
    readonly probability: number;
    /** With `top` of 2 or more: the most probable classes. */
    readonly top?: readonly { readonly prediction: string; readonly probability: number }[];
    readonly label?: string;
  }[];
  /** If samples have labels that are among the classes. */
  readonly accuracy?: { readonly labelled: number; readonly scores: readonly ZeroShotScore[] };
  readonly columns: readonly string[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  readonly leftOut: readonly LeftOut[];
  /** What readers of the numbers must know. */
  readonly notes: readonly string[];
}

/**
 * Zero-shot classification, as in CLIP (Radford et al. 2021, https://arxiv.org/abs/2103.00020): the class whose words are nearest.
 * A class is the mean of the unit vectors of its prompts. Nothing is trained. With labels the accuracy is measured, next to the
 * majority class, chance, the same encoder untrained and the baseline of such pairs.
 * @throws UserError when the run has no shared space, a template has no `{}`, or nothing can be read
 *
 * @example
 * const run = await openRun("runs/clip");
 * const { predictions } = await classify({ run, data: "photos/", classes: ["cat", "dog"], templates: ["a drawing of a {}"] });
 * for (const { path, prediction, probability } of predictions) console.log(path, prediction, probability);
 */
export async function classify(options: ClassifyOptions): Promise<Classification> {
  const { run, out, top = 1, onProgress } = options;
  if (out !== undefined) await prepareTable(out);
  const sides = await sharedSides(run);
  const prompted = typedSide(run, sides);
  const ofPairs = [...sides.keys()].find((name) => name !== prompted.modality.name);
  const { data, labels, split } = options;
  const opened = await openSide(run, data, { side: ofPairs, labels, ...tableOptionsOf(options) });
  const { source } = opened;
  try {
    const indices = split === undefined ? undefined : entriesOfPart(source, data, split);
    const classes = await promptsOf(options, source.classes);
    const prompts = await readPromptSamples(prompted, classes);
    const embedders = await sideEmbedders(run);
    try {
      const truth = truthIn(
        opened,
        classes.map(({ name }) => name),
      );
      const { contestants, notes } = await compared(run, embedders, options, { ...opened, indices }, truth);
      const placed = await placeSides([opened.reads], source, contestants, {
        indices,
        onProgress: (done, total) => onProgress?.("classifying", done, total),
      });
      const cosines: Float32Array[] = [];
      for (const [at, contestant] of contestants.entries())
        cosines.push(await cosinesWith(placed.placed[at]!.get(opened.side)!, await classVectors(prompts, contestant)));
      const { entries } = placed.placed[0]!.get(opened.side)!;
      const pretrained = cosines.at(-1)!;
      const names = classes.map(({ name }) => name);
      const probabilities = await probabilitiesOf(run, pretrained, names.length);
      const predictions = [...entries].map((entry, row) => {
        const start = row * names.length;
        // By the cosines: probabilities of several classes may be rounded to 1.
        const nearest = topIndices(pretrained.subarray(start, start + names.length), Math.min(top, names.length));
        const ranked = Array.from(nearest, (at) => ({
          prediction: names[at]!,
          probability: probabilities[start + at]!,
        }));
        const label = source.classes?.[source.labels?.[entry] ?? -1];
        return {
          ...{ path: source.name(entry), ...ranked[0]! },
          ...(top > 1 ? { top: ranked } : {}),
          ...(label === undefined ? {} : { label }),
        };
      });
      const columns = columnsOf(predictions, top);
      if (out !== undefined)
        await writeOutputTable(out, columns, { run: run.path, data: toText(data), classes: names.join("|") });
      const accuracy = truth && accuracyOf(truth, { names, entries, cosines, contestants });
      return {
        classes: classes.map((one) => ({ name: one.name, prompts: one.prompts.length })),
        ...{ predictions, ...(accuracy ? { accuracy } : {}) },
        columns: columns.map(({ name }) => name),
        ...{ broken: placed.broken, leftOut: source.leftOut ?? [] },
        notes: [...notes, ...(truth?.notes ?? [])],
      };
    } finally {
      await embedders.dispose();
    }
  } finally {
    await source.close();
  }
}

/** The side whose samples can be typed. @throws UserError when there is none */
function typedSide({ path, modality }: Run, sides: SharedSides): Run {
  for (const side of sides.values()) if (side.modalityDefinition.accepts.text) return side;
  throw new UserError(
    `${path}: no side of ${modality.name} data can be typed: ${offerOf(modality, sidesAbility)?.names.join(", ")}`,
  );
}

/** The class of each entry, by its place among the classes; −1 for none of them. */
interface Truth {
  readonly labels: Int32Array;
  readonly notes: readonly string[];
}

/** Labels as classes: the same name, but for upper and lower case. Undefined if no label is among the classes. */
function truthIn({ source }: SideData, names: readonly string[]): Truth | undefined {
  const { labels, classes = [] } = source;
  if (!labels) return undefined;
  const folded = names.map((name) => name.toLowerCase());
  const places = classes.map((name) => folded.indexOf(name.trim().toLowerCase()));
  const classLabels = labels.map((label) => places[label] ?? -1);
  const others = classes.filter((_, at) => places[at] === -1);
  const notes =
    others.length > 0
      ? [
          `Samples with labels that are not among the classes are not measured: ${others.slice(0, 5).join(", ")}${others.length > 5 ? " …" : ""}.`,
        ]
      : [];
  return { labels: classLabels, notes };
}

/** What is compared: without labels the run's encoder alone. */
async function compared(
  run: Run,
  embedders: SideEmbedders,
  { data }: ClassifyOptions,
  { source, isOfPairs, indices = everyEntry(source) }: SideData & { readonly indices?: Int32Array | undefined },
  truth: Truth | undefined,
): Promise<{ contestants: readonly Contestant[]; notes: readonly string[] }> {
  if (!truth?.labels.some((label) => label >= 0)) return { contestants: [pretrainedOf(embedders)], notes: [] };
  const parted = isOfPairs
    ? { source, searched: indices, part: "those classified", fitted: entriesOfPart(source, data, "train", true) }
    : undefined;
  const toFit = await pairsToFit(run, data, parted);
  try {
    // The untrained encoder's statistics are of pairs.
    const pairs = toFit.fitted ?? (isOfPairs ? source : undefined);
    if (!pairs) return { contestants: [pretrainedOf(embedders)], notes: toFit.notes };
    const contestants = await contestantsOf(run, embedders, { source: pairs, fitted: toFit.fitted });
    return { contestants, notes: [...toFit.notes, ...contestants.flatMap(({ note }) => note ?? [])] };
  } finally {
    await toFit.close();
  }
}

/** Cosines with each class, `[rows, classes]`. @param classes `[classes, dim]` */
async function cosinesWith(vectors: SideVectors, classes: Float32Array): Promise<Float32Array> {
  const count = classes.length / vectors.dim;
  const cosines = new Float32Array(vectors.rows * count);
  let row = 0;
  for await (const some of cosinesOf(vectors, { data: classes, rows: count }, vectors.dim))
    cosines.set(some, count * row++);
  return cosines;
}

/** What CLIP multiplies cosines by at the start. */
const START = 1 / 0.07;

/**
 * Probabilities of the classes from cosines with them, both `[rows, classes]`: by what the run's method learned. A run that was
 * trained further by another method has none of that, and its probabilities are CLIP's at the start.
 */
async function probabilitiesOf(run: Run, cosines: Float32Array, classes: number): Promise<Float32Array> {
  const matching = await matchingOf(run);
  const params = matching?.params ?? run.methodParams;
  const given = float32(cosines, [cosines.length / classes, classes]);
  const judge = (weights: Traced<typeof params>, all: Array) => {
    const logits = matching?.by.logits(weights, all) ?? np.multiply(all, START);
    return { judged: matching?.by.probability === "sigmoid" ? nn.sigmoid(logits) : nn.softmax(logits, -1) };
  };
  const program = await compile(judge, [params, given], { name: "probabilities" });
  try {
    const { judged } = await program.run(params, given);
    return Float32Array.from((await judged.read()).data);
  } finally {
    await program.dispose();
  }
}

function columnsOf(predictions: Classification["predictions"], top: number): Column[] {
  const ranks = Math.min(top, predictions[0]?.top?.length ?? 1);
  const at = (rank: number) => predictions.map((one) => (rank === 0 ? one : one.top![rank]!));
  const columns: Column[] = [{ name: "path", values: predictions.map(({ path }) => path) }];
  for (let rank = 0; rank < ranks; rank++) {
    const suffix = rank === 0 ? "" : `_${rank + 1}`;
    columns.push({ name: `prediction${suffix}`, values: at(rank).map(({ prediction }) => prediction) });
    columns.push({ name: `probability${suffix}`, values: at(rank).map(({ probability }) => probability) });
  }
  if (predictions.some(({ label }) => label !== undefined))
    columns.push({ name: "label", values: predictions.map(({ label }) => label ?? "") });
  return columns;
}

/** Accuracies of all that are compared, on the labelled rows. */
function accuracyOf(
  { labels }: Truth,
  {
    names,
    entries,
    cosines,
    contestants,
  }: {
    readonly names: readonly string[];
    readonly entries: Int32Array;
    readonly cosines: readonly Float32Array[];
    readonly contestants: readonly Contestant[];
  },
): Classification["accuracy"] {
  const rows = Int32Array.from(entries.keys()).filter((row) => labels[entries[row]!]! >= 0);
  if (rows.length === 0) return undefined;
  const width = names.length;
  const truth = new Float32Array(rows.length * width);
  const labelOf = (row: number) => labels[entries[row]!]!;
  for (const [at, row] of rows.entries()) truth[at * width + labelOf(row)] = 1;
  const scores = contestants.map(({ role, name }, which): ZeroShotScore => {
    const part = new Float32Array(rows.length * width);
    for (const [at, row] of rows.entries())
      part.set(cosines[which]!.subarray(row * width, (row + 1) * width), at * width);
    const { named } = measuresOf(answersOf("classification", names), part, truth);
    return { role, name, accuracy: named.accuracy ?? 0, macroF1: named.macroF1 ?? 0 };
  });
  return {
    labelled: rows.length,
    scores: [
      { role: "chance", name: "chance level", accuracy: 1 / width },
      { role: "majority", name: "majority class", accuracy: majorityShare(rows.map(labelOf)) },
      ...scores,
    ],
  };
}
