import { Worker } from "node:worker_threads";
import type { Tensor, TreeRecord } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Method } from "../../methods/index.ts";
import type { Curriculum } from "../curriculum.ts";
import {
  type BatchRequest,
  type BrokenEntry,
  type LoaderTask,
  openTask,
  type PreparedBatch,
  toBatch,
} from "./loader-task.ts";

/** Batches in the order of the steps that they are of, prepared ahead by worker threads. */
export interface Loader {
  /** The next batch, and how long the caller had to wait for it. @throws UserError when no entry can be read */
  next(): Promise<{ batch: TreeRecord<Tensor>; waitMs: number }>;
  /** Entries found unreadable so far, each once. */
  broken(): BrokenEntry[];
  close(): Promise<void>;
}

/** Batches that a worker may be ahead. */
const AHEAD = 3;

const NONE: Pick<Curriculum, "stagesAt" | "horizon"> = {
  stagesAt: () => [],
  horizon: () => Number.POSITIVE_INFINITY,
};

interface Reply {
  readonly at: number;
  readonly batch?: PreparedBatch;
  readonly failure?: { message: string; user: boolean };
}

/**
 * @param workers threads; with 0, the same batches are prepared in this thread on request
 * @param startStep the step whose batches are the first to return, for resumed runs
 * @param curriculum gives each step's stages, and up to which step they are decided
 */
export function createLoader(task: LoaderTask, workers: number, startStep = 0, curriculum = NONE): Loader {
  const broken = new Map<string, BrokenEntry>();
  const finish = (prepared: PreparedBatch) => {
    for (const entry of prepared.broken) broken.set(entry.name, entry);
    return toBatch(prepared);
  };
  const { accumulate = 1 } = task;
  const stagesOf = (at: number) => curriculum.stagesAt(Math.floor(at / accumulate));
  /** Number of the next batch. */
  let at = startStep * accumulate;

  if (workers === 0) {
    const opening = openTask(task);
    opening.catch(() => undefined);
    return {
      async next() {
        const start = performance.now();
        const batch = finish(await (await opening).prepare(at, stagesOf(at++)));
        return { batch, waitMs: performance.now() - start };
      },
      broken: () => [...broken.values()],
      async close() {
        await opening.then((opened) => opened.close()).catch(() => undefined);
      },
    };
  }

  const waiting = new Map<number, PromiseWithResolvers<PreparedBatch>>();
  let failure: Error | undefined;
  const failAll = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(error);
  };
  let closing = false;
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const pool = globalThis.Array.from({ length: workers }, () => {
    const worker = new Worker(new URL(`./loader-worker${extension}`, import.meta.url), { workerData: task });
    worker.on("message", ({ at: done, batch, failure: cause }: Reply) => {
      const request = waiting.get(done);
      if (batch) request?.resolve(batch);
      else request?.reject(cause?.user ? new UserError(cause.message) : new Error(`loading data: ${cause?.message}`));
    });
    worker.on("error", (error) => failAll(new Error(`a data worker stopped: ${error.message}`)));
    worker.on("exit", (code) => {
      if (!closing) failAll(new Error(`a data worker ended with code ${code}`));
    });
    return worker;
  });
  let requested = at;
  const request = () => {
    const pending = Promise.withResolvers<PreparedBatch>();
    // A failure may come before anyone waits for it; `next` reports it.
    pending.promise.catch(() => undefined);
    waiting.set(requested, pending);
    if (failure) pending.reject(failure);
    const request: BatchRequest = { at: requested, stages: stagesOf(requested) };
    pool[requested % workers]!.postMessage(request);
    requested++;
  };
  const requestAhead = () => {
    const end = Math.min(at + AHEAD * workers, curriculum.horizon() * accumulate);
    while (requested < end) request();
  };
  requestAhead();

  return {
    async next() {
      const start = performance.now();
      requestAhead();
      const prepared = await waiting.get(at)!.promise;
      waiting.delete(at++);
      requestAhead();
      return { batch: finish(prepared), waitMs: performance.now() - start };
    },
    broken: () => [...broken.values()],
    async close() {
      closing = true;
      await Promise.all(pool.map((worker) => worker.terminate()));
    },
  };
}

/** The same batches with what the method adds to each on the host: see `Method.ahead`. Waiting for it counts as waiting. */
export function withAhead(loader: Loader, method: Pick<Method, "ahead">): Loader {
  if (!method.ahead) return loader;
  return {
    ...loader,
    async next() {
      const { batch, waitMs } = await loader.next();
      const start = performance.now();
      return { batch: await method.ahead!(batch), waitMs: waitMs + performance.now() - start };
    },
  };
}
