import { Worker } from "node:worker_threads";
import { environments } from "../../../environments/index.ts";
import { messageOf, UserError } from "../../../foundation/errors.ts";
import { attempt, type Episode } from "../record/episode.ts";
import { type Acting, openPolicy } from "./policy.ts";

/** What a thread needs to make attempts. */
export interface Task {
  /** Name of the environment, or the path of its file. */
  readonly environment: string;
  /** Settled. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly acting: Acting;
}

/** What came of an attempt: an episode, or the reason why there is none. */
export type Attempted = { readonly episode: Episode } | { readonly wrong: string };

/** A thread's answer. */
export interface Reply {
  readonly index: number;
  readonly attempted?: Attempted;
  readonly failure?: { readonly message: string; readonly isUser: boolean };
}

/** Makes attempts by their numbers, in any order: what comes of one depends on the seed and its number alone. */
export interface Attempts {
  of(index: number): Promise<Attempted>;
  close(): Promise<void>;
}

/** Attempts in this thread. @throws UserError when the environment or the policy cannot be opened */
export async function attemptsHere({ environment, options, seed, acting }: Task): Promise<Attempts> {
  const definition = await environments.load(environment);
  const world = await definition.make(options);
  const { policy, close } = await openPolicy(acting, definition, options);
  return {
    async of(index) {
      try {
        return { episode: await attempt(world, definition, { seed, index, policy }) };
      } catch (error) {
        // A world that blows up does so again: the attempt is left out.
        if (error instanceof UserError) return { wrong: messageOf(error) };
        throw error;
      }
    },
    async close() {
      await close();
      world[Symbol.dispose]();
    },
  };
}

/** Attempts in threads of their own. @param workers one or more */
export function attemptsInThreads(task: Task, workers: number): Attempts {
  const waiting = new Map<number, PromiseWithResolvers<Attempted>>();
  let failure: Error | undefined;
  let isClosing = false;
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
  };
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const pool = Array.from({ length: workers }, () => {
    const worker = new Worker(new URL(`./worker${extension}`, import.meta.url), { workerData: task });
    worker.on("message", ({ index, attempted, failure: why }: Reply) => {
      if (why) fail(why.isUser ? new UserError(why.message) : new Error(`attempt ${index}: ${why.message}`));
      else if (attempted) waiting.get(index)?.resolve(attempted);
    });
    worker.on("error", (error) => fail(new Error(`a worker stopped: ${error.message}`)));
    worker.on("exit", (code) => {
      if (!isClosing) fail(new Error(`a worker ended with code ${code}`));
    });
    return worker;
  });
  return {
    async of(index) {
      if (failure) throw failure;
      const pending = Promise.withResolvers<Attempted>();
      waiting.set(index, pending);
      pool[index % workers]!.postMessage(index);
      try {
        return await pending.promise;
      } finally {
        waiting.delete(index);
      }
    },
    async close() {
      isClosing = true;
      await Promise.all(pool.map((worker) => worker.terminate()));
    },
  };
}
