import type { Answers, Modality } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Mask } from "../../data/targets/masks.ts";
import { UserError } from "../../foundation/errors.ts";
import { readBatches } from "../../training/features.ts";
import { parseOptions, type Run } from "../../training/run/run.ts";
import { addPixels, overlapOf, pixelCounts } from "../scores/overlap.ts";
import { evenly } from "../vectors/evenly.ts";
import { linearHead, outputsOf } from "../vectors/probe.ts";
import type { CellEmbedder } from "./cell-features.ts";
import { classesOf } from "./cells.ts";
import { imagesAtOnce, patchContestants } from "./contestants.ts";
import { countPixels } from "./entry-masks.ts";
import { type MaskedImages, type MaskedParts, openMasked } from "./masked-images.ts";
import { nearestShares } from "./patch-probe.ts";
import type { Segmentation, SegmentOptions, SegmentScore, ShownImage } from "./segmentation.ts";
import { trainingPatches } from "./training-patches.ts";

/** Test images on the page. */
const SHOWN = 8;

/** Predictions of the images that are shown, by entry: masks by the name of a contestant. */
type Predictions = ReadonlyMap<number, Record<string, Mask>>;

/**
 * Evaluates frozen features of patches by what they tell of every pixel: a linear probe, whose logits are interpolated bilinearly
 * to the mask as DINOv2's are (https://arxiv.org/abs/2304.07193, section 7.4), and kNN of patches. Beside them are the same
 * encoder untrained, the colours and places of patches without an encoder, and the majority class. Differs from the paper: the
 * linear probe learns the shares of the classes in each patch, of at most 20,000 patches, by full-batch logistic regression.
 * @returns the scores, and some test images with what was predicted
 * @throws UserError when the data or the encoder have no patches, or there are no masks for them
 *
 * @example
 * const run = await openRun("runs/dino");
 * const { segmentation } = await segment({ run, train: "images", masks: "masks", split: "random" });
 * console.log(segmentationTable(segmentation));
 */
export async function segment(
  options: SegmentOptions,
): Promise<{ readonly segmentation: Segmentation; readonly shown: readonly ShownImage[] }> {
  const start = performance.now();
  const { run, onProgress } = options;
  const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
  const modality = modalityAt(run, options.imageSize);
  await using parts = await openMasked(options, modality);
  const { train, test, split } = parts;
  const trained = await countPixels(train.masks, stage("training masks"));
  const tested = await countPixels(test.masks, stage("test masks"));
  const classes = namesOf(Math.max(trained.length, tested.length), options);
  const scores: SegmentScore[] = [majorityOf(trained, tested, classes.length)];
  const predictions: Predictions = new Map(
    Array.from(evenly(test.masks.entries.length, SHOWN), (at) => [test.masks.entries[at]!, {}]),
  );
  let patches = 0;
  let grid: Segmentation["grid"] = [0, 0];
  for (const { role, name, open } of await patchContestants(run, modality, train.source)) {
    const cells = await open();
    try {
      const by = { name, cells, modality, classes, seed: options.seed ?? 0, batchSize: imagesAtOnce(run, modality) };
      const scored = await scoreOf(parts, by, predictions, stage);
      scores.push({ role, name, ...scored.overlaps });
      [patches, grid] = [scored.patches, cells.grid];
    } finally {
      await cells.dispose();
    }
  }
  const { path, step, epoch, config } = run;
  const [, height = 0, width = 0] = Object.values(modality.specs)[0]?.shape ?? [];
  const segmentation: Segmentation = {
    run: { path, method: config.method.name, encoder: config.encoder.name, step, epoch, seed: config.training.seed },
    train: { path: inWords(options.train), masks: options.masks, images: train.masks.entries.length, patches },
    test: {
      path: inWords(options.test ?? options.train),
      masks: options.testMasks ?? options.masks,
      images: test.masks.entries.length,
    },
    ...(split ? { split } : {}),
    ...{ classes, grid, input: [height, width], scores },
    notes: notesOf(parts, patches, grid, { trained, tested }, classes),
    seconds: (performance.now() - start) / 1000,
  };
  return { segmentation, shown: await shownOf(predictions, test, run.modality) };
}

/** The kind of data at another size of the input. @throws UserError when it has no such option */
function modalityAt({ modality, modalityDefinition, modalityOptions, config }: Run, imageSize?: number): Modality {
  if (imageSize === undefined) return modality;
  const { name, options, build } = modalityDefinition;
  return build(parseOptions(options, { ...modalityOptions, imageSize }, `modality ${name}`), config.modality.files);
}

