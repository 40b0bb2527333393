import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, UserError } from "./errors.ts";
import { fileError } from "./files.ts";

/** Errors that say nothing about the file: a disk or network that stutters, too many open files, too little memory. */
const PASSING = new Set([
  ...["EIO", "EMFILE", "ENFILE", "EAGAIN", "EBUSY", "EINTR", "ENOMEM", "ENOBUFS"],
  ...["ETIMEDOUT", "ESTALE", "EREMOTEIO", "ENOLINK", "ECOMM", "EPROTO", "ESHUTDOWN", "ENODEV", "ENXIO"],
  ...["ECONNRESET", "ECONNABORTED", "ECONNREFUSED", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH"],
]);

/** Whether a file operation failed for a reason that may pass. */
export const isPassing = (error: unknown): boolean => PASSING.has(codeOf(error) ?? "");

/** Milliseconds before each further attempt: about three seconds in all. */
const WAITS = [50, 100, 200, 400, 800, 1600];

/**
 * Reads a file, again and again while that fails for a reason that may pass. Then it is an error and no broken sample: a
 * sample that is left out because a disk stutters would change what is learned, and nobody would know.
 * @param path for the message
 * @throws UserError when it goes on failing; other errors as they are
 *
 * @example
 * const bytes = await retried("photos/1.jpg", () => readFile("photos/1.jpg"));
 */
export async function retried<Result>(path: string, read: () => Promise<Result> | Result): Promise<Result> {
  for (const wait of WAITS) {
    try {
      return await read();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(wait);
    }
  }
  try {
    return await read();
  } catch (error) {
    if (!isPassing(error)) throw error;
    const failed = fileError(path, "read", error);
    if (failed instanceof UserError)
      failed.message += `, ${WAITS.length + 1} times in three seconds; check the disk or the network`;
    throw failed;
  }
}
