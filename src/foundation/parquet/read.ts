import { stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { deadlineOf } from "../deadline.ts";
import { messageOf, UserError } from "../errors.ts";
import { fileError } from "../files.ts";

export type Request =
  | { readonly kind: "head" }
  | { readonly kind: "group"; readonly group: number; readonly column: string; readonly from: number }
  | { readonly kind: "next"; readonly columns: readonly string[] | undefined; readonly bytes: boolean };

export interface Reply {
  readonly columns?: readonly string[];
  readonly blobs?: readonly string[];
  readonly groups?: readonly number[];
  readonly keyValues?: Readonly<Record<string, string>>;
  readonly rows?: readonly Row[];
  /** Not an answer: this many rows are about to be decoded, as all lengths say. */
  readonly expected?: number;
  readonly failure?: { readonly message: string; readonly code: string | undefined };
}

type Row = Readonly<Record<string, unknown>>;

/** A Parquet file that is being read. */
export interface ParquetFile {
  /** Names of the columns at the top level. */
  readonly columns: readonly string[];
  /** Those that hold bytes which the file does not call texts, or have a part `bytes` that does. */
  readonly blobs: readonly string[];
  /** Rows in each row group, as the file says. */
  readonly groups: readonly number[];
  readonly keyValues: Readonly<Record<string, string>>;
  /**
   * One column of one row group with its bytes as such, in batches of at most 32 rows. A group of more than 1 GiB is refused.
   * @throws UserError when the file is damaged, or the group too large
   */
  group(index: number, column: string): AsyncGenerator<readonly Row[]>;
  /**
   * The rows with these columns (all, if undefined), in batches of at most 4,096, or with bytes 32 and 64 MiB. To be called once.
   * @param bytes whether values that the file does not call texts are given as bytes; by default they are texts
   * @throws UserError when the file is damaged
   */
  rows(columns?: readonly string[], bytes?: boolean): AsyncGenerator<readonly Row[]>;
  close(): Promise<void>;
}

/** Time for an answer: some seconds, more for a large file, whose row groups may be large, and for many rows in one. */
const SECONDS = 3;
const SECONDS_PER_MIB = 1;
const SECONDS_PER_ROW = 2e-6;
/** Heap for the decoded rows of a row group. */
const HEAP_MIB = 512;
const HEAP_MIB_PER_MIB = 16;
const MOST_HEAP_MIB = 8192;

/**
 * Opens a Parquet file in a thread of its own. Its lengths are checked before they are believed; where that is not enough,
 * the thread ends after 3 s of computing (and 1 s for each MiB of the file, 2 s for each million rows of a group) without a row, or with more than 512 MiB and 16 times the
 * file's size of decoded rows in a row group.
 * @throws UserError naming the path, when it is missing, damaged or not Parquet
 *
 * @example
 * const file = await openParquet("reviews.parquet");
 * try {
 *   for await (const rows of file.rows(["text", "label"])) console.log(rows.length);
 * } finally {
 *   await file.close();
 * }
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const mib = size / 2 ** 20;
  const seconds = SECONDS + SECONDS_PER_MIB * mib;
  const heap = Math.ceil(Math.min(MOST_HEAP_MIB, HEAP_MIB + HEAP_MIB_PER_MIB * mib));
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const worker = new Worker(new URL(`./worker${extension}`, import.meta.url), {
    workerData: path,
    resourceLimits: { maxOldGenerationSizeMb: heap },
  });
  // `close` ends it; a reader that is forgotten does not keep the process alive.
  worker.unref();
  const broken = (reason: string) => new UserError(`${path}: not a readable Parquet file (${reason})`);
  let dead: Error | undefined;
  let fail = (_: Error): void => undefined;
  let resolve = (_: Reply): void => undefined;
  const deadline = deadlineOf(worker, (late) =>
    fail(broken(`nothing could be read from it in ${late.toFixed()} s; write smaller row groups if it is whole`)),
  );
  worker.on("message", (reply: Reply) => {
    if (reply.expected === undefined) resolve(reply);
    else deadline.start(seconds + SECONDS_PER_ROW * reply.expected);
  });
  worker.on("error", (error) => {
    const isFull = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
    dead = broken(isFull ? `a row group takes more than ${heap} MiB of memory; write smaller ones` : messageOf(error));
    fail(dead);
  });

  const ask = async (request: Request): Promise<Reply> => {
    if (dead) throw dead;
    const answer = Promise.withResolvers<Reply>();
    ({ resolve, reject: fail } = answer);
    deadline.start(seconds);
    worker.postMessage(request);
    try {
      const reply = await answer.promise;
      if (!reply.failure) return reply;
      const { message, code } = reply.failure;
      throw code === undefined ? broken(message) : fileError(path, "read", Object.assign(new Error(message), { code }));
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      deadline.stop();
    }
  };

  const { columns = [], blobs = [], groups = [], keyValues = {} } = await ask({ kind: "head" });
  return {
    columns,
    blobs,
    groups,
    keyValues,
    async *group(index, column) {
      const count = groups[index] ?? 0;
      for (let from = 0; from < count; ) {
        const { rows = [] } = await ask({ kind: "group", group: index, column, from });
        yield rows;
        from += rows.length;
      }
    },
    async *rows(wanted, bytes = false) {
      for (;;) {
        const { rows } = await ask({ kind: "next", columns: wanted, bytes });
        if (!rows) return;
        yield rows;
      }
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
