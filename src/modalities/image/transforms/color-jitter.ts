import type { Rng } from "../../../array/index.ts";
import type { Image } from "../image.ts";

const clamp = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);

/** ITU-R 601 grey value of one pixel, as torchvision's `rgb_to_grayscale`. */
const grey = (data: Uint8Array, at: number): number =>
  Math.trunc(0.2989 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);

/** `adjust_brightness`: every value times `factor`. */
export function adjustBrightness(image: Image, factor: number): Image {
  return { ...image, data: image.data.map((value) => clamp(value * factor)) };
}

/** `adjust_contrast`: towards the mean grey value (0) or away from it (above 1). */
export function adjustContrast(image: Image, factor: number): Image {
  const { data, channels } = image;
  let sum = 0;
  for (let at = 0; at < data.length; at += channels) sum += channels === 1 ? data[at]! : grey(data, at);
  const offset = ((1 - factor) * sum * channels) / data.length;
  return { ...image, data: data.map((value) => clamp(value * factor + offset)) };
}

/** `adjust_saturation`: towards each pixel's grey value (0) or away from it (above 1). */
export function adjustSaturation(image: Image, factor: number): Image {
  if (image.channels === 1) return image;
  const data = new Uint8Array(image.data.length);
  for (let at = 0; at < data.length; at += 3) {
    const offset = (1 - factor) * grey(image.data, at);
    for (let channel = 0; channel < 3; channel++)
      data[at + channel] = clamp(image.data[at + channel]! * factor + offset);
  }
  return { ...image, data };
}

/** `adjust_hue`: the hue turned by `shift` of the full circle, −0.5 to 0.5. */
export function adjustHue(image: Image, shift: number): Image {
  if (image.channels === 1) return image;
  const data = new Uint8Array(image.data.length);
  for (let at = 0; at < data.length; at += 3) {
    const r = image.data[at]!;
    const g = image.data[at + 1]!;
    const b = image.data[at + 2]!;
    const value = Math.max(r, g, b);
    const chroma = value - Math.min(r, g, b);
    let sector = 0;
    if (chroma > 0) {
      if (value === r) sector = (g - b) / chroma;
      else if (value === g) sector = 2 + (b - r) / chroma;
      else sector = 4 + (r - g) / chroma;
    }
    const hue = (((sector / 6 + shift) % 1) + 1) % 1;
    // Each channel of a hue is a trapezoid around the circle (the "f(n)" form of HSV to RGB).
    for (let channel = 0; channel < 3; channel++) {
      const k = ([5, 3, 1][channel]! + hue * 6) % 6;
      data[at + channel] = value - chroma * Math.max(0, Math.min(k, 4 - k, 1)) + 0.5;
    }
  }
  return { ...image, data };
}

/** `RandomGrayscale`'s effect: grey, with as many channels as before. */
export function toGreyscale(image: Image): Image {
  if (image.channels === 1) return image;
  const data = new Uint8Array(image.data.length);
  for (let at = 0; at < data.length; at += 3) data.fill(grey(image.data, at), at, at + 3);
  return { ...image, data };
}

/**
 * `ColorJitter`: brightness, contrast, saturation and hue by random factors and in random order.
 * @param strengths brightness, contrast and saturation vary by ± this (factors from max(0, 1 − s) to 1 + s), hue by ± of the circle
 */
export function colorJitter(
  image: Image,
  strengths: { brightness: number; contrast: number; saturation: number; hue: number },
  rng: Rng,
): Image {
  const factor = (strength: number) => rng.uniform(Math.max(0, 1 - strength), 1 + strength);
  const order = rng.permutation(4);
  const brightness = factor(strengths.brightness);
  const contrast = factor(strengths.contrast);
  const saturation = factor(strengths.saturation);
  const hue = rng.uniform(-strengths.hue, strengths.hue);
  const adjustments = [
    (input: Image) => adjustBrightness(input, brightness),
    (input: Image) => adjustContrast(input, contrast),
    (input: Image) => adjustSaturation(input, saturation),
    (input: Image) => adjustHue(input, hue),
  ];
  return order.reduce((current, which) => adjustments[which]!(current), image);
}
