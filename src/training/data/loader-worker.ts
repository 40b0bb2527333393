import { parentPort, workerData } from "node:worker_threads";
import { trustCode } from "../../foundation/user-file.ts";
import { type BatchRequest, describeFailure, type LoaderTask, openTask } from "./loader-task.ts";

/** A thread that prepares the requested batches in order. */
const port = parentPort;
if (!port) throw new Error("loader-worker runs as a worker thread only");
const task: LoaderTask = workerData;
// Whoever started this thread has loaded the same code.
trustCode();
const opening = openTask(task);
// A failure to open is reported with each request, since nobody awaits it before the first.
opening.catch(() => undefined);
let queue = Promise.resolve();

port.on("message", ({ at, stages }: BatchRequest) => {
  queue = queue.then(async () => {
    try {
      const { prepare } = await opening;
      const batch = await prepare(at, stages);
      const buffers = batch.leaves.flatMap(([, { data }]) => (data.buffer instanceof ArrayBuffer ? [data.buffer] : []));
      port.postMessage({ at, batch }, buffers);
    } catch (error) {
      port.postMessage({ at, failure: describeFailure(error) });
    }
  });
});
