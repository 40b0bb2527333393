import type { Entries } from "../../../data/files/collection.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { decode } from "../decode.ts";
import { headerOf } from "../formats/index.ts";

/** Files read concurrently. */
const CONCURRENCY = 16;

/** Seconds of each recording, from its header where that says so; undefined for a broken one. */
export async function secondsOf(entries: Entries): Promise<(number | undefined)[]> {
  const seconds: (number | undefined)[] = [];
  for (let start = 0; start < entries.names.length; start += CONCURRENCY) {
    const indices = Array.from({ length: Math.min(CONCURRENCY, entries.names.length - start) }, (_, at) => start + at);
    seconds.push(...(await Promise.all(indices.map((index) => secondsIn(entries, index)))));
  }
  return seconds;
}

async function secondsIn(entries: Entries, index: number): Promise<number | undefined> {
  try {
    const bytes = await entries.bytes(index);
    const { samples, rate } = headerOf(bytes);
    if (samples !== undefined) return samples / rate;
    const sound = await decode(bytes);
    return sound.wave.length / sound.rate;
  } catch (error) {
    if (error instanceof BrokenSample) return undefined;
    throw error;
  }
}
