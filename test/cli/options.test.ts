import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { autodidact, type Ended, inFolder, writeImages } from "../support/cli.ts";

const file = fileURLToPath(new URL("../fixtures/xray.ts", import.meta.url));
const own = ["--modality", file, "--encoder", file];

const fine = (...args: string[]): string => {
  const ended = autodidact(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
};

function refused({ code, stderr }: Ended, message: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.match(stderr.trim(), message);
}

test("help shows the options of a user's own modality and encoder, by names of their own where they clash", () => {
  const help = fine("pretrain", ...own, "--help").replaceAll(/\s+/g, " ");
  assert.match(help, /Data xray: .*--window <value> share of the intensities that is shown .*default 0\.5/);
  assert.match(help, /--xray-epochs <value> taken by training/);
  assert.match(help, /--xray-size <value> taken by the ViT/);
  assert.match(help, /Encoder block-net: .*--gain <value> gain of the last block/);
  assert.match(help, /--block-net-seed <value> taken by training/);
  // SimCLR's own keeps its name: what a flag means does not depend on what is in a user's file.
  assert.match(help, /--block-net-temperature <value> taken by SimCLR/);
  assert.match(help, /Method simclr: (?:.* )?--temperature <value>/);
  assert.equal(help.match(/--epochs <value>/g)?.length, 1);
  assert.doesNotMatch(fine("pretrain", "--method", "simclr", "--help"), /--window|--gain/);
});

test("they are given as flags, parsed by their schema, and refused where they do not belong", () =>
  inFolder(async (folder) => {
    const [data, run] = [join(folder, "data"), join(folder, "run")];
    await writeImages(data, 8);
    const tiny = "--method simclr --layers 8 --width 4 --stem stride2 --image-size 16 --epochs 1 --batch-size 8";
    const given = ["pretrain", data, "--out", run, ...tiny.split(" "), "--workers", "0"];
    const flags = ["--window", "0.25", "--xray-size", "5", "--gain", "2", "--block-net-seed", "4"];
    refused(autodidact(...given, ...own, "--window", "2"), /--window 2: must be a number above 0 and at most 1$/);
    refused(autodidact(...given, "--encoder", "resnet", "--window", "0.25"), /unknown option '--window'/);
    refused(autodidact(...given, "--modality", file, "--encoder", "resnet", "--gain", "2"), /unknown option '--gain'/);
    fine(...given, ...own, ...flags);
    const { modality, encoder, training } = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    assert.deepEqual([modality.name, encoder.name], [file, file]);
    const { window, size, epochs, imageSize } = modality.options;
    assert.deepEqual([window, size, epochs, imageSize], [0.25, 5, 3, 16]);
    assert.deepEqual([encoder.options.gain, encoder.options.seed, encoder.options.width], [2, 4, 4]);
    assert.deepEqual([training.epochs, training.seed], [1, 0]);
    // Without a run, data are of the kind that is named.
    assert.equal(JSON.parse(fine("info", data, "--modality", file, "--json")).modality, "xray");
    assert.equal(JSON.parse(fine("info", data, "--json")).modality, "image");
    refused(autodidact("info", data, "--modality", "x-ray"), /unknown modality "x-ray"/);
  }));

test("what a method replaces is not offered with it, and says why when it is given", () =>
  inFolder(async (folder) => {
    const help = fine("pretrain", "--method", "dino", "--help");
    assert.match(help, /--global-scale/);
    assert.doesNotMatch(help, / --crop-scale /);
    assert.match(help, / --blur /);
    assert.match(fine("pretrain", "--method", "simclr", "--help"), / --crop-scale /);
    const data = join(folder, "data");
    await writeImages(data, 8);
    const given = ["pretrain", data, "--method", "dino", "--out", join(folder, "run"), "--crop-scale", "0.5,1"];
    refused(
      autodidact(...given),
      /^autodidact: cropScale does nothing with dino; it has globalScale and localScale in its place$/,
    );
  }));

test("help without a method shows training's options, and those of no method", () => {
  const help = fine("pretrain", "--help");
  assert.match(help, /Training:\n {2}--epochs/);
  assert.doesNotMatch(help, /Method |Encoder |Data /);
});

test("--steps and --epochs both say how long", () => {
  const both = ["finetune", "run", "--train", "data", "--steps", "5", "--epochs", "2"];
  refused(autodidact(...both), /--steps is in place of --epochs; leave out one of them/);
});
