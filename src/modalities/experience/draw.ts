import type { Tensor } from "../../array/tensor.ts";
import type { Shown } from "../../data/modality.ts";
import type { Picture } from "../../data/picture.ts";
import type { Learned } from "./learned.ts";
import { actionAt, type ExperienceSample, imageAt, isSeen } from "./sample.ts";
import { arraysOf, episodeOf } from "./sources/store.ts";
import { type Planes, resized } from "./transforms/planes.ts";

/** Longest side of pictures on pages, and shortest: small images are enlarged. */
const LARGEST = 96;
/** Numbers of a line. */
const LISTED = 8;
const LINE = 300;

/** Values in [0, 1] as a picture; of one channel, as dark and light as it goes. */
function pictureOf({ channels, height, width, data }: Planes): Picture {
  const plane = height * width;
  const rgb = new Uint8Array(3 * plane);
  let [low, high] = [0, 1];
  if (channels === 1) {
    [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  const range = high > low ? high - low : 1;
  for (let at = 0; at < plane; at++)
    for (let colour = 0; colour < 3; colour++) {
      const value = data[(channels === 1 ? 0 : colour) * plane + at]!;
      rgb[3 * at + colour] = Math.max(0, Math.min(255, Math.round((255 * (value - low)) / range)));
    }
  return { width, height, rgb };
}

/** The encoder's pixels as a picture; undefined if they are none. */
export function drawPlanes({ shape, data, dtype }: Tensor, { mean, std }: Learned): Picture | undefined {
  const [channels = 0, height = 0, width = 0] = shape;
  if (dtype !== "float32" || shape.length !== 3 || channels !== mean.length || Math.min(height, width) < 2)
    return undefined;
  const plane = height * width;
  const values = Float32Array.from(data, (value, at) => {
    const channel = Math.floor(at / plane);
    return value * std[channel]! + mean[channel]!;
  });
  return pictureOf({ channels, height, width, data: values });
}

const numbers = (values: ArrayLike<number>): string => {
  const some = Array.from({ length: Math.min(LISTED, values.length) }, (_, at) => Number(values[at]!.toPrecision(3)));
  return `${some.join(" ")}${values.length > LISTED ? " …" : ""}`;
};

/** `episode 3, frame 5 of 20: state 0.1 0.2; action 0.5`, and the image, if there is one. */
export function shown(sample: ExperienceSample, learned: Learned): Shown {
  if (isSeen(sample)) return { text: "a view of a frame" };
  const { store, row } = sample;
  const { number, first, steps, from } = episodeOf(store, row);
  const { values } = arraysOf(store);
  const parts = store.vectors.map(({ name, size, offset }) => {
    const start = row * store.width + offset;
    return `${name} ${numbers(values.subarray(start, start + size))}`;
  });
  const done = actionAt(sample);
  if (done.every((value) => !Number.isNaN(value)))
    parts.push(
      `action ${store.action.choices === undefined ? numbers(done) : (store.action.names[done[0]!] ?? done[0])}`,
    );
  const text = `episode ${number}, frame ${from + row - first} of ${from + steps}${parts.length > 0 ? `: ${parts.join("; ")}` : ""}`;
  const name = learned.image?.name ?? store.images[0]?.name;
  if (name === undefined) return { text: shortened(text) };
  const image = imageAt(sample, name);
  const scale = Math.min(1, LARGEST / Math.max(image.height, image.width));
  const [rows, columns] = [image.height, image.width].map((extent) => Math.max(2, Math.round(extent * scale)));
  return { text: shortened(text), picture: pictureOf(resized(image, rows!, columns!)) };
}

const shortened = (text: string): string => (text.length <= LINE ? text : `${text.slice(0, LINE - 2)} …`);
