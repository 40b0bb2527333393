/**
 * How fast recordings are decoded and resampled to 16 kHz, as multiples of real time on one core: the median of five
 * passes over one file of each format.
 *
 *   node bench/audio/decode.ts [seconds] [--json]        # 60 seconds of sound at 16 kHz, mono, by default
 *
 * The files are made by ffmpeg, which must be on the PATH; formats that it cannot write are left out. Short files cost
 * more: a decoder is made for each. `short`: 1 s files of the same format.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Rng } from "../../src/array/index.ts";
import { decode } from "../../src/modalities/audio/decode.ts";
import { wavOf } from "../../src/modalities/audio/wav.ts";
import { benchArguments } from "../arguments.ts";
import { median } from "../median.ts";

const { words, has } = benchArguments("node bench/audio/decode.ts [seconds] [--json]");
const seconds = Number(words[0] ?? 60);
const RATE = 16000;
const ROUNDS = 5;
const SHORT_FILES = 50;
const formats = ["wav", "flac", "mp3", "ogg", "opus", "aiff"];

/** Something like speech: harmonics that come and go, and noise. */
function sound(long: number): Float32Array {
  const rng = new Rng(1);
  return Float32Array.from({ length: long * RATE }, (_, at) => {
    const time = at / RATE;
    const pitch = 120 + 30 * Math.sin(2 * Math.PI * 0.7 * time);
    const swell = Math.max(0, Math.sin(2 * Math.PI * 2 * time)) ** 2;
    const voice = [1, 2, 3, 4].reduce(
      (sum, harmonic) => sum + Math.sin(2 * Math.PI * pitch * harmonic * time) / harmonic,
      0,
    );
    return 0.2 * swell * voice + rng.normal(0, 0.01);
  });
}

const folder = await mkdtemp(join(tmpdir(), "autodidact-decode-"));
const rows: { format: string; long: number; short: number }[] = [];
for (const format of formats) {
  const times: number[][] = [];
  for (const [name, long] of [
    ["long", seconds],
    ["short", 1],
  ] as const) {
    const wav = join(folder, `${name}.wav`);
    await writeFile(wav, wavOf(sound(long), RATE));
    const file = join(folder, `${name}-made.${format}`);
    const made = spawnSync("ffmpeg", [
      "-v",
      "error",
      "-y",
      "-i",
      wav,
      ...(format === "wav" ? ["-c", "copy"] : []),
      file,
    ]);
    if (made.status !== 0 && format !== "wav") break;
    const bytes = await readFile(made.status === 0 ? file : wav);
    const count = name === "short" ? SHORT_FILES : 1;
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      for (let at = 0; at < count; at++) await decode(bytes, RATE);
      rounds.push((performance.now() - start) / 1000 / count);
    }
    times.push([long / median(rounds)]);
  }
  const [[long] = [], [short] = []] = times;
  if (long !== undefined && short !== undefined) rows.push({ format, long, short });
  else console.error(`${format}: ffmpeg does not write it here; left out`);
}
await rm(folder, { recursive: true, force: true });
const machine = `${cpus().length} × ${cpus()[0]?.model}`;
if (has("json")) console.log(JSON.stringify({ machine, seconds, rows }, null, 2));
else {
  console.log(
    `${machine}; × real time on one core, decoded and at ${RATE} Hz\n| format | ${seconds} s | 1 s files |\n|---|---|---|`,
  );
  for (const { format, long, short } of rows) console.log(`| ${format} | ${Math.round(long)} | ${Math.round(short)} |`);
}
