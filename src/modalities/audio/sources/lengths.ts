import type { Entries } from "../../../data/files/collection.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { decode, secondsByHeader } from "../decode.ts";

/** Files read concurrently. */
const CONCURRENCY = 16;

/**
 * Seconds of each recording, from its header where that says so; undefined for a broken one.
 * @param rate that they will be decoded at
 */
export async function secondsOf(entries: Entries, rate: number): Promise<(number | undefined)[]> {
  const seconds: (number | undefined)[] = [];
  for (let start = 0; start < entries.names.length; start += CONCURRENCY) {
    const indices = Array.from({ length: Math.min(CONCURRENCY, entries.names.length - start) }, (_, at) => start + at);
    seconds.push(...(await Promise.all(indices.map((index) => secondsIn(entries, index, rate)))));
  }
  return seconds;
}

async function secondsIn(entries: Entries, index: number, rate: number): Promise<number | undefined> {
  try {
    const bytes = await entries.bytes(index);
    const seconds = secondsByHeader(bytes, rate);
    if (seconds !== undefined) return seconds;
    const sound = await decode(bytes);
    return sound.wave.length / sound.rate;
  } catch (error) {
    if (error instanceof BrokenSample) return undefined;
    throw error;
  }
}
