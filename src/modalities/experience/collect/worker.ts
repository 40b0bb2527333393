import { parentPort, workerData } from "node:worker_threads";
import { messageOf, UserError } from "../../../foundation/errors.ts";
import { attemptsHere, type Reply, type Task } from "./attempts.ts";

/** A thread that makes attempts. */
const port = parentPort;
if (!port) throw new Error("attempts are made in worker threads");
const task: Task = workerData;
const opening = attemptsHere(task);
opening.catch(() => undefined);

/** One after the other: an environment is one world. */
let last: Promise<unknown> = Promise.resolve();

port.on("message", (index: number) => {
  last = last.then(async () => {
    try {
      const reply: Reply = { index, attempted: await (await opening).of(index) };
      port.postMessage(reply);
    } catch (error) {
      const reply: Reply = { index, failure: { message: messageOf(error), isUser: error instanceof UserError } };
      port.postMessage(reply);
    }
  });
});