/** @throws UserError when all pixels are of one class, or names are missing */
function namesOf(count: number, { masks, classNames }: SegmentOptions): string[] {
  if (count < 2) throw new UserError(`${masks}: no pixel is of a class above 0; there is nothing to tell apart`);
  if (classNames && classNames.length < count)
    throw new UserError(`--class-names: ${classNames.length} names, and the masks have ${count} classes, from 0`);
  return Array.from({ length: classNames?.length ?? count }, (_, label) => classNames?.[label] ?? `class ${label}`);
}

/** What predicting the class of most training pixels everywhere scores. */
function majorityOf(trained: Float64Array, tested: Float64Array, classes: number): SegmentScore {
  const majority = trained.indexOf(Math.max(...trained));
  const pixels = pixelCounts(classes);
  tested.forEach((count, label) => {
    pixels.counts[label * classes + majority] = count;
  });
  return { role: "chance", name: "majority class", constant: overlapOf(pixels) };
}

interface Scoring {
  readonly name: string;
  readonly cells: CellEmbedder;
  readonly modality: Modality;
  readonly classes: readonly string[];
  readonly seed: number;
  readonly batchSize: number;
}

/** Learns both probes from training patches, and predicts every pixel of the test images. */
async function scoreOf(
  { train, validation, test }: MaskedParts,
  { name, cells, modality, classes, seed, batchSize }: Scoring,
  predictions: Predictions,
  stage: (name: string) => (done: number, total: number) => void,
) {
  const count = classes.length;
  const gather = (images: MaskedImages, what: string) =>
    trainingPatches(images, cells, {
      ...{ modality, classes: count, seed, batchSize },
      onProgress: stage(`${name}: ${what} patches`),
    });
  const bank = await gather(train, "training");
  const held = validation && (await gather(validation, "validation"));
  stage(`${name}: linear probe`)(0, 1);
  const answers: Answers = { task: "classification", outputs: classes };
  // By the loss: where one class has most pixels, the accuracy is high for a head that never predicts the others.
  const head = await linearHead(answers, { ...bank, validation: held }, seed, { by: "loss" });
  const pixels = { linear: pixelCounts(count), knn: pixelCounts(count) };
  const { source, masks } = test;
  let done = 0;
  for await (const batch of readBatches({ modality, source, indices: masks.entries }, [], batchSize)) {
    const features = await cells.embed(batch.rows);
    const scores = { linear: outputsOf(head, features), knn: await nearestShares(bank, features) };
    const size = cells.grid[0] * cells.grid[1] * count;
    for (const [at, entry] of batch.indices.entries()) {
      const truth = await masks.read(entry);
      const predicted = (all: Float32Array) => classesOf(all.subarray(at * size, (at + 1) * size), cells.grid, truth);
      const byLinear = predicted(scores.linear);
      addPixels(pixels.linear, truth, byLinear);
      addPixels(pixels.knn, truth, predicted(scores.knn));
      const shown = predictions.get(entry);
      if (shown) shown[name] = byLinear;
    }
    done += batch.rows.length;
    stage(`${name}: test images`)(done, masks.entries.length);
  }
  return { overlaps: { linear: overlapOf(pixels.linear), knn: overlapOf(pixels.knn) }, patches: bank.rows };
}

/** What readers of the numbers must know. */
function notesOf(
  { train, test }: MaskedParts,
  patches: number,
  [rows, columns]: Segmentation["grid"],
  { trained, tested }: Readonly<Record<"trained" | "tested", Float64Array>>,
  classes: readonly string[],
): string[] {
  const all = train.masks.entries.length * rows * columns;
  const without = [train, test].reduce((sum, { source, masks }) => sum + source.length - masks.entries.length, 0);
  const unlearned = classes.filter((_, label) => (tested[label] ?? 0) > 0 && !((trained[label] ?? 0) > 0));
  return [
    ...(patches < all
      ? [`Probes learn from ${patches.toLocaleString("en")} of ${all.toLocaleString("en")} patches.`]
      : []),
    ...(without > 0 ? [`${without} images have no mask and are left out.`] : []),
    ...(unlearned.length > 0 ? [`No training mask has ${unlearned.join(", ")}.`] : []),
  ];
}

/** The images of predictions, with their true masks. */
async function shownOf(
  predictions: Predictions,
  { source, masks }: MaskedImages,
  modality: Modality,
): Promise<ShownImage[]> {
  const shown: ShownImage[] = [];
  for (const [entry, predicted] of predictions) {
    // A broken image has no prediction.
    if (Object.keys(predicted).length === 0) continue;
    const { picture } = await modality.show(await source.read(entry));
    shown.push({ name: source.name(entry), image: picture, truth: await masks.read(entry), predicted });
  }
  return shown;
}
