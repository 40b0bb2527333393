import { messageOf, UserError } from "./errors.ts";

/**
 * Parses JSON.
 * @param source named by the error: a file, or a line of one
 * @param advice ends the error's message: what to do about it
 * @throws UserError when the text is not JSON
 */
export function parseJson(text: string, source: string, advice = ""): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${source}: not JSON (${messageOf(error)})${advice}`);
  }
}

/** Parses JSON that a killed process may have left incomplete; undefined if so. */
export function parseTornJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
