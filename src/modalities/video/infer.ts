import type { Source } from "../../data/source.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { type Clip, frameOf } from "./clip.ts";
import type { VideoOptions } from "./options.ts";

/** Clips that are looked at, and frames of each. */
const PROBES = 16;
const FRAMES = 3;
/** Frames that the encoder reads at most, unless more are asked for. */
const MOST_FRAMES = 16;
/** Shorter clips keep all their frames. */
const FEW_FRAMES = 24;
/** Frames a second of longer ones, as VideoMAE's every fourth of 30. */
const RATE = 8;
/** Sides of frames, for training without a GPU. */
const SIDES = { least: 16, most: 64 };
/** Seconds up to which a clip is one entry. */
const LONGEST = 10;

/** Size, number and rate of frames, window and colours, from up to 16 of the clips. */
export async function inferVideo(source: Source<Clip>): Promise<Partial<VideoOptions>> {
  const clips: Clip[] = [];
  const probes = Math.min(PROBES, source.length);
  for (let probe = 0; probe < probes; probe++) {
    const clip = await source.read(Math.floor((probe * source.length) / probes)).catch(skipBroken);
    if (clip) clips.push(clip);
  }
  if (clips.length === 0) throw new UserError(`none of the sampled clips can be decoded; is ${source.name(0)} a clip?`);
  const originals = clips.map(({ original, rate, frames, sheet }) => ({
    ...(original ?? { width: sheet.width, height: sheet.height / frames, rate, seconds: frames / rate }),
  }));
  const ascending = (values: number[]) => values.sort((a, b) => a - b);
  const sides = originals.map(({ width, height }) => Math.min(width, height));
  const lengths = ascending(originals.map(({ seconds }) => seconds));
  const usual = lengths[lengths.length >> 1]!;
  const native = ascending(originals.map(({ rate }) => rate))[clips.length >> 1]!;
  const frameRate = usual * native <= FEW_FRAMES ? native : Math.min(native, Math.max(RATE, MOST_FRAMES / usual));
  const frames = Math.max(2, 2 * Math.floor(Math.min(MOST_FRAMES, Math.round(usual * frameRate)) / 2));
  const long = lengths[Math.floor(0.95 * (lengths.length - 1))]!;
  const window = long <= LONGEST ? long : (2 * frames) / frameRate;
  const channels = clips.every(isGrey) ? 1 : 3;
  return {
    imageSize: sideFor(Math.min(...sides)),
    frames,
    frameRate: rounded(frameRate, 1000),
    window: Math.max(0.05, Math.ceil(window * 100) / 100),
    channels,
    ...(channels === 1 ? greyLevels(clips) : {}),
  };
}

/** A side that a ViT's usual patches divide: of 8 pixels up to 40, above of 16. */
function sideFor(smallest: number): number {
  const multiple = smallest < 48 ? 8 : 16;
  return Math.max(SIDES.least, Math.min(SIDES.most, Math.floor(smallest / multiple) * multiple));
}

const rounded = (value: number, parts: number): number => Math.round(value * parts) / parts;

/** A few frames of a clip. */
const some = (clip: Clip) =>
  Array.from({ length: FRAMES }, (_, at) => frameOf(clip, Math.floor((at * clip.frames) / FRAMES)));

/** Whether nothing is coloured, but for what compression adds. */
const isGrey = (clip: Clip): boolean =>
  some(clip).every(({ data }) => {
    for (let at = 0; at < data.length; at += 3)
      if (Math.abs(data[at]! - data[at + 1]!) > 6 || Math.abs(data[at]! - data[at + 2]!) > 6) return false;
    return true;
  });

/** Mean and deviation of the pixels. */
function greyLevels(clips: readonly Clip[]): { mean: number[]; std: number[] } {
  let [count, sum, squares] = [0, 0, 0];
  for (const { data } of clips.flatMap(some))
    for (const value of data) {
      count++;
      sum += value / 255;
      squares += (value / 255) ** 2;
    }
  const mean = sum / count;
  const std = Math.max(0.05, Math.sqrt(Math.max(0, squares / count - mean ** 2)));
  return { mean: [rounded(mean, 1e4)], std: [rounded(std, 1e4)] };
}
