import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sizeOf, type TensorSpec, type Tree, tree } from "../array/index.ts";

/** Bytes that may wait to be collected beside what a step makes. */
const SLACK = 2 ** 25;
/** glibc counts on freed blocks up to twice this large to be needed again; larger ones teach it nothing. */
const LESSON = 31 * 2 ** 20;

/**
 * Makes the process ready to train: gives back what nothing holds any more, tens of megabytes after tracing, which training
 * would come on top of; and keeps V8 and the allocator from working against a loop that in each step takes memory for a
 * new state and gives the old one's back.
 * @param state of the size that a step makes anew
 */
export function settleMemory(state: Tree<TensorSpec>): void {
  // Node.js has no other way of asking without a flag on its own command line.
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  const collect = () => {
    if (typeof gc === "function") gc({ type: "major", execution: "sync", flavor: "last-resort" });
  };
  collect();
  // V8 would look for garbage in nearly every step, on all cores and in the middle of the products. It would find next to
  // none: the arrays are given back by hand. In other versions the flag may be unknown, which V8 says on the console.
  if (process.versions.v8.startsWith("13.6.")) {
    const stateBytes = 4 * tree.leaves<TensorSpec>(state).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const more = Math.ceil((100 * (stateBytes + SLACK)) / process.memoryUsage().heapUsed);
    setFlagsFromString("--external-memory-accounted-in-global-limit");
    setFlagsFromString(`--heap-growing-percent=${more}`);
    // The limit is set anew by a collection.
    collect();
  }
  // Freed memory at the end of its heap glibc returns to the system, and fetches it again page by page, if it is more than
  // twice the largest block it has seen freed.
  new ArrayBuffer(LESSON).transfer(0);
}
