import { setImmediate } from "node:timers/promises";

/** Most that a large piece of work waits longer than a small one, in milliseconds. */
const LONGEST = 2000;
/** Bytes of work that are worth a millisecond of waiting. */
const BYTES_PER_MS = 8;

interface Job {
  readonly due: number;
  run(): Promise<void>;
}

/** Runs pieces of work in turn. */
export type Turns = <Result>(bytes: number, work: () => Result | Promise<Result>) => Promise<Result>;

/**
 * Work that takes the event loop's time, a few pieces at once, and the server's other tasks between them. Small pieces
 * go first, by up to two seconds: a client with a short text does not wait for everyone's long ones, and those are not
 * put off for ever.
 * @param width pieces at once: those whose work is done by threads
 */
export function turns(width: number): Turns {
  const waiting: Job[] = [];
  let running = 0;
  let starting = false;

  async function start(): Promise<void> {
    if (starting) return;
    starting = true;
    while (running < width && waiting.length > 0) {
      running++;
      void waiting
        .shift()!
        .run()
        .then(() => {
          running--;
          void start();
        });
      await setImmediate();
    }
    starting = false;
  }

  return (bytes, work) =>
    new Promise((resolve, reject) => {
      const due = performance.now() + Math.min(LONGEST, bytes / BYTES_PER_MS);
      const after = waiting.findLastIndex((job) => job.due <= due);
      waiting.splice(after + 1, 0, {
        due,
        run: async () => {
          try {
            resolve(await work());
          } catch (error) {
            reject(error);
          }
        },
      });
      void start();
    });
}
