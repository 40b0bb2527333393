import { messageOf, UserError } from "./errors.ts";

/** Deepest nesting, and the length from which it is looked at: a few megabytes of brackets take the parser seconds. */
const DEEPEST = 1000;
const LONG = 1 << 16;

/** @throws Error when the text is not JSON, or nested more than 1,000 deep */
function parse(text: string): unknown {
  if (text.length > LONG && isTooDeep(text)) throw new Error(`nested more than ${DEEPEST} deep`);
  return JSON.parse(text);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      // A string ends at the next quotation mark that is not escaped.
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === "\\") at++;
    } else if (character === "[" || character === "{") {
      if (++depth > DEEPEST) return true;
    } else if (character === "]" || character === "}") depth--;
  }
  return false;
}

/**
 * Parses JSON.
 * @param source named by the error: a file, or a line of one
 * @param advice ends the error's message: what to do about it
 * @throws UserError when the text is not JSON, or is nested more than 1,000 deep
 */
export function parseJson(text: string, source: string, advice = ""): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UserError(`${source}: not JSON (${messageOf(error)})${advice}`);
  }
}

/** Parses JSON that a killed process may have left incomplete; undefined if so. */
export function parseTornJson(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
