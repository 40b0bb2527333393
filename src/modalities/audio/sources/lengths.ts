import type { Entries } from "../../../data/files/collection.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { decode, secondsByHeader } from "../decode.ts";

/** Files read concurrently. */
const CONCURRENCY = 16;
/** Milliseconds after which a note says how long it will take. */
const PATIENCE = 2000;

/**
 * Seconds of each recording, from its header where that says so; undefined for a broken one.
 * @param rate that they will be decoded at
 * @param onNote is told once how long it takes, if that is more than a few seconds
 */
export async function secondsOf(
  entries: Entries,
  rate: number,
  onNote?: (note: string) => void,
  clock: () => number = () => performance.now(),
): Promise<(number | undefined)[]> {
  const seconds: (number | undefined)[] = [];
  const total = entries.names.length;
  const start = clock();
  let isNoted = false;
  while (seconds.length < total) {
    const done = seconds.length;
    const indices = Array.from({ length: Math.min(CONCURRENCY, total - done) }, (_, at) => done + at);
    seconds.push(...(await Promise.all(indices.map((index) => secondsIn(entries, index, rate)))));
    const left = ((clock() - start) / seconds.length) * (total - seconds.length);
    if (isNoted || clock() - start < PATIENCE || left < PATIENCE) continue;
    isNoted = true;
    onNote?.(`the lengths of ${total.toLocaleString("en")} recordings are read, in about ${inWords(left / 1000)}`);
  }
  return seconds;
}

const inWords = (seconds: number): string =>
  seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} minutes`;

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
