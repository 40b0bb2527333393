import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../src/array/index.ts";

/** Writes a mask as a PNG of levels of grey. */
export async function writeMask(path: string, data: Uint8Array, width: number, height: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const png = sharp(data, { raw: { width, height, channels: 1 } }).toColourspace("b-w");
  await writeFile(path, await png.png().toBuffer());
}

/** Writes scenes of a green or a blue square on dark noise, and masks in which they are 1 and 2. */
export async function writeScenes(images: string, masks: string, count: number, size = 32): Promise<void> {
  const rng = new Rng(7);
  await mkdir(images, { recursive: true });
  for (let scene = 0; scene < count; scene++) {
    const rgb = Uint8Array.from({ length: 3 * size * size }, () => rng.integer(0, 60));
    const mask = new Uint8Array(size * size);
    const [left, top, label] = [rng.integer(0, size / 2), rng.integer(0, size / 2), 1 + (scene % 2)];
    for (let y = top; y < top + size / 2; y++)
      for (let x = left; x < left + size / 2; x++) {
        rgb[3 * (y * size + x) + label] = 220;
        mask[y * size + x] = label;
      }
    const image = sharp(rgb, { raw: { width: size, height: size, channels: 3 } });
    await writeFile(join(images, `${scene}.png`), await image.png().toBuffer());
    await writeMask(join(masks, `${scene}.png`), mask, size, size);
  }
}
