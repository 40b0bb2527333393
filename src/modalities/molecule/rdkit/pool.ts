import { Worker } from "node:worker_threads";
import { type Deadline, deadlineOf } from "../../../foundation/deadline.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import type { Job, Outcome } from "./outcomes.ts";
import type { TaskResult } from "./tasks.ts";

/** What the thread is sent; it answers with the same `id` and the outcome of every job. */
export interface Request {
  readonly id: number;
  readonly jobs: readonly Job[];
}

/** What the thread is started with. */
export interface Start {
  /** The job that it is at, of those in the request. */
  readonly progress: Int32Array;
}

interface Reply {
  readonly id: number;
  readonly outcomes: readonly Outcome[];
}

interface Waiting extends Job {
  resolve(value: TaskResult): void;
  reject(error: Error): void;
}

interface Thread extends Start {
  readonly worker: Worker;
  readonly deadline: Deadline;
}

/** Molecules in a message. */
const TOGETHER = 64;

/** Jobs for a thread that is replaced when it fails, and ends when there is nothing to do. */
export class JobPool {
  readonly #file: URL;
  readonly #seconds: number;
  readonly #idle: number;
  readonly #waiting: Waiting[] = [];
  #busy: readonly Waiting[] = [];
  #isPlanned = false;
  #requests = 0;
  #timer: NodeJS.Timeout | undefined;
  #thread: Thread | undefined;

  /**
   * @param file of the thread, which answers a `Request`
   * @param seconds of computing for a message; a molecule needs about a thousandth
   * @param idle milliseconds without work after which the thread ends: RDKit takes 150 MB
   */
  constructor(file: URL, { seconds = 10, idle = 10_000 }: { readonly seconds?: number; readonly idle?: number } = {}) {
    this.#file = file;
    this.#seconds = seconds;
    this.#idle = idle;
  }

  /**
   * Does a job; those that come at the same time go in one message.
   * @throws BrokenSample when the molecule is refused, or the thread comes to no end with it
   */
  ask({ task, input }: Job): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, input, resolve, reject });
      if (this.#isPlanned) return;
      this.#isPlanned = true;
      setImmediate(() => {
        this.#isPlanned = false;
        this.#send();
      });
    });
  }

  #start(): Thread {
    const progress = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const start: Start = { progress };
    const worker = new Worker(this.#file, { workerData: start });
    const thread: Thread = { worker, progress, deadline: deadlineOf(worker, () => this.#replace(thread)) };
    worker.on("message", (reply: Reply) => {
      if (this.#thread === thread && reply.id === this.#requests) this.#settle(thread, reply);
    });
    worker.on("error", (error) => {
      if (this.#thread !== thread) return;
      thread.deadline.stop();
      this.#thread = undefined;
      const failed = this.#busy;
      this.#busy = [];
      for (const { reject } of failed) reject(new Error(`the thread for molecules stopped: ${error.message}`));
      this.#send();
    });
    return thread;
  }

  #settle({ deadline }: Thread, { outcomes }: Reply): void {
    deadline.stop();
    const done = this.#busy;
    this.#busy = [];
    done.forEach(({ resolve, reject }, at) => {
      const outcome = outcomes[at];
      if (outcome && "value" in outcome) resolve(outcome.value);
      else reject(new BrokenSample(outcome?.broken ?? "the thread for molecules gave no answer"));
    });
    this.#send();
  }

  /** Ends a thread that comes to no end, without the molecule that it is at, and goes on with the others. */
  #replace(late: Thread): void {
    if (this.#thread !== late) return;
    this.#thread = undefined;
    late.worker.terminate().catch(() => undefined);
    const at = Atomics.load(late.progress, 0);
    this.#busy[at]?.reject(new BrokenSample(`RDKit comes to no end with this molecule in ${this.#seconds} s`));
    this.#waiting.unshift(...this.#busy.filter((_, job) => job !== at));
    this.#busy = [];
    this.#send();
  }

  #send(): void {
    clearTimeout(this.#timer);
    if (this.#busy.length > 0) return;
    if (this.#waiting.length === 0) {
      this.#thread?.worker.unref();
      this.#timer = setTimeout(() => this.#end(), this.#idle);
      this.#timer.unref();
      return;
    }
    this.#busy = this.#waiting.splice(0, TOGETHER);
    this.#thread ??= this.#start();
    const { worker, progress, deadline } = this.#thread;
    // A program whose only hope is this thread must not end before it answers.
    worker.ref();
    Atomics.store(progress, 0, 0);
    deadline.start(this.#seconds);
    const request: Request = {
      id: ++this.#requests,
      jobs: this.#busy.map(({ task, input }) => ({ task, input })),
    };
    worker.postMessage(request);
  }

  #end(): void {
    const ended = this.#thread;
    this.#thread = undefined;
    ended?.worker.terminate().catch(() => undefined);
  }
}
