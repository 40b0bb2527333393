/** Memory that is promised to work under way, so that what strangers send cannot take more than was set aside for it. */
export interface MemoryBudget {
  /** All that may be promised at a time, in bytes. */
  readonly bytes: number;
  /**
   * Waits until `bytes` are free, in the order of asking, and keeps them.
   * @returns gives them back
   * @throws RangeError when `bytes` is more than the whole budget, which no waiting would change
   */
  take(bytes: number): Promise<() => void>;
}

/** @example
 * const budget = memoryBudget(64 * 2 ** 20);
 * const giveBack = await budget.take(10 * 2 ** 20);
 * giveBack();
 */
export function memoryBudget(bytes: number): MemoryBudget {
  let free = bytes;
  const waiting: { wanted: number; begin: () => void }[] = [];
  const serve = () => {
    // The first in the queue is not overtaken, so that a large request is served even among many small ones.
    while (waiting[0] && waiting[0].wanted <= free) {
      const { wanted, begin } = waiting.shift()!;
      free -= wanted;
      begin();
    }
  };
  return {
    bytes,
    async take(wanted) {
      if (!(wanted <= bytes)) throw new RangeError(`${wanted} bytes of a budget of ${bytes}`);
      await new Promise<void>((begin) => {
        waiting.push({ wanted, begin });
        serve();
      });
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        free += wanted;
        serve();
      };
    },
  };
}

const ALLOWED = "autodidact: bytes for decoding";
/** In a browser there are no such threads. */
const threads = () => globalThis.process?.getBuiltinModule?.("node:worker_threads");

/**
 * Sets how much memory decoding may take in this process and in threads that it starts from now on: all decodes under way in
 * a thread together. It holds for threads that have not decoded anything yet.
 * @param bytes 256 MB by default, in `serve` 64 MB
 *
 * @example
 * allowDecoding(2 ** 30);
 */
export const allowDecoding = (bytes: number): void => threads()?.setEnvironmentData(ALLOWED, bytes);

/** The bytes that the user allowed for decoding, if any. */
export function allowedForDecoding(): number | undefined {
  const bytes: unknown = threads()?.getEnvironmentData(ALLOWED);
  return typeof bytes === "number" ? bytes : undefined;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Bytes for people: `256 MB`, in units of 1,024. */
export function inBytes(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const amount = bytes / 2 ** (10 * unit);
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[unit]}`;
}
