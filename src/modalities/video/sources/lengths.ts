import { skipBroken } from "../../../foundation/errors.ts";
import { framesIn } from "../decoders/timing.ts";
import type { FrameReader } from "./frame-cache.ts";

/** Headers read concurrently. */
const CONCURRENCY = 4;

/** Frames of each clip at the cache's rate, by its header, or by decoding it where that does not say; undefined for a broken one. */
export async function lengthsOf(count: number, reader: FrameReader, rate: number): Promise<(number | undefined)[]> {
  const lengths: (number | undefined)[] = [];
  const measure = async (index: number): Promise<number | undefined> => {
    const { seconds } = await reader.header(index);
    return seconds === undefined ? reader.frames(index) : framesIn(seconds, rate);
  };
  for (let start = 0; start < count; start += CONCURRENCY) {
    const indices = Array.from({ length: Math.min(CONCURRENCY, count - start) }, (_, at) => start + at);
    lengths.push(...(await Promise.all(indices.map((index) => measure(index).catch(skipBroken)))));
  }
  return lengths;
}
