import type { Tensor } from "../../array/tensor.ts";
import type { Picture } from "../../data/picture.ts";
import type { Normalization } from "../../data/views.ts";
import { bytesOf, type Image, whiteOf, withChannels } from "../../pixels/image.ts";
import { resizeAndCentreCrop } from "../../pixels/transforms/resize.ts";
import type { ImageOptions } from "./options.ts";

/** An image in a few words: `24 × 24 grey, 16 bits`. */
export function inWords({ width, height, channels, data }: Image): string {
  const what = channels === 1 ? "grey" : channels === 3 ? "colour" : `of ${channels} channels`;
  return `${width} × ${height} ${what}${whiteOf(data) > 255 ? ", 16 bits" : ""}`;
}

/** Largest side of the thumbnails on pages. */
const THUMBNAIL = 96;
/** Shares of the pixels that are shown black and white at least, where a range says little of what is in it. */
const [DARKEST, BRIGHTEST] = [0.02, 0.98];

/**
 * The image as pages show it. Of 16 bits, and of channels that are no colours, each channel is stretched between two of its
 * percentiles.
 */
export function thumbnail(image: Image, { bands }: Pick<ImageOptions, "bands">): Picture {
  const small = resizeAndCentreCrop(image, Math.min(THUMBNAIL, image.width, image.height));
  const { width, height, channels } = small;
  const isPicture = channels === 1 || channels === 3;
  if (isPicture && (whiteOf(small.data) === 255 || image.ready))
    return { width, height, rgb: bytesOf(withChannels(small, 3)) };
  const rgb = new Uint8Array(3 * width * height);
  shownOf(channels, bands).forEach((channel, colour) => {
    const values = Float32Array.from({ length: width * height }, (_, at) => small.data[at * channels + channel]!);
    const sorted = values.toSorted();
    const [low, high] = [DARKEST, BRIGHTEST].map((share) => sorted[Math.round(share * (sorted.length - 1))]!);
    const gain = 255 / Math.max(1, high! - low!);
    values.forEach((value, at) => {
      rgb[3 * at + colour] = Math.max(0, Math.min(255, Math.round((value - low!) * gain)));
    });
  });
  return { width, height, rgb };
}

/** The channels that are shown as red, green and blue: those of the options, or the first. */
function shownOf(channels: number, bands: ImageOptions["bands"]): readonly number[] {
  if (channels < 3) return [0, 0, 0];
  return channels === 3 ? [0, 1, 2] : (bands ?? [1, 2, 3]).map((band) => Math.min(band, channels) - 1);
}

/** Standard deviations about the mean between black and white, where the range says little of what is in it. */
const SPAN = 4;

/** Converts normalised pixels `[channels, height, width]` to bytes. */
export function drawPixels(
  { dtype, shape, data }: Tensor,
  { bands, bits }: Pick<ImageOptions, "bands" | "bits">,
  { mean, std }: Normalization,
): Picture | undefined {
  const [channels = 0, height = 0, width = 0] = shape;
  if (dtype !== "float32" || shape.length !== 3 || channels !== mean.length || Math.min(height, width) < 2)
    return undefined;
  const isPicture = bits === 8 && (channels === 1 || channels === 3);
  const rgb = new Uint8Array(3 * height * width);
  shownOf(channels, bands).forEach((channel, colour) => {
    for (let at = 0; at < height * width; at++) {
      const value = data[channel * height * width + at]!;
      const share = isPicture ? value * std[channel]! + mean[channel]! : value / SPAN + 0.5;
      rgb[3 * at + colour] = Math.max(0, Math.min(255, Math.round(share * 255)));
    }
  });
  return { width, height, rgb };
}
