import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives the memory back that nothing holds any more. Tracing a step leaves tens of megabytes, which V8 keeps for later
 * objects; training makes hardly any, and its arrays would come on top.
 */
export function collectGarbage(): void {
  // Node.js has no other way of asking without a flag on its own command line.
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
