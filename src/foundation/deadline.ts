import type { Worker } from "node:worker_threads";

/** Times the limit that is waited for a thread which the machine gives no time. */
const PATIENCE = 4;
/** Time for a thread to say how long it has computed; it does so in the middle of a loop. */
const ANSWER_MS = 1000;

/** A limit to the time that a thread computes between two answers. */
export interface Deadline {
  /** Begins anew. */
  start(seconds: number): void;
  stop(): void;
}

/**
 * Watches a thread. Its own computing counts, since on a busy machine a healthy thread may wait for longer than the limit;
 * and no more than four times the limit of the clock.
 */
export function deadlineOf(thread: Worker, onLate: (seconds: number) => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  /** Which start a timer belongs to. */
  let round = 0;
  const stop = () => {
    round++;
    clearTimeout(timer);
  };
  return {
    stop,
    start(seconds) {
      stop();
      const mine = round;
      const begun = performance.now();
      const before = computed(thread);
      const look = async (): Promise<void> => {
        const [first, now] = await Promise.all([before, computed(thread)]);
        if (mine !== round) return;
        // A thread that starts on a busy machine is silent at first, and has computed nothing.
        const used = now === undefined ? seconds : now - (first ?? 0);
        const isLate = used >= 0.95 * seconds || performance.now() - begun >= PATIENCE * 1000 * seconds;
        if (isLate) onLate(seconds);
        else timer = setTimeout(look, 1000 * Math.max(0.1, seconds - used));
      };
      timer = setTimeout(look, 1000 * seconds);
    },
  };
}

/** Seconds that a thread has computed; undefined if it does not say, as in Node below 24.6. */
async function computed(thread: Worker): Promise<number | undefined> {
  if (!("cpuUsage" in thread)) return undefined;
  const silence = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => silence.resolve(undefined), ANSWER_MS);
  const usage = thread.cpuUsage().catch(() => undefined);
  const answer = await Promise.race([usage, silence.promise]);
  clearTimeout(timer);
  return answer && (answer.user + answer.system) / 1e6;
}
