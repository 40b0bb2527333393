/** A function took longer than it may. */
export class Overdue extends Error {
  override name = "Overdue";
}

/** Calls what `sandbox.run` is; only such a script can be ended by time, even within a regular expression. */
interface Timed {
  call(run: () => void, milliseconds: number): void;
}

let timed: Timed | undefined;

function open(): Timed | undefined {
  const vm = globalThis.process?.getBuiltinModule?.("node:vm");
  if (!vm) return undefined;
  const sandbox: { run?: () => void } = {};
  const context = vm.createContext(sandbox);
  const script = new vm.Script("run()");
  return {
    call(run, timeout) {
      sandbox.run = run;
      script.runInContext(context, { timeout });
    },
  };
}

/** Node's error is of the script's realm, and so no instance of this realm's `Error`. */
const isTimeout = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";

/**
 * Runs a function that code of somebody else's may keep for ever: a regular expression from a file. Costs about 0.1 ms.
 * Browsers have no such means; there the function just runs.
 * @throws Overdue when it takes longer, twice: the first time the process may have been suspended
 */
export function within<Result>(milliseconds: number, run: () => Result): Result {
  timed ??= open();
  if (!timed) return run();
  for (let attempt = 0; attempt < 2; attempt++) {
    let result: { readonly value: Result } | undefined;
    try {
      timed.call(() => {
        result = { value: run() };
      }, Math.ceil(milliseconds));
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
    if (result) return result.value;
  }
  throw new Overdue(`longer than ${(milliseconds / 1000).toFixed(1)} s`);
}
