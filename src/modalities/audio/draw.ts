import type { Picture } from "../../data/picture.ts";
import type { SoundMap } from "./sound.ts";

/** Size of pictures of sound. */
const HEIGHT = 96;
const WIDTH = 160;

/** Colours from the quietest to the loudest: black, violet, red, orange, pale yellow (matplotlib's inferno, five of them). */
const COLOURS = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const;

/** A spectrogram, low frequencies at the bottom. @param range values of the first and of the last colour */
export function drawMap({ bands, frames, values }: SoundMap, [low, high]: readonly [number, number]): Picture {
  const [width, height] = [Math.max(frames, Math.min(WIDTH, 2 * frames)), Math.max(bands, HEIGHT)];
  const rgb = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const band = bands - 1 - Math.floor((row * bands) / height);
      const frame = Math.floor((column * frames) / width);
      const share = Math.max(0, Math.min(1, (values[band * frames + frame]! - low) / (high - low)));
      rgb.set(colourAt(share), 3 * (row * width + column));
    }
  return { width, height, rgb };
}

function colourAt(share: number): number[] {
  const place = share * (COLOURS.length - 1);
  const below = Math.min(COLOURS.length - 2, Math.floor(place));
  const [from, to] = [COLOURS[below]!, COLOURS[below + 1]!];
  return from.map((value, channel) => Math.round(value + (to[channel]! - value) * (place - below)));
}

/** A waveform, white on black: in every column from the least to the greatest value. @param scale value at the edges */
export function drawWave(wave: ArrayLike<number>, scale: number): Picture {
  const rgb = new Uint8Array(3 * WIDTH * HEIGHT);
  const rowOf = (value: number) => Math.round(((1 - Math.max(-1, Math.min(1, value / scale))) / 2) * (HEIGHT - 1));
  for (let column = 0; column < WIDTH; column++) {
    const from = Math.floor((column * wave.length) / WIDTH);
    const to = Math.max(from + 1, Math.floor(((column + 1) * wave.length) / WIDTH));
    let [least, most] = [HEIGHT - 1, 0];
    for (let at = from; at < to; at++) {
      const row = rowOf(wave[Math.min(at, wave.length - 1)] ?? 0);
      least = Math.min(least, row);
      most = Math.max(most, row);
    }
    for (let row = least; row <= most; row++) rgb.fill(255, 3 * (row * WIDTH + column), 3 * (row * WIDTH + column) + 3);
  }
  return { width: WIDTH, height: HEIGHT, rgb };
}
