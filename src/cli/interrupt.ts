/** Stopped by the user before the end; the progress is saved. Exit code 130. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** npm and the launcher forward a terminal's Ctrl-C, so that one key press arrives as several signals. */
const ONE_PRESS_MS = 500;

/**
 * A signal that fires at the first Ctrl-C, SIGTERM or SIGHUP (the terminal has gone), so that work can be saved; a second
 * Ctrl-C or SIGTERM quits at once.
 * @param onFirst called at the first
 */
export function abortOnInterrupt(onFirst: () => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (!controller.signal.aborted) {
      first = performance.now();
      onFirst();
      controller.abort();
    } else if (performance.now() - first > ONE_PRESS_MS) process.exit(130);
  };
  // A closing terminal may say so several times; nobody is there who could be impatient.
  const hangUp = () => {
    if (!controller.signal.aborted) interrupt();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", hangUp);
  return {
    signal: controller.signal,
    release: () => process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("SIGHUP", hangUp),
  };
}
