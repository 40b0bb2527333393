/**
 * Segmentation by frozen features of patches: pre-training on scenes without masks, then linear and kNN probes of patches by the
 * masks of others, beside the same encoder untrained, colours and places, and the majority class.
 *
 *   node bench/segmentation.ts [--methods mae,dino,simclr] [--minutes 4 | --epochs 20] [--seeds 0] [--images 6000] [--size 64]
 *
 * Scenes are made of Fashion-MNIST and CIFAR-10, of their training parts for training and probes, of their test parts for the
 * test: `$AUTODIDACT_DATA` or ../shared/data. Minutes are of each pre-training. Scenes and runs: bench/work/segmentation; a line
 * a method and seed goes to bench/results/segmentation.jsonl.
 */
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { segment } from "../src/evaluation/dense/segment.ts";
import { writeSegmentation } from "../src/evaluation/dense/segmentation-page.ts";
import { segmentationTable } from "../src/evaluation/dense/segmentation-table.ts";
import { addLine, epochsIn, root, secondsPerStep, testData, trainData, trained } from "./methods/shared.ts";
import { CLASSES, openImages, writeScenes } from "./segmentation/scenes.ts";

const { values } = parseArgs({
  options: {
    methods: { type: "string", default: "mae,dino,simclr" },
    minutes: { type: "string", default: "4" },
    epochs: { type: "string" },
    seeds: { type: "string", default: "0" },
    images: { type: "string", default: "6000" },
    size: { type: "string", default: "64" },
    out: { type: "string", default: `${root}/bench/work/segmentation` },
  },
});
const fashion = `${process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`}/fashion-mnist`;
const clothes = { train: `${fashion}/train-images-idx3-ubyte.gz`, test: `${fashion}/t10k-images-idx3-ubyte.gz` };
if (![clothes.train, trainData].every((path) => existsSync(path))) {
  console.log(`no Fashion-MNIST and CIFAR-10 beside ${fashion}; set AUTODIDACT_DATA`);
  process.exit(0);
}

const { out } = values;
const count = Number(values.images);
const scenes = `${out}/scenes-${count}`;
if (!existsSync(`${scenes}/made`)) {
  await rm(scenes, { recursive: true, force: true });
  const train = { clothes: await openImages(clothes.train), photographs: await openImages(trainData) };
  const test = { clothes: await openImages(clothes.test), photographs: await openImages(testData) };
  for (const [name, size, seed, { clothes: pieces, photographs }] of [
    ["unlabelled", count, 1, train],
    ["probe", 600, 2, train],
    ["test", 400, 3, test],
  ] as const)
    await writeScenes(`${scenes}/${name}`, size, seed, pieces, photographs);
  await writeFile(`${scenes}/made`, "");
}

/** One ViT for all, 8 × 8 patches of 64 × 64 pixels. */
const encoderOptions = { width: 192, depth: 4, heads: 3, patchSize: 8 };
for (const method of values.methods.split(","))
  for (const seed of values.seeds.split(",").map(Number)) {
    const folder = `${out}/${method}-${seed}`;
    await rm(folder, { recursive: true, force: true });
    const choices = {
      ...{ data: `${scenes}/unlabelled/images`, method, encoder: "vit", encoderOptions, preset: "small" },
      modalityOptions: { imageSize: 64 },
      training: { seed, batchSize: 128 },
    };
    const epochs = values.epochs
      ? Number(values.epochs)
      : epochsIn(Number(values.minutes), await secondsPerStep(choices, `${folder}-calibration`));
    const { run, seconds } = await trained({ ...choices, training: { ...choices.training, epochs } }, folder, false);
    const { segmentation, shown } = await segment({
      run,
      ...{ train: `${scenes}/probe/images`, masks: `${scenes}/probe/masks` },
      ...{ test: `${scenes}/test/images`, testMasks: `${scenes}/test/masks` },
      ...{ imageSize: Number(values.size), classNames: CLASSES, seed },
    });
    await writeSegmentation(folder, segmentation, shown);
    console.error(`${method}, seed ${seed}, ${epochs} epochs\n${segmentationTable(segmentation)}\n`);
    const { scores, grid, seconds: probing } = segmentation;
    const rounded = (share: number | undefined) => (share === undefined ? undefined : Math.round(1000 * share) / 10);
    await addLine(`${root}/bench/results/segmentation.jsonl`, {
      ...{ method, seed, epochs, steps: run.step, seconds: Math.round(seconds), probing: Math.round(probing), grid },
      scores: Object.fromEntries(
        scores.map(({ name, linear, knn, constant }) => [
          name,
          {
            linear: rounded((linear ?? constant)?.meanIoU),
            linearPixels: rounded((linear ?? constant)?.pixelAccuracy),
            knn: rounded(knn?.meanIoU),
            knnPixels: rounded(knn?.pixelAccuracy),
          },
        ]),
      ),
      ...{ images: count, machine: `${cpus()[0]?.model}, ${cpus().length} cores` },
    });
  }
