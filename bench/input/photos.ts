import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../src/array/index.ts";

export const PHOTOS = { count: 128, width: 500, height: 375, quality: 90 } as const;

/**
 * Synthetic photographs, the same each time: coloured noise in octaves, from patches of a hundred pixels down to grain,
 * which compresses about as photographs of this size do (some 70 kB).
 */
export async function makePhotos(folder: string): Promise<void> {
  const { count, width, height, quality } = PHOTOS;
  const octaves = [
    { cells: 5, amplitude: 60 },
    { cells: 20, amplitude: 30 },
    { cells: 80, amplitude: 15 },
    { cells: 250, amplitude: 15 },
  ];
  for (let index = 0; index < count; index++) {
    const rng = new Rng(index);
    const layers = await Promise.all(
      octaves.map(({ cells }, octave) => {
        const [columns, rows] = [cells, Math.round((cells * height) / width)];
        const noise = rng.split(octave);
        const data = Uint8Array.from({ length: columns * rows * 3 }, () => noise.integer(0, 255));
        return sharp(data, { raw: { width: columns, height: rows, channels: 3 } })
          .resize(width, height, { fit: "fill", kernel: "cubic" })
          .raw()
          .toBuffer();
      }),
    );
    const pixels = new Uint8ClampedArray(width * height * 3).fill(128);
    for (const [octave, layer] of layers.entries()) {
      const gain = octaves[octave]!.amplitude / 64;
      for (let at = 0; at < pixels.length; at++) pixels[at]! += (layer[at]! - 127.5) * gain;
    }
    const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality })
      .toBuffer();
    await writeFile(join(folder, `${String(index).padStart(4, "0")}.jpg`), jpeg);
  }
}
