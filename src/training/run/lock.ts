import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";

const Holder = z.object({ pid: z.int(), host: z.string(), token: z.string(), started: z.string().optional() });
type Holder = z.infer<typeof Holder>;

/** How often a process shows that it is alive, and how long it may be silent on another machine, in milliseconds. */
const [BEAT, SILENCE] = [10_000, 60_000];

/** Others that take over the same stale lock need this long at most to see that they are too late, in milliseconds. */
const SETTLED = 100;

/** Distinguishes this process from an earlier one of its number, as there are in containers. */
const TOKEN = crypto.randomUUID();

/** A run folder that this process trains in. */
export interface Lock {
  /** @throws UserError when another process has taken the folder over, so that nothing more may be written */
  check(): Promise<void>;
  /** Lets go, if the lock is still this process's. */
  release(): Promise<void>;
}

/** When a process began, in the kernel's ticks; nothing where the system does not say. */
const startOf = async (pid: number): Promise<string | undefined> =>
  // The name in parentheses may have spaces; the start is the twentieth field behind it.
  (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")).split(") ").at(-1)?.split(" ")[19];

/** Whether a process of that number is there. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/**
 * Whether the process that wrote a lock still trains. On this machine it does as long as it exists, also stopped; on
 * another as long as it shows that it is alive.
 */
async function isHeld(holder: Holder, silence: number): Promise<boolean> {
  if (holder.host !== hostname()) return silence <= SILENCE;
  if (holder.pid === process.pid) return holder.token === TOKEN;
  if (!isRunning(holder.pid)) return false;
  const started = await startOf(holder.pid);
  return holder.started === undefined || started === undefined ? silence <= SILENCE : holder.started === started;
}

const read = async (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(file, "read", error);
  });

/** Makes the lock with its content at once, so that nobody sees half of it. @returns whether there was none */
async function make(file: string, content: string): Promise<boolean> {
  const whole = `${file}.${TOKEN}`;
  try {
    await writeFile(whole, content);
    await link(whole, file).catch((error: unknown) => {
      // Some file systems have no links.
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

/** Takes away the lock that was seen to be stale, and no other that has come into its place since. */
async function removeStale(file: string, seen: string): Promise<void> {
  const aside = `${file}.${TOKEN}.stale`;
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
 * Keeps other processes from training in a run folder: two would destroy each other's checkpoints. What a killed process
 * leaves behind holds nobody up.
 * @throws UserError when another process trains there
 */
export async function lockRun(run: string): Promise<Lock> {
  const file = join(run, "lock");
  const content = JSON.stringify({
    ...{ pid: process.pid, host: hostname(), token: TOKEN },
    started: await startOf(process.pid),
  });
  const taken = (holder?: Holder) =>
    new UserError(
      `${run}: is being trained already${holder ? `, by process ${holder.pid} on ${holder.host}` : ""}; if that is not so, remove ${file}`,
    );
  for (let attempt = 0; !(await make(file, content)); attempt++) {
    const [text, info] = [await read(file), await stat(file).catch(() => undefined)];
    if (text === undefined || info === undefined) continue;
    const holder = Holder.safeParse(parseTornJson(text)).data;
    if (holder && (await isHeld(holder, Date.now() - info.mtimeMs))) throw taken(holder);
    if (attempt > 2) throw taken();
    await removeStale(file, text);
    // Whoever saw the same stale lock may take away the new one for a moment: it is back, or another's, soon.
    await sleep(SETTLED);
  }
  const check = async (): Promise<void> => {
    if ((await read(file)) !== content)
      throw new UserError(`${run}: another process has taken this run over; this one writes nothing more`);
  };
  await check();
  const beat = setInterval(() => {
    const now = new Date();
    // A folder that is gone is noticed where something is written to it.
    void utimes(file, now, now).catch(() => undefined);
  }, BEAT).unref();
  return {
    check,
    async release() {
      clearInterval(beat);
      if ((await read(file)) === content) await rm(file, { force: true });
    },
  };
}
