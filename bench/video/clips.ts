/** Clips that are made when they are needed: moving garments of Fashion-MNIST, and characters of Omniglot as they were drawn. */
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../src/array/index.ts";
import { filesOf } from "../../src/data/files/collection.ts";
import { listZips } from "../../src/data/files/zip.ts";
import { image } from "../../src/modalities/image/index.ts";
import { root } from "../methods/shared.ts";

export const shared = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;
export const work = `${root}/bench/work/video`;

export const SIDE = 32;
export const FRAMES = 16;
const MILLISECONDS = 100;
/** Directions of motion, in pixels a frame of speed 1. */
const directions = { right: [1, 0], left: [-1, 0], down: [0, 1], up: [0, -1] } as const;

/** Writes a folder that is whole when it is there. */
export async function once(folder: string, write: (part: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  const part = `${folder}.part-${process.pid}`;
  await write(part);
  await mkdir(dirname(folder), { recursive: true });
  await rename(part, folder);
  return folder;
}

/** Grey frames as an animated GIF. */
export async function writeGif(path: string, frames: readonly Uint8Array[], side: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const rgb = Buffer.from(frames.flatMap((frame) => [...frame].flatMap((value) => [value, value, value])));
  const raw = { width: side, height: side * frames.length, channels: 3, pageHeight: side } as const;
  const delay = frames.map(() => MILLISECONDS);
  await writeFile(path, await sharp(rgb, { raw }).gif({ delay, keepDuplicateFrames: true, effort: 1 }).toBuffer());
}

/**
 * Garments that move over a black ground of 32 × 32 pixels, in one of four directions, at 1 to 2 pixels a frame, and come in
 * again at the other side. A class is a garment and a direction, so that a single frame tells a tenth of it at most.
 */
export async function movingGarments(part: "train" | "test", clips: number): Promise<string> {
  return once(join(work, `moving-${part}-${clips}`), async (folder) => {
    const source = await image.open(
      join(shared, "fashion-mnist", `${part === "train" ? "train" : "t10k"}-images-idx3-ubyte.gz`),
    );
    const { classes = [], labels = new Int32Array() } = source;
    const names = Object.keys(directions) as (keyof typeof directions)[];
    for (let clip = 0; clip < clips; clip++) {
      const rng = new Rng(part === "train" ? 1 : 2).split(clip);
      const index = Math.floor((clip * source.length) / clips);
      const { width, height, channels, data } = await source.read(index);
      const direction = names[rng.integer(0, names.length - 1)]!;
      const [x, y] = directions[direction];
      const speed = rng.uniform(1, 2);
      const [left, top] = [rng.integer(0, SIDE - 1), rng.integer(0, SIDE - 1)];
      const frames = Array.from({ length: FRAMES }, (_, at) => {
        const frame = new Uint8Array(SIDE * SIDE);
        const [dx, dy] = [left + Math.round(at * speed * x), top + Math.round(at * speed * y)];
        for (let row = 0; row < height; row++)
          for (let column = 0; column < width; column++) {
            const [to, from] = [inside(row + dy) * SIDE + inside(column + dx), (row * width + column) * channels];
            frame[to] = Math.max(frame[to]!, data[from]!);
          }
        return frame;
      });
      const label = `${classes[labels[index]!]}-${direction}`;
      await writeGif(join(folder, label, `${String(clip).padStart(5, "0")}.gif`), frames, SIDE);
    }
    await source.close();
  });
}

const inside = (place: number): number => ((place % SIDE) + SIDE) % SIDE;

/** Alphabets whose characters are for tests only, so that what is learned is not their shapes. */
const UNSEEN = 2;
/** Size of Omniglot's canvas. */
const CANVAS = 105;
/** Half the width of the pen, in pixels of the canvas. */
const PEN = 2.2;

/**
 * Omniglot's characters as people drew them, point by point: 16 frames from the first point to the last, evenly in the time
 * that the pen was down. The class is the character; the last alphabets are the test part.
 * @returns the folders of both parts
 */
export async function drawings(most = Number.POSITIVE_INFINITY): Promise<{ train: string; test: string }> {
  const folder = await once(join(work, `drawings-${most}`), async (part) => {
    const { manifest } = await listZips([join(shared, "omniglot-strokes", "strokes_background_small1.zip")], (name) =>
      name.endsWith(".txt"),
    );
    const entries = filesOf(manifest);
    const alphabets = [...new Set(entries.names.map((name) => name.split("/")[0]!))].sort();
    const unseen = new Set(alphabets.slice(-UNSEEN));
    const step = Math.max(1, entries.names.length / most);
    for (let at = 0; at < entries.names.length; at += step) {
      const index = Math.floor(at);
      const name = entries.names[index]!;
      const strokes = strokesOf(Buffer.from(await entries.bytes(index)).toString("utf8"));
      if (strokes.length === 0) continue;
      const [alphabet = "", ...rest] = name.replace(/\.txt$/, ".gif").split("/");
      const path = join(part, unseen.has(alphabet) ? "test" : "train", `${alphabet}-${rest[0]}`, rest.at(-1)!);
      await writeGif(path, framesOf(strokes), SIDE);
    }
    await entries.close();
  });
  return { train: join(folder, "train"), test: join(folder, "test") };
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly time: number;
}

/** Strokes of points `x,y,t`; y is negative downwards. */
const strokesOf = (text: string): Point[][] =>
  text
    .split(/START|BREAK/)
    .map((stroke) =>
      stroke
        .split("\n")
        .map((line) => line.split(",").map(Number))
        .filter((values) => values.length === 3 && values.every(Number.isFinite))
        .map(([x = 0, y = 0, time = 0]) => ({ x, y: -y, time })),
    )
    .filter((stroke) => stroke.length > 0);

/** White ink on black; the pause between two strokes takes no time. */
function framesOf(strokes: readonly (readonly Point[])[]): Uint8Array[] {
  let clock = 0;
  const segments = strokes.flatMap((stroke) =>
    stroke.map((point, at) => {
      const before = stroke[Math.max(0, at - 1)]!;
      clock += Math.max(1, Math.min(200, point.time - before.time));
      return { from: before, to: point, at: clock };
    }),
  );
  const ink = new Float32Array(SIDE * SIDE);
  let drawn = 0;
  return Array.from({ length: FRAMES }, (_, frame) => {
    const until = ((frame + 1) / FRAMES) * clock;
    for (; drawn < segments.length && segments[drawn]!.at <= until; drawn++) {
      const { from, to } = segments[drawn]!;
      const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y)));
      for (let step = 0; step <= steps; step++)
        dot(ink, from.x + ((to.x - from.x) * step) / steps, from.y + ((to.y - from.y) * step) / steps);
    }
    return Uint8Array.from(ink, (value) => Math.round(255 * value));
  });
}

/** A round point of the pen, with soft edges. */
function dot(ink: Float32Array, x: number, y: number): void {
  const scale = SIDE / CANVAS;
  const [cx, cy, radius] = [x * scale, y * scale, PEN * scale];
  for (let row = Math.floor(cy - radius - 1); row <= cy + radius + 1; row++)
    for (let column = Math.floor(cx - radius - 1); column <= cx + radius + 1; column++) {
      if (row < 0 || column < 0 || row >= SIDE || column >= SIDE) continue;
      const distance = Math.hypot(row + 0.5 - cy, column + 0.5 - cx);
      const at = row * SIDE + column;
      ink[at] = Math.max(ink[at]!, Math.max(0, Math.min(1, radius + 0.5 - distance)));
    }
}
