import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { pretrain } from "../../../../src/training/pretrain.ts";
import { drawnSquare, writePairs } from "../../../fixtures/pairs.ts";
import { autodidact, inFolder } from "../../../support/cli.ts";

const decoder = { decoderWidth: 16, decoderDepth: 1, decoderHeads: 2 };
const joint = { encoder: "joint", encoderOptions: { width: 16, depth: 1, heads: 2, patchSize: 4 } } as const;
const towers = {
  encoder: "towers",
  encoderOptions: {
    ...({ image: "resnet", imageLayers: "8" } as const),
    ...{ imageWidth: 8, textWidth: 16, textDepth: 1, textHeads: 2, dim: 8 },
  },
} as const;

test("complete predicts words from a picture, a part of the picture from words, and points; the run tells the kind of data", () =>
  inFolder(async (folder) => {
    const data = await writePairs(join(folder, "pairs"), 16);
    const [m3ae, icmlm, region] = ["m3ae", "icmlm", "region"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const common = {
      ...{ data, modalityOptions: { imageSize: 16, maxLength: 16 } },
      training: { epochs: 1, batchSize: 8, workers: 0 },
    };
    await pretrain({ ...common, ...joint, out: m3ae, method: "m3ae", options: decoder });
    await pretrain({ ...common, ...towers, out: icmlm, method: "icmlm" });
    await pretrain({
      ...{ ...common, ...joint, out: region },
      method: "region-from-caption",
      options: { ...decoder, pointWeight: 1 },
    });
    const picture = join(folder, "square.png");
    await writeFile(picture, (await drawnSquare(3)).png);
    const fine = (...args: string[]) => {
      const ended = autodidact(...args);
      assert.equal(ended.code, 0, ended.stderr);
      return ended.stdout;
    };

    const text = "a small [MASK] square, number [MASK]";
    const listed = fine("complete", m3ae, picture, text, "--top", "2");
    assert.match(
      listed,
      /^mask 1\n(?: *\d+\.\d % +\S+\n){2}mask 2\n(?: *\d+\.\d % +\S+\n){2}a small.* square, number.*\n$/,
    );
    assert.equal(fine("pair", "complete", m3ae, picture, text, "--top", "2"), listed);
    for (const one of [m3ae, icmlm]) {
      const { masks, text: filled } = JSON.parse(fine("complete", one, picture, text, "--json"));
      assert.deepEqual(
        masks.map((candidates: { probability: number }[]) => candidates.length),
        [5, 5],
      );
      for (const candidates of masks)
        assert.ok(candidates[0].probability >= candidates[4].probability && candidates[0].probability <= 1);
      assert.doesNotMatch(filled, /MASK/);
    }

    const out = join(folder, "left.png");
    for (const one of [m3ae, region]) {
      assert.equal(
        fine("complete", one, picture, "a small red square", "--hide", "left", "--out", out),
        `a small red square\n${out}\n`,
      );
      const { width = 0, height = 0 } = await sharp(await readFile(out)).metadata();
      assert.ok(width > 3 * 96 && height > 96, `${width} × ${height}`);
    }
    const { where } = JSON.parse(fine("complete", region, picture, "red square", "--where", "--json"));
    assert.ok(
      where.x > 0 && where.x < 1 && where.y > 0 && where.y < 1 && where.probability > 0 && where.probability < 1,
    );

    // Each side of the joint encoder is a run of its kind.
    for (const [side, given] of [
      ["image", join(folder, "pairs", "images")],
      ["text", join(folder, "texts.txt")],
    ] as const) {
      await writeFile(join(folder, "texts.txt"), "a small red square\na large blue square\n");
      fine("embed", join(m3ae, side), given, "--out", join(folder, `${side}.parquet`));
    }

    const refused: [string[], RegExp][] = [
      [[m3ae, picture, "a square"], /nothing to fill in; put \[MASK\]/],
      [[region, picture, text], /region-from-caption predicts no words; m3ae and icmlm do/],
      [[icmlm, picture, "a", "--hide", "left"], /icmlm predicts no regions; m3ae and region-from-caption do/],
      [[m3ae, picture, "a", "--where"], /m3ae predicts no places; region-from-caption with --point-weight does/],
      [[m3ae, picture, "a", "--hide", "0.5,0"], /--hide 0\.5,0: must be left, .* or x,y,width,height in shares/],
      [[m3ae, picture, "a", "--hide", "0,0,1,1"], /all of the picture is hidden/],
      [[m3ae, picture, "a", "--out", out], /name the part with --hide/],
      [[m3ae, join(folder, "none.png"), text], /none\.png/],
      [[m3ae, data, text], /pairs\.csv/],
      [[m3ae, picture, "word ".repeat(40)], /reads 14 at most/],
    ];
    for (const [args, message] of refused) {
      const { code, stdout, stderr } = autodidact("complete", ...args);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, /^autodidact: [^\n]+\n$/);
      assert.match(stderr, message);
    }
    const alone = autodidact("text", "complete", m3ae, text);
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /from pixels, too; use autodidact pair complete/);
  }));
