import { alike, type Image } from "../image.ts";

/** A rectangle of pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Weights of the input pixels under each output pixel's triangle. */
interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float32Array;
  readonly widest: number;
}

const cache = new Map<string, Taps>();
const CACHE_LIMIT = 512;

/** Bilinear with antialiasing, as PIL and torchvision (`antialias=True`): the triangle widens when shrinking. */
function tapsFor(input: number, output: number): Taps {
  const key = `${input}>${output}`;
  const cached = cache.get(key);
  if (cached) return cached;
  const scale = input / output;
  const support = Math.max(1, scale);
  const widest = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(output);
  const counts = new Int32Array(output);
  const weights = new Float32Array(output * widest);
  for (let position = 0; position < output; position++) {
    const centre = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(input, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let tap = start; tap < end; tap++) {
      const weight = Math.max(0, 1 - Math.abs((tap - centre + 0.5) / support));
      weights[position * widest + tap - start] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < end - start; tap++) weights[position * widest + tap]! /= sum;
    starts[position] = start;
    counts[position] = end - start;
  }
  const taps = { starts, counts, weights, widest };
  // Random crops have many sizes; the cache must not grow for ever.
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(key, taps);
  return taps;
}

/** The part of the image inside `box`: what resizing to its own size gives. */
function cropped({ width, channels, data }: Image, { top, left, width: across, height }: Box): Image {
  const row = across * channels;
  const part = alike(data, height * row);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * width + left) * channels;
    part.set(data.subarray(from, from + row), y * row);
  }
  return { width: across, height, channels, data: part };
}

let scratch = new Float32Array(0);

/** The part of the image inside `box`, resized to `width × height` (bilinear, antialiased). */
export function resizedCrop(image: Image, box: Box, width: number, height: number): Image {
  const { channels } = image;
  if (box.width === width && box.height === height) return cropped(image, box);
  const across = tapsFor(box.width, width);
  const down = tapsFor(box.height, height);
  const rowLength = width * channels;
  if (scratch.length < box.height * rowLength) scratch = new Float32Array(box.height * rowLength);
  const middle = scratch;
  const pixels = image.data;
  const { weights } = across;
  for (let y = 0; y < box.height; y++) {
    const source = ((box.top + y) * image.width + box.left) * channels;
    for (let x = 0; x < width; x++) {
      const start = across.starts[x]!;
      const count = across.counts[x]!;
      const weightsAt = x * across.widest;
      const to = y * rowLength + x * channels;
      let at = source + start * channels;
      if (channels === 1) {
        let value = 0;
        for (let tap = 0; tap < count; tap++, at++) value += weights[weightsAt + tap]! * pixels[at]!;
        middle[to] = value;
      } else if (channels !== 3) {
        for (let channel = 0; channel < channels; channel++) {
          let value = 0;
          for (let tap = 0, from = at + channel; tap < count; tap++, from += channels)
            value += weights[weightsAt + tap]! * pixels[from]!;
          middle[to + channel] = value;
        }
      } else {
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let tap = 0; tap < count; tap++, at += 3) {
          const weight = weights[weightsAt + tap]!;
          red += weight * pixels[at]!;
          green += weight * pixels[at + 1]!;
          blue += weight * pixels[at + 2]!;
        }
        middle[to] = red;
        middle[to + 1] = green;
        middle[to + 2] = blue;
      }
    }
  }
  const data = alike(pixels, height * rowLength);
  for (let y = 0; y < height; y++) {
    const start = down.starts[y]!;
    const count = down.counts[y]!;
    const weightsAt = y * down.widest;
    for (let i = 0; i < rowLength; i++) {
      let sum = 0.5;
      for (let tap = 0, at = start * rowLength + i; tap < count; tap++, at += rowLength)
        sum += down.weights[weightsAt + tap]! * middle[at]!;
      data[y * rowLength + i] = sum;
    }
  }
  return { width, height, channels, data };
}

/** The image at `side × side`: its short side resized to `side`, then a centre crop. */
export function resizeAndCentreCrop(image: Image, side: number): Image {
  if (image.width === side && image.height === side) return image;
  const square = Math.min(image.width, image.height);
  const top = Math.round((image.height - square) / 2);
  const left = Math.round((image.width - square) / 2);
  return resizedCrop(image, { top, left, height: square, width: square }, side, side);
}
