/** Clips that ffmpeg decodes, made by it when the tests run. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { type Clip, frameOf } from "../../../src/modalities/video/clip.ts";
import { ffmpeg, INSTALL, nodeAv } from "../../../src/modalities/video/formats.ts";
import { video } from "../../../src/modalities/video/index.ts";
import { mutants } from "../../support/mutants.ts";

const programs = ffmpeg();
const needs = { skip: programs ? false : "ffmpeg and ffprobe are not on the PATH" };
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "films-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs ffmpeg in the folder. */
const make = (...options: string[]): void => {
  execFileSync(programs!.ffmpeg, ["-nostdin", "-v", "error", "-y", ...options], { cwd: folder, stdio: "pipe" });
};
const picture = (size = "64x48", rate = 10, seconds = 2) => [
  ...["-f", "lavfi", "-i", `testsrc=size=${size}:rate=${rate}:duration=${seconds}`],
];
const sound = (seconds = 2) => ["-f", "lavfi", "-i", `sine=frequency=440:duration=${seconds}`];
const h264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];

async function read(name: string): Promise<Clip> {
  const source = await video.open(join(folder, name));
  return source.read(0).finally(() => source.close());
}
const options = video.options.parse({ imageSize: 24, frames: 8, frameRate: 5 });

test("containers and codecs: size, rate and number of frames", needs, async () => {
  const kinds: readonly (readonly [string, readonly string[]])[] = [
    ["one.mp4", h264],
    ["one.mov", ["-c:v", "mpeg4"]],
    ["one.mkv", h264],
    ["one.avi", ["-c:v", "mpeg4"]],
    ["jpeg.avi", ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]],
    ["one.webm", ["-c:v", "libvpx", "-b:v", "200k"]],
    ["one.mpg", ["-c:v", "mpeg2video", "-r", "25"]],
  ];
  for (const [name, codec] of kinds) {
    make(...picture(), ...codec, name);
    const { frames, rate, sheet, original } = await read(name);
    const native = name.endsWith("mpg") ? 25 : 10;
    assert.deepEqual([original?.width, original?.height, Math.round(rate)], [64, 48, native], name);
    assert.ok(Math.abs(frames - 2 * native) <= 2, `${name}: ${frames} frames`);
    assert.deepEqual([sheet.width, sheet.height], [64, 48 * frames], name);
  }
});

test("decoded frames are those of the clip", needs, async () => {
  make("-f", "lavfi", "-i", "color=red:size=32x32:rate=10:duration=1", ...h264, "red.mp4");
  make("-f", "lavfi", "-i", "color=blue:size=32x32:rate=10:duration=1", ...h264, "blue.mp4");
  await writeFile(join(folder, "list.txt"), "file red.mp4\nfile blue.mp4\n");
  make("-f", "concat", "-i", "list.txt", "-c", "copy", "both.mp4");
  const clip = await read("both.mp4");
  assert.equal(clip.frames, 20);
  for (let index = 0; index < 20; index++) {
    const [red = 0, , blue = 0] = frameOf(clip, index).data.subarray(3 * 500);
    assert.ok(index < 10 ? red > 200 && blue < 60 : blue > 200 && red < 60, `frame ${index}: ${red}, ${blue}`);
  }
});

test("what is odd about a clip is read as players show it", needs, async () => {
  make(...picture(), ...h264, "upright.mp4");
  try {
    make("-display_rotation:v:0", "90", "-i", "upright.mp4", "-c", "copy", "turned.mp4");
  } catch {
    // Before ffmpeg 6.
    make("-i", "upright.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90", "turned.mp4");
  }
  const turned = await read("turned.mp4");
  assert.deepEqual([turned.original?.width, turned.original?.height, turned.sheet.width], [48, 64, 48]);

  make(...picture(), "-vf", "setsar=2", ...h264, "wide.mp4");
  assert.equal((await read("wide.mp4")).original?.width, 128);

  // One second at 20 frames a second, one at 5.
  make(...picture("64x48", 20, 2), "-vf", "select='lt(t,1)+not(mod(n,4))'", "-vsync", "vfr", ...h264, "varying.mp4");
  const varying = await video.open(join(folder, "varying.mp4"));
  const cut = await video.cut!(varying, options);
  assert.ok(Math.abs((await cut.read(0)).frames - 10) <= 1);
  await cut.close();
  await varying.close();

  make(
    ...picture("32x32"),
    ...picture("64x48"),
    "-map",
    "0",
    "-map",
    "1",
    ...h264,
    "-disposition:v:1",
    "default",
    "-disposition:v:0",
    "0",
    "two.mkv",
  );
  assert.equal((await read("two.mkv")).original?.width, 64);

  make(...sound(3), ...picture(), "-map", "0", "-map", "1", ...h264, "longer-sound.mp4");
  assert.ok(Math.abs((await read("longer-sound.mp4")).frames - 20) <= 1);
});

test("a clip without a length in its header is decoded to learn it", needs, async () => {
  make(...picture("64x48", 10, 4), "-c:v", "libvpx", "-b:v", "200k", "-f", "webm", "-live", "1", "live.webm");
  const source = await video.open(join(folder, "live.webm"));
  const cut = await video.cut!(source, { ...options, window: 2 });
  assert.deepEqual(
    [0, 1].map((index) => cut.name(index)),
    ["live.webm@0.00s", "live.webm@2.00s"],
  );
  assert.equal((await cut.read(1)).frames, 10);
  await cut.close();
  await source.close();
});

