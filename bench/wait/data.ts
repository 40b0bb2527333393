/** Data of each kind for bench/wait.ts, made when it runs. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../src/array/rng.ts";
import { wavOf } from "../../src/modalities/audio/wav.ts";
import type { PretrainOptions } from "../../src/training/pretrain.ts";
import { cifar } from "../input/cases.ts";

/** A case: what `pretrain` is told, but for the number of steps. */
export interface WaitCase {
  readonly name: "images" | "audio" | "series" | "video";
  /** @param folder empty @returns undefined where the data are missing */
  make(folder: string): Promise<Pick<PretrainOptions, "data" | "method" | "preset" | "encoder"> | undefined>;
}

const files = async (
  folder: string,
  count: number,
  make: (at: number) => Promise<readonly [string, Uint8Array | string]>,
) => {
  await mkdir(folder, { recursive: true });
  for (let at = 0; at < count; at++) {
    const [name, contents] = await make(at);
    await writeFile(join(folder, name), contents);
  }
};

/** One second at 16 kHz, as spoken commands have. */
async function sounds(folder: string): Promise<void> {
  await files(folder, 512, async (at) => {
    const rng = new Rng(at);
    const hertz = rng.uniform(80, 4000);
    const wave = Float32Array.from(
      { length: 16_000 },
      (_, sample) => 0.3 * Math.sin((2 * Math.PI * hertz * sample) / 16_000) + rng.normal(0, 0.02),
    );
    return [`${at}.wav`, wavOf(wave, 16_000)];
  });
}

/** 256 steps of three channels. */
async function series(folder: string): Promise<void> {
  await files(folder, 512, async (at) => {
    const rng = new Rng(at);
    const rows = Array.from({ length: 256 }, (_, step) =>
      [step, Math.sin(step / (3 + (at % 20))), rng.normal(), rng.uniform(0, 1)].join(","),
    );
    return [`${at}.csv`, `time,a,b,c\n${rows.join("\n")}\n`];
  });
}

/** 16 frames of 64 × 64 pixels in colour. */
async function clips(folder: string): Promise<void> {
  const [side, frames] = [64, 16];
  await files(folder, 256, async (at) => {
    const rng = new Rng(at);
    const data = Buffer.alloc(3 * side * side * frames);
    const colour = [0, 1, 2].map(() => rng.integer(80, 255));
    const [left, step] = [rng.integer(0, 40), rng.integer(-2, 2)];
    for (let frame = 0; frame < frames; frame++)
      for (let row = 20; row < 44; row++)
        for (let column = 0; column < 24; column++) {
          const x = (left + frame * step + column + side) % side;
          data.set(colour, 3 * ((frame * side + row) * side + x));
        }
    const raw = { width: side, height: side * frames, channels: 3, pageHeight: side } as const;
    const delay = Array.from({ length: frames }, () => 100);
    return [`${at}.gif`, await sharp(data, { raw }).gif({ delay, keepDuplicateFrames: true, effort: 1 }).toBuffer()];
  });
}

export const waitCases: readonly WaitCase[] = [
  {
    name: "images",
    make: async () => (existsSync(cifar) ? { data: cifar, method: "simclr", encoder: "vit" } : undefined),
  },
  {
    name: "audio",
    async make(folder) {
      await sounds(folder);
      return { data: folder, method: "simclr", preset: "small" };
    },
  },
  {
    name: "series",
    async make(folder) {
      await series(folder);
      return { data: folder, method: "ts2vec", preset: "small" };
    },
  },
  {
    name: "video",
    async make(folder) {
      await clips(folder);
      return { data: folder, method: "mae", preset: "small-videomae" };
    },
  },
];
