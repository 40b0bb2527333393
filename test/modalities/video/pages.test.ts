/** Clips on pages: strips of frames, and animated WebP that plays by itself. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { embed } from "../../../src/evaluation/collection/embed.ts";
import { look } from "../../../src/evaluation/collection/look.ts";
import { search } from "../../../src/evaluation/collection/search.ts";
import { encoded } from "../../../src/evaluation/drawing/player.ts";
import { labelEfficiency } from "../../../src/evaluation/label-efficiency/label-efficiency.ts";
import { type Clip, clipOf } from "../../../src/modalities/video/clip.ts";
import { playable } from "../../../src/modalities/video/draw.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { writeClips } from "../../fixtures/clips.ts";
import { inFolder } from "../../support/cli.ts";

/** Frames that become brighter from one to the next. */
const brightening = (frames: number, rate: number, width: number, height: number): Clip =>
  clipOf(
    Array.from({ length: frames }, (_, at) => {
      const data = new Uint8Array(3 * width * height).fill(Math.round((255 * at) / frames));
      return { width, height, channels: 3, data };
    }),
    rate,
  );

/** Frames, milliseconds of all of them, and size of an animation. */
async function facts(bytes: Uint8Array) {
  const { pages, delay, width, pageHeight, loop } = await sharp(bytes, { pages: -1 }).metadata();
  return { pages, lasts: delay?.reduce((sum, one) => sum + one, 0), width, height: pageHeight, loop };
}

/** The animations in a page. */
const animationsIn = (html: string): Buffer[] =>
  [...html.matchAll(/<img src="data:image\/webp;base64,([^"]+)"/g)].map(([, text]) => Buffer.from(text!, "base64"));

test("a clip is an animation of all its frames in order, at its rate", async () => {
  const { type, bytes } = await encoded(playable(brightening(8, 10, 24, 16)));
  assert.equal(type, "image/webp");
  assert.deepEqual(await facts(bytes), { pages: 8, lasts: 800, width: 24, height: 16, loop: 0 });
  const levels = await Promise.all(
    [0, 3, 7].map(async (page) => (await sharp(bytes, { page }).stats()).channels[0]!.mean),
  );
  for (const [at, frame] of [0, 3, 7].entries()) assert.ok(Math.abs(levels[at]! - (255 * frame) / 8) < 4, `${levels}`);
});

test("on a page fast clips have fewer frames, long ones their beginning, large ones smaller frames", async () => {
  // Encoders join frames that look the same.
  const { pages: _, ...fast } = await facts((await encoded(playable(brightening(90, 30, 288, 144)))).bytes);
  assert.deepEqual(fast, { lasts: 36 * 83, width: 144, height: 72, loop: 0 });
  assert.equal((await facts((await encoded(playable(brightening(200, 10, 16, 16)))).bytes)).lasts, 7200);
  // A clip of one frame is an image that does not move.
  assert.equal((await facts((await encoded(playable(brightening(1, 10, 16, 16)))).bytes)).pages, undefined);
});

test("search, report and look show strips and play clips", () =>
  inFolder(async (folder) => {
    const clips = join(folder, "clips");
    const [first = ""] = await writeClips(clips, 6);
    const run = await pretrain({
      ...{ data: clips, out: join(folder, "run"), method: "mae", encoder: "vit", preset: "small" },
      encoderOptions: { width: 16, depth: 1, heads: 1, patchSize: [2, 8, 8], pooling: "class" },
      options: { decoderWidth: 16, decoderDepth: 1, decoderHeads: 1 },
      modalityOptions: { imageSize: 24, frames: 4 },
      training: { epochs: 1, batchSize: 6, workers: 0 },
    });
    const [bank, html] = [join(folder, "clips.parquet"), join(folder, "found.html")];
    await embed({ run, data: clips, out: bank });
    const found = await search({ run, query: first, in: bank, top: 3, html });
    assert.deepEqual(Object.keys(found[0]!).sort(), ["label", "path", "similarity"]);
    const played = animationsIn(await readFile(html, "utf8"));
    assert.equal(played.length, 4, "the query and three neighbours");
    for (const bytes of played) assert.equal((await facts(bytes)).pages, 6);

    const others = join(folder, "others");
    await writeClips(others, 4, { start: 5 });
    const options = { run, train: clips, test: others, shares: [100], draws: 1, finetune: false, scratch: false };
    await labelEfficiency({ ...options, out: join(folder, "report") });
    const report = await readFile(join(folder, "report", "report.html"), "utf8");
    assert.ok(animationsIn(report).length >= 10, "test clips and their neighbours");
    assert.match(report, /<div class="heard"><div><img src="data:image\/png/, "a strip beside each");

    const { png, columns } = await look({ run, samples: 2 });
    assert.deepEqual(columns, ["original", "attention 1", "masked", "reconstruction"]);
    assert.equal((await sharp(png).metadata()).format, "png");
  }));
