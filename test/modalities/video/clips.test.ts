/** Animated GIF and WebP and folders of frames, which are read without any other program. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import sharp from "sharp";
import { modalityFor } from "../../../src/data/recognise.ts";
import type { Source } from "../../../src/data/source.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { type Clip, frameOf } from "../../../src/modalities/video/clip.ts";
import { demuxerOf } from "../../../src/modalities/video/formats.ts";
import { video } from "../../../src/modalities/video/index.ts";
import { animationOf } from "../../../src/pixels/animation.ts";
import { animation, movingSquare, writeClips, writeFrames } from "../../fixtures/clips.ts";
import { mutants } from "../../support/mutants.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "clips-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const options = video.options.parse({ imageSize: 24, frames: 4, frameRate: 10 });
const given = (bytes: Uint8Array, name = "a.gif"): Promise<Clip> => video.accepts.bytes!(bytes, name, "").read(0);
const opened = async <Result>(path: string, use: (source: Source<Clip>) => Promise<Result>): Promise<Result> => {
  const source = await video.open(path);
  return use(source).finally(() => source.close());
};
/** Left edge of the square in a frame. */
const edgeOf = (clip: Clip, index: number): number => {
  const { width, height, data } = frameOf(clip, index);
  const row = 3 * width * Math.floor(height / 2);
  return Array.from({ length: width }, (_, column) => data[row + 3 * column]!).findIndex((value) => value > 128);
};

test("every frame of a GIF and of a WebP, in order, at its rate", async () => {
  for (const format of ["gif", "webp"] as const) {
    const clip = await given(await animation({}, format), `a.${format}`);
    assert.deepEqual([clip.frames, clip.rate, clip.original?.seconds], [6, 10, 0.6]);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((index) => edgeOf(clip, index)),
      [0, 2, 4, 6, 8, 10],
    );
    assert.deepEqual(Buffer.from(clip.sheet.data), movingSquare().data);
  }
});

test("frames that are shown longer count for longer", async () => {
  const bytes = await animation({ frames: 3 }, "gif", [100, 300, 200]);
  assert.deepEqual(animationOf(bytes)?.delays, [100, 300, 200]);
  await writeFile(join(folder, "slow.gif"), bytes);
  await opened(join(folder, "slow.gif"), async (source) => {
    const cut = await video.cut!(source, options);
    const clip = await cut.read(0);
    assert.deepEqual(
      Array.from({ length: clip.frames }, (_, index) => edgeOf(clip, index)),
      [0, 2, 2, 2, 4, 4],
    );
    await cut.close();
  });
});

test("a file that ends anywhere before its end is one line", async () => {
  for (const format of ["gif", "webp"] as const) {
    const whole = await animation({ frames: 3 }, format);
    for (let length = 0; length < whole.length - 1; length += 7)
      await assert.rejects(given(whole.subarray(0, length)), (error) => {
        assert.ok(error instanceof BrokenSample, `${length} bytes of ${format}: ${error}`);
        assert.match(error.message, /^[^\n]+$/);
        return true;
      });
  }
  const still = await sharp(movingSquare({ frames: 1 }).data, { raw: { width: 24, height: 24, channels: 3 } })
    .gif()
    .toBuffer();
  await assert.rejects(given(still), /a still GIF: one frame, and a clip has at least two/);
});

test("of damaged copies each is read or named", async () => {
  let broken = 0;
  for (const format of ["gif", "webp"] as const)
    for (const [at, bytes] of mutants(await animation({ frames: 4 }, format), 150).entries())
      await given(bytes, `${at}.${format}`).then(
        ({ frames, sheet }) => assert.ok(frames >= 2 && sheet.data.length === 3 * sheet.width * sheet.height),
        (error: unknown) => {
          assert.ok(error instanceof BrokenSample, `${format} ${at}: ${error}`);
          assert.match(error.message, /^[^\n]+$/);
          broken++;
        },
      );
  assert.ok(broken > 30 && broken < 300, `${broken} of 300 are broken`);
});

test("a GIF with a G where a transport stream has one is a GIF", async () => {
  const whole = await animation({ frames: 3 });
  const palette = 13 + 3 * 2 ** ((whole[10]! & 7) + 1);
  assert.ok(palette < 188);
  const comment = Buffer.concat([Buffer.of(0x21, 0xfe, 255), Buffer.alloc(255, "G"), Buffer.of(0)]);
  const path = join(folder, "g.gif");
  await writeFile(path, Buffer.concat([whole.subarray(0, palette), comment, comment, whole.subarray(palette)]));
  assert.equal((await opened(path, (source) => source.read(0))).frames, 3);
  const packets = Buffer.alloc(600);
  for (const at of [0, 188, 376]) packets[at] = 0x47;
  assert.equal(demuxerOf(packets), "mpegts");
  const timed = Buffer.alloc(600);
  for (const at of [4, 196, 388]) timed[at] = 0x47;
  assert.equal(demuxerOf(timed), "mpegts");
});

