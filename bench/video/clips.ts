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

const seeds = { train: 1, test: 2, validation: 3 } as const;

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
 * again at the other side. The validation part has other garments of the training images. A class is a garment and a direction, so that a single frame tells a tenth of it at most.
 */
export async function movingGarments(part: "train" | "validation" | "test", clips: number): Promise<string> {
  return once(join(work, `moving-${part}-${clips}`), async (folder) => {
    const source = await image.open(
      join(shared, "fashion-mnist", `${part === "test" ? "t10k" : "train"}-images-idx3-ubyte.gz`),
    );
    const { classes = [], labels = new Int32Array() } = source;
    const names = Object.keys(directions) as (keyof typeof directions)[];
    for (let clip = 0; clip < clips; clip++) {
      const rng = new Rng(seeds[part]).split(clip);
      // Garments of the validation part lie between those of the training part.
      const index = Math.floor(((clip + (part === "validation" ? 0.5 : 0)) * source.length) / clips);
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

/** Alphabets of each part, so that what is learned is not their shapes. */
const alphabets = {
  train: ["Greek", "Japanese_(katakana)", "Korean", "Latin", "Tagalog"],
  validation: ["Early_Aramaic"],
  test: ["Balinese", "Sanskrit"],
} as const;
/** Size of Omniglot's canvas. */
const CANVAS = 105;
/** Half the width of the pen, in pixels of the canvas. */
const PEN = 2.2;
/** Share of the time of drawing that a frame shows. */
const WINDOW = 0.25;

/**
 * Omniglot's characters as people drew them, point by point: 16 frames from the first point to the last, evenly in the time
 * that the pen was down, and in each the ink of the last quarter of that time. All frames are of equally long pieces, and no
 * ink fades, so that neither the amount of ink nor its shade gives the direction away. The class is the character; the name
 * is `alphabet-character/id_person.gif`.
 */
export async function drawings(part: keyof typeof alphabets): Promise<string> {
  return once(join(work, `drawings-${part}`), async (folder) => {
    for (const set of ["small1", "small2"]) {
      const { manifest } = await listZips([join(shared, "omniglot-strokes", `strokes_background_${set}.zip`)], (name) =>
        name.endsWith(".txt"),
      );
      const entries = filesOf(manifest);
      for (const [index, name] of entries.names.entries()) {
        const [alphabet = "", character = "", file = ""] = name.split("/").slice(-3);
        const path = join(folder, `${alphabet}-${character}`, file.replace(/\.txt$/, ".gif"));
        // Two alphabets are in both sets.
        if (!alphabets[part].some((one) => one === alphabet) || existsSync(path)) continue;
        const strokes = strokesOf(Buffer.from(await entries.bytes(index)).toString("utf8"));
        if (strokes.length > 0) await writeGif(path, framesOf(strokes), SIDE);
      }
      await entries.close();
    }
  });
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
      const start = clock;
      clock += Math.max(1, Math.min(200, point.time - before.time));
      return { from: before, to: point, start, end: clock };
    }),
  );
  return Array.from({ length: FRAMES }, (_, frame) => {
    const first = (frame / (FRAMES - 1)) * (1 - WINDOW) * clock;
    const last = first + WINDOW * clock;
    const ink = new Float32Array(SIDE * SIDE);
    for (const { from, to, start, end } of segments) {
      // Points are drawn at their time within the segment, so that frames begin and end between its ends.
      const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y)));
      for (let step = 0; step <= steps; step++) {
        const time = start + ((end - start) * step) / steps;
        if (time < first || time > last) continue;
        dot(ink, from.x + ((to.x - from.x) * step) / steps, from.y + ((to.y - from.y) * step) / steps);
      }
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
