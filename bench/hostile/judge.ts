import { HTTPException } from "hono/http-exception";
import { BrokenSample, messageOf, UserError } from "../../src/foundation/errors.ts";
import { printable } from "../../src/foundation/printable.ts";
import { Silent } from "./openers.ts";

/** What may go wrong, worst first. */
export const faults = ["crash", "hang", "memory", "wrong error", "wrong result", "unreadable", "left behind"] as const;
export type FaultKind = (typeof faults)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly message: string;
}

/** Longest message that is still read. */
const LONGEST = 600;

/** What a JavaScript engine says of a mistake in a program, which tells nothing about a file. */
const ENGINE =
  /Cannot (read propert|set propert|convert|mix|destructure)|is not (a function|iterable|defined|a constructor)|Maximum call stack|Invalid (typed |shared )?array|Array buffer allocation|is out of (range|bounds)|\b(Range|Type|Reference)Error\b|\[object Object\]/;

const expected = (error: unknown): boolean =>
  error instanceof UserError ||
  error instanceof BrokenSample ||
  (error instanceof HTTPException && error.status >= 400 && error.status < 500);

/** What is wrong with how the product refused a file; undefined if nothing is. */
export function faultOf(error: unknown): Fault | undefined {
  // As the command line prints it: control characters in names of files are written out there.
  const message = printable(messageOf(error));
  if (error instanceof Silent) return { kind: "wrong result", message };
  if (!expected(error)) {
    const where = error instanceof Error ? error.stack?.split("\n").find((line) => line.includes("/src/")) : undefined;
    const name = error instanceof Error ? error.name : typeof error;
    return { kind: "wrong error", message: `${name}: ${message}${where ? ` ${where.trim()}` : ""}` };
  }
  if (message === "") return { kind: "unreadable", message: "(empty)" };
  if (message.length > LONGEST)
    return { kind: "unreadable", message: `${message.length} characters: ${message.slice(0, 100)}` };
  if (ENGINE.test(message)) return { kind: "unreadable", message };
  return undefined;
}
