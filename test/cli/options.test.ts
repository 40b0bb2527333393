import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { publishedCases, writePublished } from "../fixtures/torch/published.ts";
import { autodidact, type Ended, inFolder, writeImages } from "../support/cli.ts";

const file = fileURLToPath(new URL("../fixtures/xray.ts", import.meta.url));
const fromFile = ["--modality", file, "--encoder", file];

const fine = (...args: string[]): string => {
  const ended = autodidact(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
};

function refused({ code, stderr }: Ended, message: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.match(stderr.trim(), message);
}

test("help shows the options of a modality and an encoder from files, prefixed where names clash", () => {
  const help = fine("pretrain", ...fromFile, "--help").replaceAll(/\s+/g, " ");
  assert.match(help, /Data xray: .*--exposure <value> share of the intensities that is shown .*default 0\.5/);
  assert.match(help, /--xray-epochs <value> taken by training/);
  assert.match(help, /--xray-size <value> taken by the ViT/);
  assert.match(help, /Encoder block-net: .*--boost <value> boost of the last block/);
  assert.match(help, /--block-net-seed <value> taken by training/);
  // SimCLR's option keeps its name: what a flag means does not depend on a user's file.
  assert.match(help, /--block-net-temperature <value> taken by SimCLR/);
  assert.match(help, /Method simclr: (?:.* )?--temperature <value>/);
  assert.equal(help.match(/--epochs <value>/g)?.length, 1);
  assert.doesNotMatch(fine("pretrain", "--method", "simclr", "--help"), /--exposure|--boost/);
});

test("such options are flags, parsed by their schema and refused with another modality or encoder", () =>
  inFolder(async (folder) => {
    const [data, run] = [join(folder, "data"), join(folder, "run")];
    await writeImages(data, 8);
    const tiny = "--method simclr --layers 8 --width 4 --stem stride2 --image-size 16 --epochs 1 --batch-size 8";
    const args = ["pretrain", data, "--out", run, ...tiny.split(" "), "--workers", "0"];
    const flags = ["--exposure", "0.25", "--xray-size", "5", "--boost", "2", "--block-net-seed", "4"];
    refused(
      autodidact(...args, ...fromFile, "--exposure", "2"),
      /--exposure 2: must be a number above 0 and at most 1$/,
    );
    refused(autodidact(...args, ...fromFile, "--xray-size", "big"), /: --xray-size big: must be a/);
    refused(autodidact(...args, "--encoder", "resnet", "--exposure", "0.25"), /unknown option '--exposure'/);
    refused(autodidact(...args, "--modality", file, "--encoder", "resnet", "--boost", "2"), /unknown option '--boost'/);
    fine(...args, ...fromFile, ...flags);
    const { modality, encoder, training } = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    assert.deepEqual([modality.name, encoder.name], [file, file]);
    const { exposure, size, epochs, imageSize } = modality.options;
    assert.deepEqual([exposure, size, epochs, imageSize], [0.25, 5, 3, 16]);
    assert.deepEqual([encoder.options.boost, encoder.options.seed, encoder.options.width], [2, 4, 4]);
    assert.deepEqual([training.epochs, training.seed], [1, 0]);
    // Without a run, --modality decides the kind of data.
    assert.equal(JSON.parse(fine("info", data, "--modality", file, "--json")).modality, "xray");
    assert.equal(JSON.parse(fine("info", data, "--json")).modality, "image");
    refused(autodidact("info", data, "--modality", "x-ray"), /unknown modality "x-ray"/);
  }));

test("help leaves out options that a method replaces, and giving one is refused with the reason", () =>
  inFolder(async (folder) => {
    const help = fine("pretrain", "--method", "dino", "--help");
    assert.match(help, /--global-scale/);
    assert.doesNotMatch(help, / --crop-scale /);
    assert.match(help, / --blur /);
    assert.match(fine("pretrain", "--method", "simclr", "--help"), / --crop-scale /);
    const data = join(folder, "data");
    await writeImages(data, 8);
    const args = ["pretrain", data, "--method", "dino", "--out", join(folder, "run"), "--crop-scale", "0.5,1"];
    refused(
      autodidact(...args),
      /^autodidact: cropScale has no effect with dino, which has globalScale and localScale instead$/,
    );
  }));

test("help without a method shows the training options alone", () => {
  const help = fine("pretrain", "--help");
  assert.match(help, /Training:\n {2}--epochs/);
  assert.doesNotMatch(help, /Method |Encoder |Data /);
});

test("--steps and --epochs exclude each other", () => {
  const both = ["finetune", "run", "--train", "data", "--steps", "5", "--epochs", "2"];
  refused(autodidact(...both), /--steps replaces --epochs; leave out one of them/);
});

test("fine-tuning a published model takes the options of its kind of data, and refuses another kind's", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 8);
    const model = await writePublished(join(folder, "model"), publishedCases.ViTModel!);
    const args = ["finetune", model, "--train", data, "--epochs", "1", "--batch-size", "8", "--workers", "0", "--out"];
    fine(...args, join(folder, "run"), "--rand-augment", "2");
    const { modality } = JSON.parse(await readFile(join(folder, "run", "config.json"), "utf8"));
    assert.deepEqual([modality.name, modality.options.randAugment], ["image", 2]);
    refused(
      autodidact(...args, join(folder, "other"), "--max-nodes", "9"),
      /^autodidact: modality image has no option maxNodes; options: /,
    );
    assert.equal(existsSync(join(folder, "other")), false);
  }));
