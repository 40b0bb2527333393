import type { Rng } from "../../array/rng.ts";
import type { Image } from "../../pixels/image.ts";
import { placesFrom } from "./clip.ts";

/** What a distortion does to `count` frames: which of them are shown, and what becomes of each. */
interface Change {
  /** Places in the usual frames, which may lie between and beside them. */
  readonly places?: readonly number[];
  readonly frame?: (image: Image) => Image;
}

/** Deviation of the noise, of 255. */
const NOISE = 24;
/** Parts that a clip is cut into to be shuffled. */
const PARTS = 4;
const FASTER = 2;

/** Distortions by name. */
export const changes: Readonly<Record<string, (count: number, rng: Rng) => Change>> = {
  none: () => ({}),
  reversed: (count) => ({ places: placesFrom(0, count).toReversed() }),
  faster: (count) => ({ places: placesFrom((count * (1 - FASTER)) / 2, count, FASTER) }),
  slower: (count) => ({ places: placesFrom(count / 4, count, 1 / FASTER) }),
  shuffled: (count, rng) => ({ places: shuffled(count, rng) }),
  still: (count, rng) => ({ places: placesFrom(rng.integer(0, count - 1), count, 0) }),
  upsideDown: () => ({ frame: upsideDown }),
  noise: (_, rng) => ({ frame: (image) => noisy(image, rng) }),
};

/** Four parts in another order. */
function shuffled(count: number, rng: Rng): number[] {
  const parts = Math.min(PARTS, count);
  let order = rng.permutation(parts);
  while (parts > 1 && order.every((at, index) => at === index)) order = rng.permutation(parts);
  return [...order].flatMap((part) => {
    const [from, to] = [Math.floor((part * count) / parts), Math.floor(((part + 1) * count) / parts)];
    return placesFrom(from, to - from);
  });
}

function upsideDown(image: Image): Image {
  const { width, height, channels, data } = image;
  const row = width * channels;
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) turned.set(data.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
  return { ...image, data: turned };
}

const noisy = (image: Image, rng: Rng): Image => ({
  ...image,
  data: image.data.map((value) => Math.max(0, Math.min(255, Math.round(value + rng.normal(0, NOISE))))),
});
