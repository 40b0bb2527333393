/** The process that opens mutants: it may hang, crash or fill the memory, and its parent sees to it. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Fault, faultOf } from "./judge.ts";
import type { Kind } from "./kinds.ts";

/** From the parent. */
export interface Task {
  readonly kind: string;
  readonly path: string;
  readonly folder: string;
}

/** To the parent. */
export interface Answer {
  /** Whether nothing was refused, not even a sample. */
  readonly opened: boolean;
  readonly fault?: Fault | undefined;
  /** Of a processor. */
  readonly milliseconds: number;
  /** Largest resident memory while it was open, in bytes. */
  readonly peak: number;
}

/** The kernel's high-water mark of this process's memory begins anew; elsewhere than on Linux it counts from the start. */
function resetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {}
}

function peak(): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}

/** The module with the kinds, as the parent names it. */
const { kinds }: { kinds: readonly Kind[] } = await import(process.argv[2] ?? "./kinds.ts");

let stray: Fault | undefined;
process.on("unhandledRejection", (error) => {
  stray = faultOf(error) ?? { kind: "wrong error", message: `thrown where nothing catches it: ${error}` };
});
process.on("uncaughtException", (error) => {
  stray = { kind: "wrong error", message: `thrown where nothing catches it: ${error.message}` };
});

process.on("message", async ({ kind: name, path, folder }: Task) => {
  stray = undefined;
  const kind = kinds.find((one) => one.name === name);
  if (!kind) throw new Error(`no kind ${name}`);
  resetPeak();
  const started = process.cpuUsage();
  const outcome = await kind.open(path, folder).then(
    (met) => ({ opened: met.length === 0, fault: met.map(faultOf).find((fault) => fault) }),
    (error: unknown) => ({ opened: false, fault: faultOf(error) }),
  );
  const { user, system } = process.cpuUsage(started);
  const milliseconds = (user + system) / 1000;
  // A turn for what was left running.
  await new Promise((resolve) => setImmediate(resolve));
  const answer: Answer = { ...outcome, fault: stray ?? outcome.fault, milliseconds, peak: peak() };
  process.send?.(answer);
});
process.send?.("ready");
