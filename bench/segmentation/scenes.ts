/** Scenes whose every pixel is known: clothes of Fashion-MNIST, in colours and sizes of their own, on photographs of CIFAR-10. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../src/array/index.ts";
import type { Source } from "../../src/data/index.ts";
import { image as images } from "../../src/modalities/image/index.ts";
import { bytesOf, type Image, withChannels } from "../../src/pixels/image.ts";
import { resizedCrop } from "../../src/pixels/transforms/resize.ts";

export const CLASSES = ["photograph", "top", "trousers", "dress", "shoe", "bag"];
/** The class of each of Fashion-MNIST's: t-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot. */
const KINDS = [1, 2, 1, 3, 1, 4, 1, 4, 5, 4];
/** Side of a scene, and the smallest and largest of a piece of clothing. */
const [SIDE, SMALLEST, LARGEST] = [64, 32, 52];
/** Level from which a pixel is of the piece and not of its black ground. */
const VISIBLE = 24;

const whole = ({ width, height }: Image) => ({ top: 0, left: 0, width, height });

/** Draws one or two pieces over a photograph; a later one hides what is below. */
function scene(photograph: Image, pieces: readonly { image: Image; label: number }[], rng: Rng) {
  const data = bytesOf(resizedCrop(withChannels(photograph, 3), whole(photograph), SIDE, SIDE));
  const mask = new Uint8Array(SIDE * SIDE);
  for (const { image, label } of pieces) {
    const side = rng.integer(SMALLEST, LARGEST + 1);
    const piece = resizedCrop(withChannels(image, 1), whole(image), side, side);
    const [left, top] = [rng.integer(0, SIDE - side + 1), rng.integer(0, SIDE - side + 1)];
    const colour = Array.from({ length: 3 }, () => rng.uniform(0.35, 1));
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const level = piece.data[y * side + x]!;
        if (level < VISIBLE) continue;
        const at = (top + y) * SIDE + left + x;
        mask[at] = label;
        for (let channel = 0; channel < 3; channel++) data[3 * at + channel] = level * colour[channel]!;
      }
  }
  return { data, mask };
}

/**
 * Writes `images/` and `masks/` to a folder.
 * @param clothes images of Fashion-MNIST
 * @param photographs of CIFAR-10
 */
export async function writeScenes(
  folder: string,
  count: number,
  seed: number,
  clothes: Source<Image>,
  photographs: Source<Image>,
): Promise<void> {
  await mkdir(join(folder, "images"), { recursive: true });
  await mkdir(join(folder, "masks"), { recursive: true });
  const png = (data: Uint8Array, channels: 1 | 3) =>
    sharp(data, { raw: { width: SIDE, height: SIDE, channels } })
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .png();
  for (let at = 0; at < count; at++) {
    const rng = new Rng(seed).split("scene", at);
    const photograph = await photographs.read(rng.integer(0, photographs.length));
    const pieces: { image: Image; label: number }[] = [];
    for (let left = rng.integer(1, 3); left > 0; left--) {
      const entry = rng.integer(0, clothes.length);
      pieces.push({ image: await clothes.read(entry), label: KINDS[clothes.labels![entry]!]! });
    }
    const { data, mask } = scene(photograph, pieces, rng);
    await writeFile(join(folder, "images", `${at}.png`), await png(data, 3).toBuffer());
    await writeFile(join(folder, "masks", `${at}.png`), await png(mask, 1).toBuffer());
  }
}

/** Opens a set of images. */
export const openImages = (path: string): Promise<Source<Image>> => images.open(path);
