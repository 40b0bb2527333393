import { float32, type Tensor, type TensorSpec } from "../../array/tensor.ts";
import type { Shown } from "../../data/modality.ts";
import { statisticsOf } from "../../pixels/statistics.ts";
import type { Clip } from "./clip.ts";
import { drawClip, drawPixels, playable } from "./draw.ts";
import type { VideoOptions } from "./options.ts";
import { clipViews, prepare } from "./views.ts";

/** The modality for settled options. Pure: it runs in every thread. */
export function buildVideo(options: VideoOptions) {
  const { imageSize, frames, channels } = options;
  const { mean, std } = statisticsOf(options);
  /** The normalised value of each byte, by channel. */
  const levels = std.map((deviation, channel) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean[channel]!) / deviation),
  );
  const specs: Readonly<Record<string, TensorSpec>> = {
    pixels: { dtype: "float32", shape: [channels, frames, imageSize, imageSize] },
  };
  return {
    name: "video",
    specs,
    tensors(clip: Clip): Readonly<Record<string, Tensor>> {
      const { frames: count, sheet } = prepare(clip, options);
      const { width, height, data } = sheet;
      // Frames lie below each other, so that a channel's values are those of the whole sheet.
      const plane = width * height;
      const pixels = new Float32Array(channels * plane);
      for (let channel = 0; channel < channels; channel++) {
        const level = levels[channel]!;
        for (let at = 0; at < plane; at++) pixels[channel * plane + at] = level[data[at * channels + channel]!]!;
      }
      return { pixels: float32(pixels, [channels, count, height / count, width]) };
    },
    ...clipViews(options),
    normalization: { mean, std },
    drawing: { input: "pixels", draw: (pixels: Tensor) => drawPixels(pixels, { mean, std }) },
    show: (clip: Clip): Shown => ({ text: inWords(clip), picture: drawClip(clip), media: () => playable(clip) }),
  } as const;
}

/** `2.00 s of 64 × 64 at 8 frames a second`. */
export function inWords({ frames, rate, sheet, original }: Clip): string {
  const {
    width,
    height,
    seconds,
    rate: shown,
  } = original ?? {
    ...{ width: sheet.width, height: sheet.height / frames, seconds: frames / rate, rate },
  };
  return `${seconds.toFixed(2)} s of ${width} × ${height} at ${Number(shown.toFixed(2))} frames a second`;
}
