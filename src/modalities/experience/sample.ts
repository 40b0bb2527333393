import type { TensorRecord } from "../../data/modality.ts";
import { arraysOf, episodeOf, type Images, type Store } from "./sources/store.ts";
import type { Planes } from "./transforms/planes.ts";

/** A frame of an episode, with what came before and after it. */
export interface Experience {
  readonly store: Store;
  readonly row: number;
}

/** A view as the encoder reads it: it is not prepared again. */
export interface Seen {
  readonly seen: TensorRecord;
}

/** A sample of recorded experience. */
export type ExperienceSample = Experience | Seen;

export const isSeen = (sample: ExperienceSample): sample is Seen => "seen" in sample;

/** The name of an observation that was sent without one. */
export const ANY = "*";

/** The numbers of an observation of a row. @throws Error when the recording has none of this name */
export function vectorAt({ store, row }: Experience, name: string): Float32Array {
  const vector = store.vectors.find((one) => one.name === name || one.name === ANY);
  if (!vector) throw new Error(`no observation "${name}" of numbers`);
  const start = row * store.width + vector.offset;
  return arraysOf(store).values.subarray(start, start + vector.size);
}

/** An image of a row, values in [0, 1]. @throws Error when the recording has none of this name */
export function imageAt({ store, row }: Experience, name: string): Planes {
  const at = store.images.findIndex((one) => one.name === name || one.name === ANY);
  const image = store.images[at];
  if (!image) throw new Error(`no observation "${name}" that is an image`);
  const { channels, height, width, levels } = image;
  const plane = height * width;
  const pixels = arraysOf(store).pixels[at]!;
  const data = new Float32Array(channels * plane);
  const start = row * plane * channels;
  for (let channel = 0; channel < channels; channel++)
    for (let index = 0; index < plane; index++)
      data[channel * plane + index] = pixels[start + index * channels + channel]! / levels;
  return { channels, height, width, data };
}

/** An observation of an environment as a recording of it has it, values in [0, 1]. @param values `[channels, height, width]` */
export function planesOf(values: Float32Array, image: Omit<Images, "pixels" | "name">): Planes {
  const { channels, height, width, low, high, levels } = image;
  const step = (value: number) =>
    Math.max(0, Math.min(levels, Math.round(((value - low) / (high - low)) * levels))) / levels;
  return { channels, height, width, data: values.map(step) };
}

/** The frame so many frames later, or earlier; the nearest that there is. */
export function shifted(sample: Experience, frames: number): Experience {
  const { first, seen } = episodeOf(sample.store, sample.row);
  return { ...sample, row: Math.max(first, Math.min(first + seen - 1, sample.row + frames)) };
}

/** What was done after a frame. */
export function actionAt({ store, row }: Experience): Float32Array {
  const { size } = store.action;
  return arraysOf(store).actions.subarray(row * size, (row + 1) * size);
}

/** Actions from a frame to the end of its episode. */
export function actionsLeft({ store, row }: Experience): number {
  const { first, steps } = episodeOf(store, row);
  return first + steps - row;
}
