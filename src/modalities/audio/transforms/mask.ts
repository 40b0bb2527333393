import type { Rng } from "../../../array/rng.ts";
import type { SoundMap } from "../sound.ts";

/**
 * SpecAugment's masks: a run of frames and a run of bands, each of a random width, set to the mean.
 * Park et al. 2019, https://arxiv.org/abs/1904.08779
 * @param time widest run of frames, as a share of all
 * @param band widest run of bands, as a share of all
 */
export function maskMap(map: SoundMap, rng: Rng, time: number, band: number, mean: number): SoundMap {
  if (time === 0 && band === 0) return map;
  const { bands, frames } = map;
  const values = map.values.slice();
  const [wide, high] = [rng.integer(0, Math.floor(time * frames)), rng.integer(0, Math.floor(band * bands))];
  const [left, top] = [rng.integer(0, frames - wide), rng.integer(0, bands - high)];
  for (let row = 0; row < bands; row++) values.fill(mean, row * frames + left, row * frames + left + wide);
  values.fill(mean, top * frames, (top + high) * frames);
  return { bands, frames, values };
}
