import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../foundation/errors.ts";
import { openSimulator } from "./simulator.ts";
import type { Verdict } from "./untrusted.ts";

/** A worker that compiles a model and takes three steps; whoever started it terminates it when that takes too long. */
const port = parentPort;
if (!port) throw new Error("a model is tried in a worker thread only");

const STEPS = 3;

async function verdict(xml: string): Promise<Verdict> {
  try {
    using simulator = await openSimulator(xml);
    simulator.step(STEPS);
    return {};
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

port.postMessage(await verdict(workerData));
