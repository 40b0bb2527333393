import type { Rng } from "../../array/rng.ts";
import type { Image } from "../image.ts";
import { type Box, resizedCrop } from "./resize.ts";

/** torchvision's `RandomResizedCrop.get_params`: a box of random area and aspect, ten tries, else the centre. */
export function randomBox(
  image: Pick<Image, "width" | "height">,
  scale: readonly [number, number],
  rng: Rng,
  ratio: readonly [number, number] = [3 / 4, 4 / 3],
): Box {
  const area = image.width * image.height;
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * rng.uniform(scale[0], scale[1]);
    const aspect = Math.exp(rng.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const width = Math.round(Math.sqrt(target * aspect));
    const height = Math.round(Math.sqrt(target / aspect));
    if (width > 0 && width <= image.width && height > 0 && height <= image.height)
      return { top: rng.integer(0, image.height - height), left: rng.integer(0, image.width - width), height, width };
  }
  const aspect = image.width / image.height;
  const width = aspect > ratio[1] ? Math.max(1, Math.round(image.height * ratio[1])) : image.width;
  const height = aspect < ratio[0] ? Math.max(1, Math.round(image.width / ratio[0])) : image.height;
  return { top: Math.floor((image.height - height) / 2), left: Math.floor((image.width - width) / 2), height, width };
}

/** `RandomResizedCrop`: a box of `scale` times the area and an aspect of 3/4 to 4/3, at `side × side` pixels. */
export const randomResizedCrop = (image: Image, side: number, scale: readonly [number, number], rng: Rng): Image =>
  resizedCrop(image, randomBox(image, scale, rng), side, side);
