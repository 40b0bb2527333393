import type { Rng } from "../../array/rng.ts";
import { float32, int32, type TensorSpec } from "../../array/tensor.ts";
import type { TensorRecord } from "../../data/modality.ts";
import type { Observation } from "../../environments/space.ts";
import { UserError } from "../../foundation/errors.ts";
import { numbersOf } from "./learn.ts";
import type { Learned } from "./learned.ts";
import type { ExperienceOptions } from "./options.ts";
import { type Experience, imageAt, planesOf } from "./sample.ts";
import { type Look, lookAt, lookAtBox, type Planes, resized } from "./transforms/planes.ts";

/** Codes of numbers as tables have them: missing, there. */
export const [MISSING, PRESENT] = [0, 1] as const;

/** How a part of an image is seen: moved by some of its own pixels, smaller, turned round. */
export interface Change {
  /** Shift of the view, in pixels of the encoder's input. */
  readonly shift?: readonly [x: number, y: number];
  /** −1 to mirror: along the gripper, and across. */
  readonly flip?: readonly [x: number, y: number];
}

/** What an encoder reads of experience, from frames and from what an environment shows alike. */
export interface Reader {
  readonly specs: Readonly<Record<string, TensorSpec>>;
  readonly image: Learned["image"];
  /** What is seen of a frame, as numbers in the recording's units or as an image in [0, 1]. */
  raw(sample: Experience): Planes | Float32Array;
  /** The same of an environment's observation. @throws UserError when it lacks what the encoder reads */
  rawOf(observation: Observation): Planes | Float32Array;
  /** The encoder's input. @param plan of which the first action has the place that is looked at, where places are looked at */
  inputs(raw: Planes | Float32Array, plan?: Float32Array, change?: Change): TensorRecord;
  /** The encoder's input for an image of any size, in [0, 1]. */
  pixels(view: Planes, noise?: { readonly rng: Rng; readonly deviation: number }): TensorRecord;
  /** The encoder's input for numbers on the encoder's scale. @param codes `MISSING` for those that are not to be seen */
  numbers(values: Float32Array, codes?: Int32Array): TensorRecord;
  /** Numbers on the encoder's scale. */
  standardised(values: Float32Array): Float32Array;
  /** Where a patch around an action lies in an image. */
  lookAtAction(image: Planes, action: Float32Array, change?: Change): Look;
}

/** An image with so many channels: grey in all of them, or the mean of colours. */
function withChannels(image: Planes, channels: number): Planes {
  if (image.channels === channels) return image;
  const plane = image.height * image.width;
  const data = new Float32Array(channels * plane);
  for (let at = 0; at < plane; at++) {
    let sum = 0;
    for (let channel = 0; channel < image.channels; channel++) sum += image.data[channel * plane + at]!;
    for (let channel = 0; channel < channels; channel++) data[channel * plane + at] = sum / image.channels;
  }
  return { ...image, channels, data };
}

/** @throws UserError when patches are wanted of what has no places */
export function readerOf({ imageSize, patch }: ExperienceOptions, learned: Learned): Reader {
  const { image, vectors, mean, std, action } = learned;
  const width = vectors.reduce((sum, { size }) => sum + size, 0);
  const specs: Readonly<Record<string, TensorSpec>> = image
    ? { pixels: { dtype: "float32", shape: [image.channels, imageSize, imageSize] } }
    : {
        values: { dtype: "float32", shape: [width] },
        codes: { dtype: "int32", shape: [width], below: Array<number>(width).fill(2) },
      };
  const [x, y, angle] = ["x", "y", "angle"].map((name) => action.names.indexOf(name)) as [number, number, number];
  if (patch > 0 && (!image || Math.min(x, y, angle) < 0 || action.low.length === 0 || action.high.length === 0))
    throw new UserError(
      "--patch: needs images, and actions with the names x, y and angle and with bounds; leave it out for other recordings",
    );

  const pixels: Reader["pixels"] = ({ channels, height, width: columns, data }, noise) => {
    const plane = height * columns;
    const values = data.map((value, at) => {
      const channel = Math.floor(at / plane);
      return (value - mean[channel]!) / std[channel]!;
    });
    if (noise && noise.deviation > 0)
      for (let at = 0; at < values.length; at++) values[at]! += noise.rng.normal(0, noise.deviation);
    return { pixels: float32(values, [channels, height, columns]) };
  };

  const numbers: Reader["numbers"] = (values, codes) => ({
    values: float32(values, [values.length]),
    codes: int32(codes ?? new Int32Array(values.length).fill(PRESENT), [values.length]),
  });
  const standardised = (values: Float32Array) => values.map((value, at) => (value - mean[at]!) / std[at]!);

  const lookAtAction: Reader["lookAtAction"] = (
    { height, width: columns },
    done,
    { shift = [0, 0], flip = [1, 1] } = {},
  ) => {
    const share = (at: number) => (done[at]! - action.low[at]!) / (action.high[at]! - action.low[at]!);
    const turned = done[angle]!;
    // Angles are counter-clockwise as people see the image, whose rows go down.
    const [cos, sin] = [Math.cos(turned), Math.sin(turned)];
    const step = patch / imageSize;
    const right: [number, number] = [flip[0] * step * cos, -flip[0] * step * sin];
    const down: [number, number] = [flip[1] * step * sin, flip[1] * step * cos];
    const [across, along] = [share(x) * columns - 0.5, (1 - share(y)) * height - 0.5];
    return {
      centre: [across + shift[0] * right[0] + shift[1] * down[0], along + shift[0] * right[1] + shift[1] * down[1]],
      right,
      down,
    };
  };

  return {
    ...{ specs, image, pixels, numbers, standardised, lookAtAction },
    raw: (sample) => (image ? withChannels(imageAt(sample, image.name), image.channels) : numbersOf(sample, vectors)),
    rawOf(observation) {
      const found = (name: string, size: number) => {
        const values = observation[name];
        if (values?.length === size) return values;
        throw new UserError(
          `the encoder reads the observation "${name}" of ${size} numbers; ${values ? `here it has ${values.length}` : `there are ${Object.keys(observation).join(", ")}`}`,
        );
      };
      if (image) return planesOf(found(image.name, image.channels * image.height * image.width), image);
      const joined = new Float32Array(width);
      let at = 0;
      for (const { name, size } of vectors) {
        joined.set(found(name, size), at);
        at += size;
      }
      return joined;
    },
    inputs(raw, plan, change = {}) {
      if (raw instanceof Float32Array) return numbers(standardised(raw));
      if (patch > 0 && plan) return pixels(lookAt(raw, lookAtAction(raw, plan, change), imageSize, imageSize));
      const { shift = [0, 0] } = change;
      if (shift[0] === 0 && shift[1] === 0) return pixels(resized(raw, imageSize, imageSize));
      const scale = [raw.width / imageSize, raw.height / imageSize] as const;
      const box = { left: shift[0] * scale[0], top: shift[1] * scale[1], width: raw.width, height: raw.height };
      return pixels(lookAt(raw, lookAtBox(box, imageSize, imageSize), imageSize, imageSize));
    },
  };
}
