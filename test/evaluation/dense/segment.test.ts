import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { segment } from "../../../src/evaluation/dense/segment.ts";
import { classColour, writeSegmentation } from "../../../src/evaluation/dense/segmentation-page.ts";
import { segmentationTable } from "../../../src/evaluation/dense/segmentation-table.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { openRun } from "../../../src/training/run/run.ts";
import { autodidact } from "../../support/cli.ts";
import { writeMask, writeScenes } from "../../support/masks.ts";

let folder = "";
const at = (...names: string[]) => join(folder, ...names);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
  await writeScenes(at("scenes"), at("masks"), 20);
  const training = { epochs: 1, batchSize: 12, workers: 0 };
  const vit = { width: 16, depth: 1, heads: 2, patchSize: 4, pooling: "class" } as const;
  await pretrain({ data: at("scenes"), out: at("vit"), method: "mae", encoder: "vit", encoderOptions: vit, training });
  const resnet = { layers: "8", width: 4, stem: "small" } as const;
  const options = { method: "rotation", encoder: "resnet", encoderOptions: resnet, training } as const;
  await pretrain({ data: at("scenes"), out: at("resnet"), ...options });
});

after(() => rm(folder, { recursive: true, force: true }));

test("patches tell what every pixel shows, far above the majority class; a larger input has a finer grid", async () => {
  const run = await openRun(at("vit"));
  const options = { run, train: at("scenes"), masks: at("masks"), split: "random", imageSize: 48 };
  const { segmentation, shown } = await segment({ ...options, classNames: ["ground", "green", "blue"] });
  const { scores, grid, input, train, test: tested, split, classes } = segmentation;
  assert.deepEqual(
    [grid, input, classes],
    [
      [12, 12],
      [48, 48],
      ["ground", "green", "blue"],
    ],
  );
  const sizes = split!.sizes;
  assert.deepEqual([train.images, tested.images], [sizes.train, sizes.test]);
  assert.equal(train.patches, 144 * sizes.train);
  assert.deepEqual(
    scores.map(({ name }) => name),
    ["majority class", "pretrained", "same encoder, untrained", "colours and place of a patch"],
  );
  const [majority, ...others] = scores;
  // A quarter of each image is a square: the majority is right in three quarters, and its IoU is the only one above 0.
  const { iou, meanIoU, pixelAccuracy } = majority!.constant!;
  assert.deepEqual([pixelAccuracy, iou[0], meanIoU], [0.75, 0.75, 0.75 / iou.filter((one) => one !== null).length]);
  for (const { name, linear, knn } of others) {
    assert.ok(linear!.meanIoU > 0.7 && linear!.pixelAccuracy > 0.9, `${name}: ${linear!.meanIoU}`);
    assert.ok(knn!.meanIoU > 0.7 && knn!.pixelAccuracy > 0.9, `${name}: ${knn!.meanIoU}`);
  }
  assert.equal(shown.length, Math.min(8, tested.images));
  for (const { predicted, truth } of shown) {
    assert.equal(Object.keys(predicted).length, 3);
    assert.equal(predicted.pretrained!.data.length, truth.data.length);
  }
  assert.match(segmentationTable(segmentation), /IoU, linear probe +pretrained[\s\S]+ground +\d\d\.\d %/);
  assert.deepEqual(await writeSegmentation(run.path, segmentation, shown), ["segmentation.json", "segmentation.html"]);
  const page = await readFile(at("vit", "segmentation.html"), "utf8");
  assert.match(page, /<img src="data:image\/png;base64,[\s\S]+>ground</);
  assert.deepEqual(JSON.parse(await readFile(at("vit", "segmentation.json"), "utf8")).scores, scores);
});

test("a feature map is scored like patches, and the command says the same with test data of their own", async () => {
  const command = ["evaluate", at("resnet"), "--train", at("scenes"), "--masks", at("masks"), "--json"];
  await writeScenes(at("others"), at("other-masks"), 4, 48);
  const ended = autodidact(...command, "--test", at("others"), "--test-masks", at("other-masks"));
  assert.equal(ended.code, 0, ended.stderr);
  const { grid, scores, test: tested, notes } = JSON.parse(ended.stdout);
  assert.deepEqual([grid, tested.images, notes], [[8, 8], 4, []]);
  const run = await openRun(at("resnet"));
  const here = { run, train: at("scenes"), masks: at("masks"), test: at("others"), testMasks: at("other-masks") };
  assert.deepEqual((await segment(here)).segmentation.scores, scores);

  const refused = (args: string[], message: RegExp) => {
    const { code, stderr } = autodidact("evaluate", at("vit"), ...args);
    assert.deepEqual([code, message.test(stderr)], [2, true], stderr);
  };
  refused(["--train", at("scenes"), "--image-size", "64"], /--image-size is of --masks, which is missing/);
  refused(["--train", at("scenes"), "--masks", at("masks"), "--folds", "3"], /--folds is for labels of whole samples/);
});

test("what does not fit is refused, and says which file and what to do", async () => {
  const run = await openRun(at("vit"));
  const options = { run, train: at("scenes"), masks: at("masks"), split: "random" };
  const rejected = (more: Partial<typeof options & { imageSize: number; classNames: string[] }>, message: RegExp) =>
    assert.rejects(segment({ ...options, ...more }), { name: "UserError", message });
  await rejected({ imageSize: 62 }, /62 pixels cannot be cut into patches of 4; try --image-size 64/);
  await rejected({ classNames: ["ground", "green"] }, /2 names, and the masks have 3 classes/);
  await rejected({ masks: at("scenes") }, /0\.png: its pixels have colours/);
  await writeMask(at("odd", "0.png"), new Uint8Array(32 * 20), 32, 20);
  await rejected({ masks: at("odd"), split: undefined as never, train: at("scenes") }, /name the test data/);
  await assert.rejects(segment({ run, train: at("scenes"), masks: at("odd"), test: at("scenes") }), {
    message: /odd\/0\.png: 32 × 20 pixels, which is not the proportion of 0\.png/,
  });
  await writeMask(at("empty", "0.png"), new Uint8Array(32 * 32), 32, 32);
  await assert.rejects(segment({ run, train: at("scenes"), masks: at("empty"), test: at("scenes") }), {
    message: /no pixel is of a class above 0/,
  });
  await writeFile(at("odd", "zero.png"), "");
  await rm(at("odd", "0.png"));
  await assert.rejects(segment({ run, train: at("scenes"), masks: at("odd"), test: at("scenes") }), {
    message: /none of 1 PNGs \(.+\.png …\) has the name of an image; 0\.png should have 0\.png/,
  });
});

test("classes have Pascal VOC's colours", () => {
  assert.deepEqual([0, 1, 2, 9, 255].map(classColour), [
    [0, 0, 0],
    [128, 0, 0],
    [0, 128, 0],
    [192, 0, 0],
    [255, 255, 255],
  ]);
});
