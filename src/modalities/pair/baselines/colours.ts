import type { Tensor } from "../../../array/tensor.ts";
import { offerOf } from "../../../data/ability.ts";
import type { Extractor, Modality } from "../../../data/modality.ts";
import { type Normalization, normalization } from "../../../data/views.ts";
import { collect } from "../../../training/features.ts";

/** Cells along each side of an image in which the mean colour is taken. */
const GRID = 4;
/** Levels of a channel in the histogram of colours, and of grey. */
const [LEVELS, GREY_LEVELS] = [4, 16];

/** Values of `colourStatistics` for so many channels. */
const statisticsOf = (channels: number): number =>
  channels * (GRID ** 2 + 2) + (channels === 1 ? GREY_LEVELS : LEVELS ** channels);

/**
 * What colours an image has, and roughly where: the mean in each cell of a grid of 4 × 4, the histogram of all colours at 4
 * levels a channel (16 of grey), mean and deviation of each channel.
 * @param pixels normalised, float32 `[channels, height, width]`
 */
export function colourStatistics({ data, shape }: Tensor, { mean, std }: Normalization): Float32Array {
  const [channels = 0, height = 0, width = 0] = shape;
  const plane = height * width;
  const statistics = new Float32Array(statisticsOf(channels));
  const valueAt = (channel: number, at: number) =>
    Math.min(1, Math.max(0, data[channel * plane + at]! * std[channel]! + mean[channel]!));
  const levels = channels === 1 ? GREY_LEVELS : LEVELS;
  const [histogram, whole] = [channels * GRID ** 2, statistics.length - 2 * channels];
  const counts = new Float64Array(GRID ** 2);
  for (let at = 0; at < plane; at++) {
    const row = Math.floor((Math.floor(at / width) * GRID) / height);
    const cell = row * GRID + Math.floor(((at % width) * GRID) / width);
    counts[cell]!++;
    let bin = 0;
    for (let channel = 0; channel < channels; channel++) {
      const value = valueAt(channel, at);
      statistics[channel * GRID ** 2 + cell]! += value;
      bin = bin * levels + Math.min(levels - 1, Math.floor(value * levels));
      statistics[whole + channel]! += value / plane;
      statistics[whole + channels + channel]! += (value * value) / plane;
    }
    statistics[histogram + bin]! += 1 / plane;
  }
  for (let channel = 0; channel < channels; channel++) {
    for (let cell = 0; cell < GRID ** 2; cell++) statistics[channel * GRID ** 2 + cell]! /= Math.max(1, counts[cell]!);
    const [first, second] = [whole + channel, whole + channels + channel];
    statistics[second] = Math.sqrt(Math.max(0, statistics[second]! - statistics[first]! ** 2));
  }
  return statistics;
}

/** Colour statistics of images. @param images the side's kind with its options settled */
export function colours(images: Modality): Extractor {
  const scale = offerOf(images, normalization);
  const [input] = Object.keys(images.specs);
  const channels = scale?.mean.length ?? 0;
  if (!scale || input === undefined) throw new Error(`${images.name} data have no colours`);
  const dim = statisticsOf(channels);
  return {
    name: "colour statistics",
    extract: (source, onProgress) =>
      collect({ modality: images, source, onProgress }, dim, (rows) => {
        const vectors = new Float32Array(rows.length * dim);
        rows.forEach((row, at) => {
          vectors.set(colourStatistics(row[input]!, scale), at * dim);
        });
        return vectors;
      }),
  };
}
