import type { Rng } from "../../array/rng.ts";
import { alike, type Image, type Samples, whiteOf } from "../image.ts";

const clamp = (value: number, white: number): number => (value <= 0 ? 0 : value >= white ? white : value | 0);

const table = new Uint8Array(256);

/** Every sample mapped by `transform`, which is called once for each of the 256 values of bytes. */
function mapSamples(image: Image, transform: (value: number) => number): Image {
  const { data: source } = image;
  if (source instanceof Uint16Array) return { ...image, data: source.map((value) => clamp(transform(value), 65_535)) };
  for (let value = 0; value < 256; value++) table[value] = clamp(transform(value), 255);
  const data = new Uint8Array(source.length);
  for (let at = 0; at < source.length; at++) data[at] = table[source[at]!]!;
  return { ...image, data };
}

/** ITU-R 601 grey value of one pixel, as torchvision's `rgb_to_grayscale`. */
const grey = (data: Samples, at: number): number =>
  (0.2989 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!) | 0;

/** `adjust_brightness`: every value times `factor`. */
export function adjustBrightness(image: Image, factor: number): Image {
  return mapSamples(image, (value) => value * factor);
}

/** `adjust_contrast`: towards the mean grey value (0) or away from it (above 1). */
export function adjustContrast(image: Image, factor: number): Image {
  const { data, channels } = image;
  if (!areColours(image)) return adjustChannels(image, { brightness: [1], contrast: [factor] });
  let sum = 0;
  for (let at = 0; at < data.length; at += channels) sum += channels === 1 ? data[at]! : grey(data, at);
  const offset = ((1 - factor) * sum * channels) / data.length;
  return mapSamples(image, (value) => value * factor + offset);
}

/** Whether channels are grey, or red, green and blue. */
const areColours = ({ channels }: Image): boolean => channels === 1 || channels === 3;

/**
 * Brightness and contrast of each channel by itself, of images whose channels are no colours: each towards its own mean.
 * @param factors of each channel; a single one is for all
 */
function adjustChannels(
  image: Image,
  factors: { readonly brightness: readonly number[]; readonly contrast: readonly number[] },
): Image {
  const { channels, data: source } = image;
  const white = whiteOf(source);
  const data = alike(source, source.length);
  for (let channel = 0; channel < channels; channel++) {
    const [brightness, contrast] = [factors.brightness, factors.contrast].map((each) => each[channel % each.length]!);
    let sum = 0;
    for (let at = channel; at < data.length; at += channels) sum += source[at]!;
    const offset = ((1 - contrast!) * brightness! * sum * channels) / data.length;
    const gain = brightness! * contrast!;
    for (let at = channel; at < data.length; at += channels) data[at] = clamp(source[at]! * gain + offset, white);
  }
  return { ...image, data };
}

/** `adjust_saturation`: towards each pixel's grey value (0) or away from it (above 1). */
export function adjustSaturation(image: Image, factor: number): Image {
  if (image.channels !== 3) return image;
  const source = image.data;
  const white = whiteOf(source);
  const data = alike(source, source.length);
  for (let at = 0; at < data.length; at += 3) {
    const offset = (1 - factor) * grey(source, at);
    data[at] = clamp(source[at]! * factor + offset, white);
    data[at + 1] = clamp(source[at + 1]! * factor + offset, white);
    data[at + 2] = clamp(source[at + 2]! * factor + offset, white);
  }
  return { ...image, data };
}

/** `adjust_hue`: the hue turned by `shift` of the full circle, −0.5 to 0.5. */
export function adjustHue(image: Image, shift: number): Image {
  if (image.channels !== 3) return image;
  const source = image.data;
  const data = alike(source, source.length);
  for (let at = 0; at < data.length; at += 3) {
    const r = source[at]!;
    const g = source[at + 1]!;
    const b = source[at + 2]!;
    const value = r > g ? Math.max(r, b) : Math.max(g, b);
    const chroma = value - (r < g ? Math.min(r, b) : Math.min(g, b));
    let hue = 0;
    if (chroma > 0) {
      if (value === r) hue = (g - b) / chroma;
      else if (value === g) hue = 2 + (b - r) / chroma;
      else hue = 4 + (r - g) / chroma;
    }
    hue += 6 * shift + 12;
    data[at] = onCircle(value, chroma, hue + 5);
    data[at + 1] = onCircle(value, chroma, hue + 3);
    data[at + 2] = onCircle(value, chroma, hue + 1);
  }
  return { ...image, data };
}

/** A channel around the colour circle is a trapezoid (the "f(n)" form of HSV to RGB); `sixths` is at least 0. */
function onCircle(value: number, chroma: number, sixths: number): number {
  const k = sixths - 6 * ((sixths / 6) | 0);
  const slope = Math.min(k, 4 - k);
  return value - chroma * (slope <= 0 ? 0 : Math.min(slope, 1)) + 0.5;
}

/** `RandomGrayscale`'s effect: grey, with as many channels as before. */
export function toGreyscale(image: Image): Image {
  if (image.channels !== 3) return image;
  const data = alike(image.data, image.data.length);
  for (let at = 0; at < data.length; at += 3) data.fill(grey(image.data, at), at, at + 3);
  return { ...image, data };
}

/**
 * `ColorJitter`: brightness, contrast, saturation and hue by random factors and in random order. Of channels that are no
 * colours brightness and contrast, by factors of its own for each channel.
 * @param strengths brightness, contrast and saturation vary by ± this (factors from max(0, 1 − s) to 1 + s), hue by ± of the circle
 */
export function colorJitter(
  image: Image,
  strengths: { brightness: number; contrast: number; saturation: number; hue: number },
  rng: Rng,
): Image {
  const factor = (strength: number) => rng.uniform(Math.max(0, 1 - strength), 1 + strength);
  if (!areColours(image)) {
    const each = (strength: number) => Array.from({ length: image.channels }, () => factor(strength));
    return adjustChannels(image, { brightness: each(strengths.brightness), contrast: each(strengths.contrast) });
  }
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
