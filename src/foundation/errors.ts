/**
 * A mistake the user can fix: a wrong option, a missing file, data of the wrong kind.
 * The command line prints its one line and exits with code 2; no other error does.
 */
export class UserError extends Error {
  override name = "UserError";
}

/** A sample that could not be decoded. Sources throw it; readers count it, name it and continue. */
export class BrokenSample extends Error {
  override name = "BrokenSample";
}

/** For `catch`: a broken sample becomes undefined, any other error is thrown again. */
export function skipBroken(error: unknown): undefined {
  if (!(error instanceof BrokenSample)) throw error;
}

/** The `code` of a failed file operation, if it is one. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}

/**
 * Why a library could not read a file, on one line. Where the engine stopped it, as a damaged file's lengths and types do, the
 * engine's words say nothing of the file.
 */
export const whyUnreadable = (error: unknown): string =>
  error instanceof TypeError || error instanceof RangeError
    ? "damaged: its parts do not fit together"
    : messageOf(error);
