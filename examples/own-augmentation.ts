// How do I distort my data in a way of my own? Take a kind of data that there is, and change its `augment`.
import { fewShot, fewShotTable, type ModalityDefinition, modalities, pretrain } from "autodidact";
import type { Rng } from "autodidact/array";
import { augment, offerOf } from "autodidact/data";
import type { Image } from "autodidact/image";

const image = await modalities.load("image");

const isImage = (sample: unknown): sample is Image =>
  typeof sample === "object" && sample !== null && "data" in sample && sample.data instanceof Uint8Array;

/** Random erasing (Zhong et al. 2017, https://arxiv.org/abs/1708.04896): a rectangle, white here as the paper is. */
function erase(image: Image, rng: Rng): Image {
  const { width, height, channels, data } = image;
  const [w, h] = [rng.integer(width >> 3, width >> 1), rng.integer(height >> 3, height >> 1)];
  const [left, top] = [rng.integer(0, width - w), rng.integer(0, height - h)];
  const erased = data.slice(); // samples may be shared: never change one in place
  for (let y = top; y < top + h; y++)
    erased.fill(255, (y * width + left) * channels, (y * width + left + w) * channels);
  return { ...image, data: erased };
}

/** Images in whose augmented views a rectangle is missing; all else is as ever, options and file formats too. */
export const erasedImages: ModalityDefinition = {
  ...image,
  name: "image-erased",
  build(options, files) {
    const images = image.build(options, files);
    const usual = offerOf(images, augment);
    return {
      ...images,
      augment(sample: unknown, rng: Rng, view?: number) {
        const distorted = usual?.(sample, rng, view);
        return isImage(distorted) && rng.chance(0.5) ? erase(distorted, rng) : distorted;
      },
    };
  },
};

async function main() {
  const [data = "examples/omniglot/data/images_background_small1.zip", out = "runs/erased"] = process.argv.slice(2);
  const run = await pretrain({
    ...{ data, out, modality: import.meta.filename, method: "simclr", preset: "small" },
    modalityOptions: { imageSize: 28 },
    training: { epochs: Number(process.env.EPOCHS ?? 6) },
  });
  console.log(fewShotTable(await fewShot({ run, data, shots: [1, 5], queries: 5, episodes: 200 })));
}
if (import.meta.main) void main(); // not awaited: workers and the library import this file for what it exports
