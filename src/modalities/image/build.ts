import type { Rng } from "../../array/rng.ts";
import type { Tensor } from "../../array/tensor.ts";
import { float32 } from "../../array/tensor.ts";
import type { Shown } from "../../data/modality.ts";
import type { Mask } from "../../data/targets/masks.ts";
import type { CropOptions } from "../../data/views.ts";
import { type Image, whiteFor, whiteOf } from "../../pixels/image.ts";
import { statisticsOf } from "../../pixels/statistics.ts";
import type { RegionOptions, TileOptions } from "./abilities.ts";
import { augment, crop, perturb, prepare } from "./augment.ts";
import type { ImageOptions } from "./options.ts";
import { cutRegion } from "./region.ts";
import { drawPixels, inWords, thumbnail } from "./show.ts";
import { cutTiles } from "./tiles.ts";
import { splitLab } from "./transforms/lab.ts";
import { rotateQuarters } from "./transforms/rotate.ts";

/** The modality for settled options. Pure: it runs in every thread, and in a browser. */
export function buildImages(options: ImageOptions) {
  const { imageSize, channels, bits } = options;
  const { mean, std } = statisticsOf(options);
  const white = whiteFor(bits);
  /** The normalised value of each sample, by channel. */
  const levels = std.map((deviation, channel) => {
    const scale = 1 / (white * deviation);
    const offset = mean[channel]! / deviation;
    return Float32Array.from({ length: white + 1 }, (_, sample) => sample * scale - offset);
  });
  const ready = (view: Image): Image => ({ ...view, ready: true });
  const prepared = (image: Image): Image => (image.ready ? image : prepare(image, options));
  return {
    name: "image",
    specs: { pixels: { dtype: "float32", shape: [channels, imageSize, imageSize] } },
    tensors(image: Image) {
      const isFit = image.width === imageSize && image.height === imageSize && image.channels === channels;
      const asIs = isFit && bits === 8 && whiteOf(image.data) === white;
      const { data: samples, width, height } = image.ready || asIs ? image : prepare(image, options);
      const plane = width * height;
      const pixels = new Float32Array(channels * plane);
      for (let channel = 0; channel < channels; channel++) {
        const level = levels[channel]!;
        for (let at = 0; at < plane; at++) pixels[channel * plane + at] = level[samples[at * channels + channel]!]!;
      }
      return { pixels: float32(pixels, [channels, height, width]) };
    },
    augment: (image: Image, rng: Rng, view = 0) => ready(augment(image, options, rng, view)),
    crop: (image: Image, rng: Rng, cropOptions: CropOptions, view = 0) =>
      ready(crop(image, options, rng, cropOptions, view)),
    perturb: (image: Image, rng: Rng) => ready(perturb(image, options, rng)),
    rotate(image: Image, quarters: number) {
      return ready(rotateQuarters(prepared(image), quarters));
    },
    tiles: (image: Image, rng: Rng, tileOptions: TileOptions) =>
      cutTiles(image, options, mean, rng, tileOptions).map(ready),
    region(image: Image, rng: Rng, regionOptions: RegionOptions) {
      const whole = ready(prepared(image));
      const { region, box } = cutRegion(whole, options, rng, regionOptions);
      return { whole, region: ready(region), box };
    },
    ...(channels === 3
      ? {
          lab(image: Image) {
            const { lightness, values } = splitLab(prepared(image));
            return { lightness: ready(lightness), values };
          },
        }
      : {}),
    normalization: { mean, std },
    drawing: { input: "pixels", draw: (pixels: Tensor) => drawPixels(pixels, options, { mean, std }) },
    masks: seenOfMask,
    show: (image: Image): Shown => ({ text: inWords(image), picture: thumbnail(image, options) }),
  } as const;
}

/** The centre square of an image's mask, which may be larger or smaller than the image, in its proportion up to a pixel. */
function seenOfMask(image: Image, mask: Mask): Mask | undefined {
  const { width, height, data } = mask;
  const unit = Math.max(1, width / image.width, height / image.height);
  if (Math.abs(width - (height * image.width) / image.height) > unit * Math.max(1, image.width / image.height))
    return undefined;
  const side = Math.min(width, height);
  const [top, left] = [Math.round((height - side) / 2), Math.round((width - side) / 2)];
  if (width === height) return mask;
  const square = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    const from = (top + y) * width + left;
    square.set(data.subarray(from, from + side), y * side);
  }
  return { width: side, height: side, data: square };
}