test("forty minutes are windows, and a window is read alone", needs, async () => {
  make(...picture("32x24", 2, 2400), "-c:v", "mpeg4", "long.mp4");
  const source = await video.open(join(folder, "long.mp4"));
  const looked = await source.read(0);
  assert.ok(looked.frames <= 20 && looked.original?.seconds === 2400);
  const notes: string[] = [];
  const cut = await video.cut!(source, { ...options, frameRate: 2, window: 4 }, (note) => notes.push(note));
  assert.match(notes.join(), /1 clips are read as 600 windows of 4.00 s/);
  assert.equal((await cut.read(599)).frames, 8);
  assert.equal(cut.name(599), "long.mp4@2396.00s");
  assert.equal(await video.group!(cut, 599), "long.mp4");
  await cut.close();
  await source.close();
});

test("what is no whole clip is one line", needs, async () => {
  make(...picture(), ...h264, "-movflags", "faststart", "whole.mp4");
  const whole = await readFile(join(folder, "whole.mp4"));
  make(...sound(), "-c:a", "aac", "sound.mp4");
  make(...picture("64x48", 10, 1), "-frames:v", "1", ...h264, "one-frame.mp4");
  make(...picture("64x48", 10, 1), "-frames:v", "0", ...h264, "no-frame.mp4");
  make(...picture("32x32", 1, 1), "-frames:v", "1", "cover.png");
  make(
    ...sound(),
    "-i",
    "cover.png",
    "-map",
    "0",
    "-map",
    "1",
    "-c:a",
    "aac",
    "-c:v",
    "png",
    "-disposition:v:0",
    "attached_pic",
    "cover.mp4",
  );
  const files: Readonly<Record<string, Buffer | undefined>> = {
    "cut.mp4": whole.subarray(0, Math.floor(0.7 * whole.length)),
    "start.mp4": whole.subarray(0, 300),
    "empty.mp4": Buffer.alloc(0),
    "text.mp4": Buffer.from("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
    "sound.mp4": undefined,
    "cover.mp4": undefined,
    "one-frame.mp4": undefined,
    "no-frame.mp4": undefined,
  };
  for (const [name, bytes] of Object.entries(files)) if (bytes) await writeFile(join(folder, name), bytes);
  const said: string[] = [];
  for (const name of Object.keys(files))
    await read(name).then(
      () => said.push(`${name}: read`),
      (error: unknown) => {
        assert.ok(error instanceof BrokenSample, `${name}: ${error}`);
        assert.match(error.message, /^[^\n]+$/);
        said.push(`${name}: ${error.message}`);
      },
    );
  const expected = [
    /^cut.mp4: (damaged|cut off)/,
    /^start.mp4: (damaged|cut off)/,
    /^empty.mp4: empty file/,
    /^text.mp4: not a clip of a known format/,
    /^sound.mp4: no video track \(only sound\)/,
    /^cover.mp4: no video track/,
    /^one-frame.mp4: one frame, and a clip has at least two/,
    /^no-frame.mp4: damaged/,
  ];
  for (const [at, pattern] of expected.entries()) assert.match(said[at]!, pattern);
});

test("of damaged copies each is read or named, and nothing crashes", needs, async () => {
  make(...picture("32x24", 5, 1), ...h264, "small.mp4");
  make(...picture("32x24", 5, 1), "-c:v", "libvpx", "small.webm");
  let broken = 0;
  for (const name of ["small.mp4", "small.webm"])
    for (const bytes of mutants(await readFile(join(folder, name)), 12)) {
      const source = video.accepts.bytes!(bytes, name, "");
      await source.read(0).then(
        ({ frames }) => assert.ok(frames >= 2),
        (error: unknown) => {
          assert.ok(error instanceof BrokenSample, String(error));
          assert.match(error.message, /^[^\n]+$/);
          broken++;
        },
      );
    }
  assert.ok(broken > 4, `${broken} of 24 are broken`);
});

test("a broken clip is decoded once, whatever the number of its windows", needs, async () => {
  make(...picture("64x48", 10, 4), ...h264, "-movflags", "faststart", "-g", "5", "four.mp4");
  const whole = await readFile(join(folder, "four.mp4"));
  await writeFile(join(folder, "half.mp4"), whole.subarray(0, Math.floor(0.6 * whole.length)));
  const source = await video.open(join(folder, "half.mp4"));
  const cut = await video.cut!(source, { ...options, window: 2 });
  assert.equal(cut.length, 2);
  const reasons = await Promise.all([0, 1, 0, 1].map((index) => cut.read(index).then(() => "read", String)));
  assert.match(reasons[0]!, /BrokenSample/);
  assert.equal(new Set(reasons).size, 1);
  await cut.close();
  await source.close();
});

test("one line names both decoders", () => {
  assert.match(INSTALL, /^needs ffmpeg and ffprobe on the PATH: [^\n]*; or the package node-av: npm install node-av$/);
});

test("without ffmpeg the error says what to install", { skip: nodeAv() ? "node-av is installed" : false }, async () => {
  const place = await mkdtemp(join(tmpdir(), "no-films-"));
  await writeFile(join(place, "a.mp4"), "x");
  const { PATH } = process.env;
  process.env.PATH = place;
  try {
    for (const use of [video.recognises, (path: string) => video.open(path)])
      await assert.rejects(use(place), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(
          error.message,
          /1 MP4 \(needs ffmpeg and ffprobe on the PATH: apt install ffmpeg[^\n]*; or the package node-av: npm install node-av[^\n]*$/,
        );
        return true;
      });
  } finally {
    process.env.PATH = PATH;
    await rm(place, { recursive: true });
  }
});
