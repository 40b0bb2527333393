import { messageOf, UserError } from "./errors.ts";

/**
 * What a text says as JSON.
 * @param source what the message names: a file, or a line of one
 * @param advice what the message ends with: what to do about it
 * @throws UserError when it is not JSON
 */
export function parseJson(text: string, source: string, advice = ""): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${source}: not JSON (${messageOf(error)})${advice}`);
  }
}

/** What a text says as JSON; undefined where a process may have been killed while it wrote. */
export function parseTornJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
