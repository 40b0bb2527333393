/** Films decoded by node-av, the optional peer, against ffmpeg's frames of the same files. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { type Clip, frameOf } from "../../../src/modalities/video/clip.ts";
import { ffmpeg, nodeAv } from "../../../src/modalities/video/formats.ts";
import { video } from "../../../src/modalities/video/index.ts";

const programs = ffmpeg();
const missing = [...(programs ? [] : ["ffmpeg to make clips"]), ...(nodeAv() ? [] : ["the package node-av"])];
const needs = { skip: missing.length > 0 ? `without ${missing.join(" and ")}` : false };
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "node-av-"));
  await mkdir(join(folder, "empty"));
});
after(() => rm(folder, { recursive: true, force: true }));

const make = (...options: string[]): void => {
  execFileSync(programs!.ffmpeg, ["-nostdin", "-v", "error", "-y", ...options], { cwd: folder, stdio: "pipe" });
};
const picture = (size = "64x48", rate = 10, seconds = 2) => [
  ...["-f", "lavfi", "-i", `testsrc=size=${size}:rate=${rate}:duration=${seconds}`],
];
const h264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];

async function read(name: string): Promise<Clip> {
  const source = await video.open(join(folder, name));
  return source.read(0).finally(() => source.close());
}

/** The same without ffmpeg on the PATH. */
async function byNodeAv<Result>(use: () => Promise<Result>): Promise<Result> {
  const { PATH } = process.env;
  process.env.PATH = join(folder, "empty");
  try {
    assert.equal(ffmpeg(), undefined);
    return await use();
  } finally {
    process.env.PATH = PATH;
  }
}

test("without ffmpeg, node-av decodes films", { skip: nodeAv() ? false : "without the package node-av" }, async () => {
  // A white bar of 8 columns that moves to the right by 2 a frame, from the third column on; made with ffmpeg.
  const path = fileURLToPath(new URL("../../fixtures/bar.mp4", import.meta.url));
  const clip = await byNodeAv(async () => {
    const source = await video.open(path);
    return source.read(0).finally(() => source.close());
  });
  assert.deepEqual(clip.original, { width: 32, height: 32, rate: 10, seconds: 1 });
  for (let frame = 0; frame < 10; frame++) {
    const { data } = frameOf(clip, frame);
    const lit = Array.from({ length: 32 }, (_, column) => data[3 * (16 * 32 + column)]! > 128);
    assert.deepEqual([lit.indexOf(true), lit.lastIndexOf(true)], [2 * frame + 2, 2 * frame + 9], `frame ${frame}`);
  }
});

test("sizes, rates and frames are ffmpeg's", needs, async () => {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    "one.mp4": [...picture(), ...h264],
    "one.mkv": [...picture(), ...h264],
    "one.avi": [...picture(), "-c:v", "mpeg4"],
    "one.webm": [...picture(), "-c:v", "libvpx", "-b:v", "200k"],
    "wide.mp4": [...picture(), "-vf", "setsar=2", ...h264],
    "large.mp4": [...picture("320x240", 8, 1), ...h264],
    // The middle ten seconds are looked at.
    "long.mp4": [...picture("64x48", 5, 15), ...h264],
    "varying.mp4": [...picture("64x48", 20), "-vf", "select='lt(t,1)+not(mod(n,4))'", "-vsync", "vfr", ...h264],
    "two.mkv": [
      ...picture("32x32"),
      ...picture(),
      ...["-map", "0", "-map", "1", ...h264, "-disposition:v:1", "default", "-disposition:v:0", "0"],
    ],
  };
  for (const [name, options] of Object.entries(kinds)) make(...options, name);
  try {
    make("-display_rotation:v:0", "90", "-i", "one.mp4", "-c", "copy", "turned.mp4");
  } catch {
    // Before ffmpeg 6.
    make("-i", "one.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90", "turned.mp4");
  }
  for (const name of [...Object.keys(kinds), "turned.mp4"]) {
    const [theirs, ours] = [await read(name), await byNodeAv(() => read(name))];
    assert.deepEqual(
      [ours.rate, ours.original, ours.sheet.width],
      [theirs.rate, theirs.original, theirs.sheet.width],
      name,
    );
    // How long the last frame is shown is not in every file.
    assert.ok(Math.abs(ours.frames - theirs.frames) <= (name === "varying.mp4" ? 2 : 0), `${name}: ${ours.frames}`);
    const length = Math.min(ours.sheet.data.length, theirs.sheet.data.length);
    // Versions of FFmpeg enlarge otherwise.
    let apart = 0;
    for (let at = 0; at < length; at++) apart += Math.abs(ours.sheet.data[at]! - theirs.sheet.data[at]!);
    assert.ok(apart / length < (name === "wide.mp4" ? 6 : 3), `${name}: ${apart / length} of 255 apart`);
  }
});

test("what is no whole clip is one line", needs, async () => {
  make(...picture(), ...h264, "-movflags", "faststart", "whole.mp4");
  make("-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-c:a", "aac", "sound.mp4");
  make(...picture("64x48", 10, 1), "-frames:v", "1", ...h264, "one-frame.mp4");
  const whole = await readFile(join(folder, "whole.mp4"));
  await writeFile(join(folder, "cut.mp4"), whole.subarray(0, Math.floor(0.7 * whole.length)));
  await writeFile(join(folder, "start.mp4"), whole.subarray(0, 300));
  const expected: Readonly<Record<string, RegExp>> = {
    "cut.mp4": /^(damaged|cut off)/,
    "start.mp4": /^(damaged|cut off)/,
    "sound.mp4": /^no video track \(only sound\)/,
    "one-frame.mp4": /^one frame, and a clip has at least two/,
  };
  for (const [name, pattern] of Object.entries(expected))
    await assert.rejects(
      byNodeAv(() => read(name)),
      (error) => {
        assert.ok(error instanceof BrokenSample, `${name}: ${error}`);
        assert.match(error.message, /^[^\n]+$/);
        assert.match(error.message, pattern, name);
        return true;
      },
    );
});
