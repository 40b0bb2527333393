import { HTTPException } from "hono/http-exception";
import { messageOf } from "../foundation/errors.ts";

/** Seconds after which a refused client may try again. */
export const RETRY_AFTER = "1";

/** Longest message in a response, in characters: messages quote names that clients chose. */
const LONGEST = 300;

/** A message on one line, shortened, without characters that a terminal obeys or that change the direction of writing. */
export function plainMessage(error: unknown): string {
  const text = messageOf(error).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** A body or a sample that cannot be used: status 422. */
export const unreadable = (message: string) => new HTTPException(422, { message });

/** Too much in one request: status 413. */
export const tooLarge = (message: string) => new HTTPException(413, { message });

/** No room at the moment: status 503, which is sent with `Retry-After`. */
export const noRoom = (what: string) => new HTTPException(503, { message: `${what}; try again in ${RETRY_AFTER} s` });

/** The client closed its connection before it had its response. Nobody reads a status then, and it is no error. */
export class ClientGone extends Error {
  override name = "ClientGone";
}
