import type { Rng } from "../../../array/rng.ts";
import type { SoundMap } from "../sound.ts";

/** A part of a spectrogram, in bands and frames. */
export interface Part {
  readonly band: number;
  readonly bands: number;
  readonly frame: number;
  readonly frames: number;
}

/** A random part whose extents are these shares of the whole. */
export function randomPart(map: SoundMap, rng: Rng, [least, most]: readonly [number, number]): Part {
  const bands = map.bands * rng.uniform(least, most);
  const frames = map.frames * rng.uniform(least, most);
  return {
    ...{ bands, frames },
    band: rng.uniform(0, map.bands - bands),
    frame: rng.uniform(0, map.frames - frames),
  };
}

/** The part, stretched to new extents with linear interpolation (BYOL-A's random resize crop, without its virtual canvas). */
export function stretch(map: SoundMap, part: Part, bands: number, frames: number): SoundMap {
  if (
    part.bands === bands &&
    part.frames === frames &&
    part.band === 0 &&
    part.frame === 0 &&
    map.bands === bands &&
    map.frames === frames
  )
    return map;
  const values = new Float32Array(bands * frames);
  const columns = placesOf(part.frame, part.frames, frames, map.frames);
  const rows = placesOf(part.band, part.bands, bands, map.bands);
  for (let band = 0; band < bands; band++) {
    const { below, above, share } = rows[band]!;
    for (let frame = 0; frame < frames; frame++) {
      const column = columns[frame]!;
      const at = (row: number, place: number) => map.values[row * map.frames + place]!;
      const low = at(below, column.below) * (1 - column.share) + at(below, column.above) * column.share;
      const high = at(above, column.below) * (1 - column.share) + at(above, column.above) * column.share;
      values[band * frames + frame] = low * (1 - share) + high * share;
    }
  }
  return { bands, frames, values };
}

/** Where each of `to` values lies among the `length` values of which `extent` from `start` are stretched. */
const placesOf = (start: number, extent: number, to: number, length: number) =>
  Array.from({ length: to }, (_, at) => {
    const place = Math.min(length - 1, Math.max(0, start + ((at + 0.5) * extent) / to - 0.5));
    const below = Math.floor(place);
    return { below, above: Math.min(length - 1, below + 1), share: place - below };
  });
