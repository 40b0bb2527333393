import { readFile, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { deadlineOf } from "../../foundation/deadline.ts";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { openSimulator, type Simulator } from "./simulator.ts";

/** Bytes of the largest file that is read; a humanoid has 10 kB. */
const LARGEST = 4 * 2 ** 20;
/** Seconds of CPU time to compile a model and take three steps. */
const SECONDS = 5;

/** The worker's message: without a failure, the model can be simulated. */
export interface Verdict {
  readonly failure?: string;
}

/**
 * Opens a model from an untrusted file. A worker thread compiles it and takes three steps first, with a limit of 5 s of CPU time. The
 * simulator reads no other file, so meshes and height fields from files, and includes, are rejected.
 * @param path MJCF, at most 4 MiB
 * @throws UserError naming the path and what is wrong
 *
 * @example
 * using simulator = await openUntrustedModel("robot.xml");
 */
export async function openUntrustedModel(path: string): Promise<Simulator> {
  const unreadable = (error: unknown) => Promise.reject(fileError(path, "read", error));
  const file = await stat(path).catch(unreadable);
  if (!file.isFile()) throw new UserError(`${path}: not a file`);
  if (file.size > LARGEST)
    throw new UserError(`${path}: ${(file.size / 2 ** 20).toFixed(1)} MiB; at most 4 MiB are read`);
  const xml = await readFile(path, "utf8").catch(unreadable);
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
    verdict.resolve(`too large: compiling it and three steps took more than ${seconds} s`),
  );
  deadline.start(SECONDS);
  worker.on("message", ({ failure }: Verdict) => verdict.resolve(failure));
  worker.on("error", (error) => verdict.resolve(`the simulator failed (${messageOf(error)})`));
  try {
    return await verdict.promise;
  } finally {
    deadline.stop();
    await worker.terminate();
  }
}
