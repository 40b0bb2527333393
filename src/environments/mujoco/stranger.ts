import { readFile, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { deadlineOf } from "../../foundation/deadline.ts";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { openSimulator, type Simulator } from "./simulator.ts";

/** Bytes of the largest file that is tried: a humanoid has 10 kB. */
const LARGEST = 4 * 2 ** 20;
/** Time for a model to be compiled and take a few steps. */
const SECONDS = 5;

/** What the thread says of a model: nothing, if it can be simulated. */
export interface Verdict {
  readonly failure?: string;
}

/**
 * Opens a model from a file that anybody may have written. It is tried in a thread of its own first, which ends if it takes more than
 * 5 s of computing; the simulator itself reads no other file, so meshes, height fields and includes are refused.
 * @param path MJCF, at most 4 MiB
 * @throws UserError naming the path and what is wrong
 */
export async function openStranger(path: string): Promise<Simulator> {
  const unreadable = (error: unknown) => fileError(path, "read", error);
  const { size } = await stat(path).catch((error: unknown) => Promise.reject(unreadable(error)));
  if (size > LARGEST) throw new UserError(`${path}: ${(size / 2 ** 20).toFixed(1)} MiB; a model has at most 4 MiB`);
  const xml = await readFile(path, "utf8").catch((error: unknown) => Promise.reject(unreadable(error)));
  const failure = await tried(xml);
  if (failure !== undefined) throw new UserError(`${path}: ${failure}`);
  return openSimulator(xml);
}

/** @returns why a model cannot be simulated */
async function tried(xml: string): Promise<string | undefined> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const worker = new Worker(new URL(`./trial${extension}`, import.meta.url), { workerData: xml });
  const verdict = Promise.withResolvers<string | undefined>();
  const deadline = deadlineOf(worker, (seconds) =>
    verdict.resolve(`the model was not compiled and moved in ${seconds} s; it is too large`),
  );
  deadline.start(SECONDS);
  worker.on("message", ({ failure }: Verdict) => verdict.resolve(failure));
  worker.on("error", (error) => verdict.resolve(`the simulator gave up (${messageOf(error)})`));
  try {
    return await verdict.promise;
  } finally {
    deadline.stop();
    await worker.terminate();
  }
}
