import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lockRun } from "../../../src/training/run/lock.ts";
import { inFolder, TINY, writeImages } from "../../support/cli.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const posix = { skip: process.platform === "win32" && "no SIGSTOP" };

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
      // As a process on another machine sees it a minute later.
      const lock = join(out, "lock");
      const holder = JSON.parse(await readFile(lock, "utf8"));
      await writeFile(lock, JSON.stringify({ ...holder, host: "elsewhere" }));
      const before = new Date(Date.now() - 61_000);
      await utimes(lock, before, before);
      const mine = await lockRun(out);
      const content = await readFile(lock, "utf8");
      const checkpoint = await readFile(join(out, "checkpoints", "last.safetensors"));
      const logged = await rows();

      child.kill("SIGCONT");
      const [code] = await ended;
      assert.equal(code, 2, said);
      assert.match(said, new RegExp(`another process \\(${process.pid} on .*\\) has taken this run over`));
      assert.deepEqual(await readFile(join(out, "checkpoints", "last.safetensors")), checkpoint);
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
