import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockRun } from "../../../src/training/run/lock.ts";
import { inFolder } from "../../support/cli.ts";

test("one process trains in a folder at a time; what a dead or silent one left holds nobody up", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lock");
    const taken = { name: "UserError", message: /is being trained already, by process \d+ on / };
    const release = await lockRun(folder);
    await assert.rejects(lockRun(folder), taken);
    await release();
    assert.ok(!existsSync(file));

    const left = (pid: number, host = hostname()) =>
      writeFile(file, JSON.stringify({ pid, host, token: "another process's" }));
    // The one that started this process lives; one that has ended, or had this process's number before it, does not.
    await left(process.ppid);
    await assert.rejects(lockRun(folder), taken);
    for (const pid of [spawnSync(process.execPath, ["-e", ""]).pid, process.pid]) {
      await left(pid);
      await (await lockRun(folder))();
    }
    await writeFile(file, '{"pid": 1');
    await (await lockRun(folder))();
    await left(1, "another machine");
    await assert.rejects(lockRun(folder), taken);
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(file, longAgo, longAgo);
    await (await lockRun(folder))();
  }));
