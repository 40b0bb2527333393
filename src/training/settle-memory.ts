import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sizeOf, type TensorSpec, type Tree, tree } from "../array/index.ts";

/** Bytes of garbage that may accumulate besides what a step allocates. */
const SLACK = 2 ** 25;
/** glibc counts on freed blocks up to twice this large to be needed again; larger ones do not change its threshold. */
const LESSON = 31 * 2 ** 20;

/**
 * Tunes memory for training: frees garbage left by tracing (tens of megabytes, on top of which training would come), and
 * adapts V8 and the allocator to a loop that in each step allocates a new state and frees the old one.
 * @param state as large as the one that each step allocates
 */
export function settleMemory(state: Tree<TensorSpec>): void {
  // Node.js offers no other way without a command-line flag.
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  const collect = () => {
    if (typeof gc === "function") gc({ type: "major", execution: "sync", flavor: "last-resort" });
  };
  collect();
  // V8 would collect garbage in nearly every step, on all cores, during the matrix products, and find almost none: the
  // arrays are freed explicitly. Other versions may not know the flag, which V8 reports on the console.
  if (process.versions.v8.startsWith("13.6.")) {
    const stateBytes = 4 * tree.leaves<TensorSpec>(state).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const more = Math.ceil((100 * (stateBytes + SLACK)) / process.memoryUsage().heapUsed);
    setFlagsFromString("--external-memory-accounted-in-global-limit");
    setFlagsFromString(`--heap-growing-percent=${more}`);
    // A collection updates the limit.
    collect();
  }
  // Freed memory at the end of its heap glibc returns to the system, and fetches it again page by page, if it is more than
  // twice the largest block it has seen freed.
  new ArrayBuffer(LESSON).transfer(0);
}
