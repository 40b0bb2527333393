import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError, temporaryBeside } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";
import { isRunning, statusOf } from "../../foundation/processes.ts";

const Holder = z.object({ pid: z.int(), host: z.string(), token: z.string(), started: z.string().optional() });
type Holder = z.infer<typeof Holder>;

/** In milliseconds. */
export interface LockTimes {
  /** Between two heartbeats. */
  readonly beat: number;
  /** After which a process on another machine counts as dead. */
  readonly silence: number;
}

const TIMES: LockTimes = { beat: 10_000, silence: 60_000 };

/** Longest time for another process that takes over the same stale lock to notice that it lost, in milliseconds. */
const SETTLED = 100;

/** Distinguishes this process from an earlier one with the same pid, as in containers. */
const TOKEN = crypto.randomUUID();

/** A run folder that this process trains in. */
export interface Lock {
  /** @throws UserError when another process has taken the folder over, so that nothing more may be written */
  check(): Promise<void>;
  /** Releases the lock if this process still holds it. */
  release(): Promise<void>;
}

/**
 * Whether the process that wrote a lock still holds it. On this machine it does while it exists, even if suspended; on
 * another machine while its heartbeat continues.
 */
async function isHeld(holder: Holder, silence: number, most: number): Promise<boolean> {
  if (holder.host !== hostname()) return silence <= most;
  if (holder.pid === process.pid) return holder.token === TOKEN;
  if (!isRunning(holder.pid)) return false;
  const { state, started } = statusOf(holder.pid);
  // A killed process stays in the table until its parent asks for it, which in a container may be never.
  if (state === "Z" || state === "X") return false;
  return holder.started === undefined || started === undefined ? silence <= most : holder.started === started;
}

const read = async (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(file, "read", error);
  });

/** Creates the lock and its content atomically. @returns whether there was none before */
async function make(file: string, content: string): Promise<boolean> {
  const whole = temporaryBeside(file);
  try {
    await writeFile(whole, content);
    await link(whole, file).catch((error: unknown) => {
      // Some file systems do not support links.
      if (codeOf(error) === "EEXIST") throw error;
      return writeFile(file, content, { flag: "wx" });
    });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw fileError(file, "written", error);
  } finally {
    await rm(whole, { force: true });
  }
}

/** Removes the lock that was found stale, but not a newer one in its place. */
async function removeStale(file: string, seen: string): Promise<void> {
  const aside = temporaryBeside(file);
  if ((await read(file)) !== seen) return;
  try {
    await rename(file, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw fileError(file, "removed", error);
  }
  if ((await read(aside)) !== seen) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Keeps other processes from training in a run folder: two would destroy each other's checkpoints. The lock of a
 * killed process blocks nobody.
 * @param what is done there, for messages
 * @throws UserError when another process trains there
 */
export async function lockRun(
  run: string,
  { beat: every, silence }: LockTimes = TIMES,
  what = "trained",
): Promise<Lock> {
  const file = join(run, "lock");
  const content = JSON.stringify({
    ...{ pid: process.pid, host: hostname(), token: TOKEN },
    started: statusOf(process.pid).started,
  });
  const taken = (holder?: Holder) =>
    new UserError(
      `${run}: is being ${what} already${holder ? `, by process ${holder.pid} on ${holder.host}` : ""}; if that is not so, remove ${file}`,
    );
  const isMine = async () => (await read(file)) === content;
  for (let attempt = 0; ; attempt++) {
    if (await make(file, content)) {
      if (attempt === 0) break;
      // A process that saw the same stale lock may still remove this one.
      await sleep(SETTLED);
      if (await isMine()) break;
    }
    const [text, info] = [await read(file), await stat(file).catch(() => undefined)];
    if (text === undefined || info === undefined) continue;
    const holder = Holder.safeParse(parseTornJson(text)).data;
    if (holder && (await isHeld(holder, Date.now() - info.mtimeMs, silence))) throw taken(holder);
    if (attempt > 3) throw taken();
    await removeStale(file, text);
  }
  const beat = setInterval(() => {
    const now = new Date();
    // A process that was suspended may have lost it. A missing folder is reported by the next write to it.
    void isMine()
      .then((mine) => (mine ? utimes(file, now, now) : undefined))
      .catch(() => undefined);
  }, every).unref();
  return {
    async check() {
      const text = await read(file);
      if (text === content) return;
      const holder = Holder.safeParse(parseTornJson(text ?? "")).data;
      throw new UserError(
        text === undefined
          ? `${run}: its lock was removed, so another process may train there; this one writes nothing more`
          : `${run}: another process${holder ? ` (${holder.pid} on ${holder.host})` : ""} has taken this run over while this one was silent; this one writes nothing more`,
      );
    },
    async release() {
      clearInterval(beat);
      if (await isMine()) await rm(file, { force: true });
    },
  };
}
