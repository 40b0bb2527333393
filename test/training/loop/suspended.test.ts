import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lockRun } from "../../../src/training/run/lock.ts";
import { inFolder, TINY, writeImages } from "../../support/cli.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const posix = { skip: process.platform === "win32" && "no SIGSTOP" };

/** Threads stop one after the other, some time after the signal was sent; until then the process may look at its lock. */
async function stopped(pid: number): Promise<void> {
  const isRunning = async (thread: string) => {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => ") T");
    return !/\) T/.test(stat);
  };
  const threads = await readdir(`/proc/${pid}/task`).catch(() => undefined);
  if (!threads) return sleep(1000);
  while ((await Promise.all(threads.map(isRunning))).some(Boolean)) await sleep(10);
}

test("a process that was suspended while another took its run over ends, and writes nothing more", posix, () =>
  inFolder(async (folder) => {
    const [data, out] = [join(folder, "data"), join(folder, "run")];
    await writeImages(data, 8);
    const args = TINY.with(TINY.indexOf("--epochs") + 1, "100000");
    const child = spawn(
      process.execPath,
      [main, "pretrain", data, ...args, "--out", out, "--log-every", "1", "--checkpoint-every", "5"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(child, "exit");
    try {
      const rows = () => readFile(join(out, "metrics.jsonl"), "utf8").catch(() => "");
      while ((await rows()).split("\n").length < 12) {
        assert.equal(child.exitCode, null, said);
        await sleep(50);
      }
      child.kill("SIGSTOP");
      await stopped(child.pid!);
      // As a process on another machine sees it a minute later.
      const lock = join(out, "lock");
      const holder = JSON.parse(await readFile(lock, "utf8"));
      // Under another name first: the process may have the lock open.
      const silent = join(folder, "silent");
      await writeFile(silent, JSON.stringify({ ...holder, host: "elsewhere" }));
      const before = new Date(Date.now() - 61_000);
      await utimes(silent, before, before);
      await rename(silent, lock);
      const mine = await lockRun(out);
      const content = await readFile(lock, "utf8");
      const checkpoint = await readFile(join(out, "checkpoints", "last.safetensors"));
      const logged = await rows();

      child.kill("SIGCONT");
      const [code] = await ended;
      assert.equal(code, 2, said);
      assert.match(said, new RegExp(`another process \\(${process.pid} on .*\\) has taken this run over`));
      // Not deepEqual: to print how two checkpoints differ takes all memory.
      assert.ok(
        (await readFile(join(out, "checkpoints", "last.safetensors"))).equals(checkpoint),
        "a later checkpoint",
      );
      // One row may have been on its way when the signal came.
      assert.ok((await rows()).slice(logged.length).split("\n").length <= 2);
      assert.equal(await readFile(lock, "utf8"), content);
      await mine.check();
      await mine.release();
    } finally {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    }
  }),
);

test("a lost lock is neither refreshed nor released, and an interval of silence loses it", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lock");
    const lost = await lockRun(folder, { beat: 5, silence: 50 });
    const other = JSON.stringify({ pid: 1, host: "elsewhere", token: "another" });
    await writeFile(file, other);
    const longAgo = new Date(Date.now() - 10_000);
    await utimes(file, longAgo, longAgo);
    await sleep(100);
    await assert.rejects(lost.check(), { name: "UserError", message: /another process \(1 on elsewhere\) has taken/ });
    await lost.release();
    assert.equal(await readFile(file, "utf8"), other);
    // Silent for long: its heartbeat did not refresh another's lock.
    const taken = await lockRun(folder, { beat: 5, silence: 50 });
    await taken.check();
    await writeFile(file, other);
    await assert.rejects(lockRun(folder, { beat: 5, silence: 10_000 }), { name: "UserError", message: /by process 1/ });
    await taken.release();
    assert.equal(await readFile(file, "utf8"), other);
  }));
