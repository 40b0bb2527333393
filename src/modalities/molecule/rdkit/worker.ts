import { parentPort, workerData } from "node:worker_threads";
import { newInstance } from "./instance.ts";
import { type Outcome, outcomes } from "./outcomes.ts";
import type { Request, Start } from "./pool.ts";
import { perform } from "./tasks.ts";

/** A thread with one RDKit. Whoever started it can end it, when a molecule keeps it busy without end. */
const port = parentPort;
if (!port) throw new Error("RDKit runs as a worker thread only");
const { progress }: Start = workerData;
const outcomeOf = outcomes(newInstance, perform);
let queue = Promise.resolve();

port.on("message", ({ id, jobs }: Request) => {
  queue = queue.then(async () => {
    const done: Outcome[] = [];
    for (const job of jobs) {
      // Whoever waits too long learns here which molecule it was.
      Atomics.store(progress, 0, done.length);
      done.push(await outcomeOf(job));
    }
    port.postMessage({ id, outcomes: done });
  });
});
