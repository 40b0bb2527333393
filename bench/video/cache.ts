/**
 * Decoding once: 300 clips of 3 s, H.264 of 320 × 240 pixels and 25 frames a second with grain, made here by ffmpeg, are decoded
 * into the cache of small frames that training reads, at the rate and size that follow from the data.
 *
 *   node bench/video/cache.ts [--clips 300] [--json]      # ffmpeg and ffprobe on the PATH
 *
 * `--json` appends to bench/results/cache.jsonl.
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ffmpeg, INSTALL } from "../../src/modalities/video/formats.ts";
import { video } from "../../src/modalities/video/index.ts";
import { addLine, root } from "../methods/shared.ts";

const { values } = parseArgs({
  options: { clips: { type: "string", default: "300" }, json: { type: "boolean", default: false } },
});
const clips = Number(values.clips);
const [SECONDS, RATE] = [3, 25];
/** Clips read at a time, as by two workers of a training. */
const CONCURRENCY = 4;

const programs = ffmpeg();
if (!programs) {
  console.error(`this bench ${INSTALL}`);
  process.exit(0);
}
const folder = await mkdtemp(join(tmpdir(), "autodidact-cache-"));
try {
  await mkdir(join(folder, "clips"));
  const made = performance.now();
  execFileSync(programs.ffmpeg, [
    ...["-nostdin", "-v", "error", "-f", "lavfi"],
    ...["-i", `testsrc2=size=320x240:rate=${RATE}:duration=${clips * SECONDS},noise=alls=12:allf=t`],
    ...["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", `${SECONDS * RATE}`],
    ...["-keyint_min", `${SECONDS * RATE}`, "-sc_threshold", "0", "-f", "segment", "-segment_time", `${SECONDS}`],
    ...["-reset_timestamps", "1", join(folder, "clips", "%04d.mp4")],
  ]);
  console.error(`made in ${((performance.now() - made) / 1000).toFixed(0)} s`);
  const start = performance.now();
  const source = await video.open(join(folder, "clips"));
  const options = video.options.parse(await video.infer(source));
  const cut = await video.cut!(source, options);
  let frames = 0;
  for (let first = 0; first < cut.length; first += CONCURRENCY) {
    const some = Array.from({ length: Math.min(CONCURRENCY, cut.length - first) }, (_, at) => cut.read(first + at));
    for (const clip of await Promise.all(some)) frames += clip.frames;
  }
  const seconds = (performance.now() - start) / 1000;
  const again = performance.now();
  for (let index = 0; index < cut.length; index++) await cut.read(index);
  const later = (performance.now() - again) / 1000;
  await cut.close();
  await source.close();
  const { imageSize, frameRate } = options;
  const result = {
    ...{ clips: cut.length, seconds: Number(seconds.toFixed(1)), decodedFrames: clips * SECONDS * RATE, frames },
    ...{ imageSize, frameRate, laterSeconds: Number(later.toFixed(2)) },
    ...{ load: Number(loadavg()[0]!.toFixed(1)), machine: `${cpus().length} × ${cpus()[0]?.model}` },
  };
  console.log(
    `${cut.length} clips in ${seconds.toFixed(1)} s, ${(result.decodedFrames / seconds).toFixed(0)} frames/s; ${frames} frames of ${imageSize} × 4/3 pixels kept, read again in ${later.toFixed(2)} s; load ${result.load}`,
  );
  if (values.json) await addLine(`${root}/bench/results/cache.jsonl`, result);
} finally {
  await rm(folder, { recursive: true, force: true });
}
