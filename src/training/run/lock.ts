import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";

const Holder = z.object({ pid: z.int(), host: z.string(), token: z.string() });

/** How often a process says that it is still there, and after how long a silence it is not, in milliseconds. */
const [BEAT, SILENCE] = [10_000, 60_000];

/** Tells this process from an earlier one of its number, as there are in containers. */
const TOKEN = crypto.randomUUID();

/** Whether who wrote the file still trains. */
async function isHeld(file: string): Promise<z.infer<typeof Holder> | undefined> {
  const [text, info] = await Promise.all([readFile(file, "utf8"), stat(file)]).catch(() => []);
  if (text === undefined || info === undefined || Date.now() - info.mtimeMs > SILENCE) return undefined;
  const holder = Holder.safeParse(parseTornJson(text)).data;
  if (!holder || holder.host !== hostname()) return holder;
  if (holder.pid === process.pid) return holder.token === TOKEN ? holder : undefined;
  try {
    process.kill(holder.pid, 0);
    return holder;
  } catch (error) {
    return codeOf(error) === "EPERM" ? holder : undefined;
  }
}

/**
 * Keeps other processes from training in a run folder: two would destroy each other's checkpoints. What a killed process
 * leaves behind holds nobody up.
 * @returns what lets go
 * @throws UserError when another process trains there
 */
export async function lockRun(run: string): Promise<() => Promise<void>> {
  const file = join(run, "lock");
  const content = JSON.stringify({ pid: process.pid, host: hostname(), token: TOKEN });
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(file, content, { flag: "wx" });
      break;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw fileError(file, "written", error);
      const holder = await isHeld(file);
      if (holder || attempt > 1)
        throw new UserError(
          `${run}: is being trained already${holder ? `, by process ${holder.pid} on ${holder.host}` : ""}; if that is not so, remove ${file}`,
        );
      await rm(file, { force: true });
    }
  }
  const beat = setInterval(() => {
    const now = new Date();
    // A folder that is gone is noticed where something is written to it.
    void utimes(file, now, now).catch(() => undefined);
  }, BEAT).unref();
  return async () => {
    clearInterval(beat);
    await rm(file, { force: true });
  };
}