test("folders of frames are clips, by number, and their folders labels", async () => {
  const place = join(folder, "frames");
  await writeFrames(join(place, "right", "a"), { frames: 12 });
  await writeFrames(join(place, "right", "b"));
  await writeFrames(join(place, "left", "c"), { step: -2, start: 8 });
  await opened(place, async (source) => {
    assert.deepEqual([source.length, source.classes], [3, ["left", "right"]]);
    assert.equal(source.name(1), "right/a");
    const clip = await source.read(1);
    assert.deepEqual([clip.frames, clip.rate], [12, 25]);
    assert.deepEqual(
      [0, 1, 2, 7].map((index) => edgeOf(clip, index)),
      [0, 2, 4, 14],
    );
  });
  assert.equal(await video.recognises(place), undefined);
  assert.equal((await modalityFor(place)).name, "image");

  await rm(join(place, "right", "a", "0005.png"));
  await rm(join(place, "right", "b", "0006.png"));
  await writeFile(join(place, "left", "c", "0003.png"), "no PNG");
  const said = await opened(place, (source) =>
    Promise.all([0, 1, 2].map((index) => source.read(index).then(({ frames }) => `${frames} frames`, String))),
  );
  assert.match(said[0]!, /BrokenSample: 0003.png: not a decodable image/);
  assert.match(said[1]!, /BrokenSample: no frame 5, between 4 and 6/);
  assert.equal(said[2], "5 frames");
});

test("moving GIFs alone are clips, among stills they are images", async () => {
  const place = join(folder, "moving");
  await writeClips(place, 2);
  assert.equal((await modalityFor(place)).name, "video");
  await writeFrames(join(place, "stills"), { frames: 2 });
  assert.equal((await modalityFor(place)).name, "image");
});

test("longer clips are cut into windows with their label, decoded once and read alike from another thread's source", async () => {
  const place = join(folder, "windows");
  await writeClips(place, 1, { frames: 20 });
  await writeFile(join(place, "left", "broken.gif"), "GIF89a");
  await opened(place, async (source) => {
    const notes: string[] = [];
    const cut = await video.cut!(source, { ...options, window: 0.8, hop: 0.4 }, (note) => notes.push(note));
    assert.match(notes.join(), /3 clips are read as 9 windows of 0.80 s/);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((index) => cut.name(index)),
      ["left/001.gif@0.00s", "left/001.gif@0.40s", "left/001.gif@0.80s", "left/001.gif@1.20s", "left/broken.gif"],
    );
    assert.deepEqual([...(cut.labels ?? [])], [0, 0, 0, 0, 0, 1, 1, 1, 1]);
    assert.equal(await video.group!(cut, 3), "left/001.gif");
    await assert.rejects(cut.read(4), BrokenSample);
    const other = await video.reopen(structuredClone(cut.manifest), options);
    for (const index of [0, 1, 2, 3, 5, 8]) {
      const [one, again] = [await cut.read(index), await other.read(index)];
      assert.equal(one.frames, 8);
      assert.deepEqual(one, again);
    }
    await rm(join(place, "left", "001.gif"));
    assert.equal((await other.read(3)).frames, 8);
    await other.close();
    await cut.close();
  });
});

test("what is inferred fits the clips", async () => {
  const place = join(folder, "inferred");
  await mkdir(place);
  await writeFile(join(place, "a.gif"), await animation({ width: 40, height: 32, frames: 15 }));
  await writeFile(join(place, "b.gif"), await animation({ width: 40, height: 32, frames: 15 }));
  const inferred = await opened(place, (source) => video.infer(source));
  assert.deepEqual(inferred, { imageSize: 32, frames: 14, frameRate: 10, window: 1.5, channels: 3 });
  await writeFile(join(place, "c.gif"), await animation({ colour: [200, 200, 200], frames: 60 }, "gif", 40));
  await rm(join(place, "a.gif"));
  await rm(join(place, "b.gif"));
  const long = await opened(place, (source) => video.infer(source));
  assert.deepEqual([long.imageSize, long.frames, long.frameRate, long.window, long.channels], [24, 16, 8, 2.4, 1]);
});
