import type { Labels } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import type { Windows } from "../../../data/windows.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import type { Clip } from "../clip.ts";
import type { Encoded } from "../decoders/encoded.ts";
import { type Clips, clipsAt, type Places } from "../decoders/index.ts";
import { type FrameCache, openCache } from "./frame-cache.ts";
import { storedSize } from "./size.ts";

/** Clips, whole or cut into windows; structured-cloneable. */
export interface ClipsManifest {
  readonly places: Places;
  readonly names: readonly string[];
  readonly labels?: Labels;
  readonly cut?: { readonly cache: FrameCache; readonly windows: Windows };
}

/** The clip in the name of a window: `clip.mp4@12.00s`. */
export const wholeOf = (name: string): string => name.replace(/@\d+\.\d\ds$/, "");

/** What is decoded of clips that are read without settled options, to look at them: this many seconds of the middle. */
const LOOKED_AT = { seconds: 10, rate: 30, side: 128 };

/** The middle of a clip, at most 10 s and 30 frames a second, and what its file has. */
export async function lookAt(encoded: Encoded): Promise<Clip> {
  const header = await encoded.header();
  const rate = Math.min(LOOKED_AT.rate, header.rate);
  const size = storedSize(header, LOOKED_AT.side);
  const { seconds = 0 } = header;
  const isLong = seconds > LOOKED_AT.seconds;
  const part = isLong ? { start: (seconds - LOOKED_AT.seconds) / 2, seconds: LOOKED_AT.seconds } : undefined;
  const most = LOOKED_AT.seconds * LOOKED_AT.rate;
  const bytesOfFrame = 3 * size.width * size.height;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of encoded.decode(header, { rate, ...size, ...(part ? { part } : {}) })) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Of unknown length: the beginning will do.
    if (bytes >= most * bytesOfFrame && !isLong) break;
  }
  const frames = Math.floor(bytes / bytesOfFrame);
  if (frames < 2) throw new BrokenSample("one frame, and a clip has at least two");
  const data = new Uint8Array(Buffer.concat(chunks).subarray(0, frames * bytesOfFrame));
  const { width, height } = size;
  return {
    ...{ rate, frames, sheet: { width, height: frames * height, channels: 3, data } },
    original: { width: header.width, height: header.height, rate: header.rate, seconds: seconds || frames / rate },
  };
}

/** Clips as they are found, decoded whenever they are read. */
function wholeSource({ entries, encoded }: Clips, manifest: ClipsManifest): Source<Clip> {
  const { names, labels } = manifest;
  return {
    length: names.length,
    ...labels,
    name: (index) => names[index] ?? `entry ${index}`,
    read: async (index) => lookAt(await encoded(index)),
    contents: () => entries.contents(),
    manifest,
    close: () => entries.close(),
  };
}

/** Windows of clips, which are decoded once into the cache. */
function windowSource(
  { entries, encoded }: Clips,
  manifest: ClipsManifest,
  { cache, windows }: NonNullable<ClipsManifest["cut"]>,
): Source<Clip> {
  const { names, labels } = manifest;
  const { length, wholes, starts } = windows;
  const reader = openCache(cache, encoded);
  const count = new Int32Array(names.length);
  for (const whole of wholes) count[whole]!++;
  return {
    length: wholes.length,
    ...(labels ? { classes: labels.classes, labels: wholes.map((whole) => labels.labels[whole]!) } : {}),
    name(index) {
      const whole = wholes[index];
      if (whole === undefined) return `entry ${index}`;
      return count[whole] === 1 ? names[whole]! : `${names[whole]}@${(starts[index]! / cache.rate).toFixed(2)}s`;
    },
    async read(index) {
      const whole = wholes[index]!;
      const frames = await reader.frames(whole);
      return count[whole] === 1 ? reader.read(whole, 0, frames) : reader.read(whole, starts[index]!, length);
    },
    contents: () => entries.contents(),
    manifest,
    close: () => entries.close(),
  };
}

/** The source of a manifest. */
export function sourceOf(manifest: ClipsManifest): Source<Clip> {
  const clips = clipsAt(manifest.places);
  return manifest.cut ? windowSource(clips, manifest, manifest.cut) : wholeSource(clips, manifest);
}
