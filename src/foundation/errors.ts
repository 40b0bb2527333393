/**
 * A mistake the user can mend: a wrong option, a missing file, data of the wrong kind.
 * The command line prints its one line and ends with exit code 2; nothing else ends with 2.
 */
export class UserError extends Error {
  override name = "UserError";
}

/** One sample that could not be decoded. Sources throw it; whoever reads counts it, names it and goes on. */
export class BrokenSample extends Error {
  override name = "BrokenSample";
}

/** For `catch` where one broken sample is no reason to stop: it becomes undefined, anything else is thrown on. */
export function skipBroken(error: unknown): undefined {
  if (!(error instanceof BrokenSample)) throw error;
}

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
