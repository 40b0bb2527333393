import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockRun } from "../../../src/training/run/lock.ts";
import { inFolder } from "../../support/cli.ts";

test("one process trains in a folder at a time; the lock of a dead or silent process blocks nobody", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lock");
    const taken = { name: "UserError", message: /is being trained already, by process \d+ on / };
    const held = await lockRun(folder);
    await assert.rejects(lockRun(folder), taken);
    await held.release();
    assert.ok(!existsSync(file));

    const left = (pid: number, host = hostname()) =>
      writeFile(file, JSON.stringify({ pid, host, token: "another process's" }));
    // The parent process is alive; one that has ended, or an earlier one with this pid, is not.
    await left(process.ppid);
    await assert.rejects(lockRun(folder), taken);
    for (const pid of [spawnSync(process.execPath, ["-e", ""]).pid, process.pid]) {
      await left(pid);
      await (await lockRun(folder)).release();
    }
    await writeFile(file, '{"pid": 1');
    await (await lockRun(folder)).release();
    await left(1, "another machine");
    await assert.rejects(lockRun(folder), taken);
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(file, longAgo, longAgo);
    await (await lockRun(folder)).release();
  }));

const RACER = `
const { lockRun } = await import(${JSON.stringify(new URL("../../../src/training/run/lock.ts", import.meta.url).href)});
const [folder, rounds, start] = process.argv.slice(1);
const held = [];
for (let round = 0; round < Number(rounds); round++) {
  const at = Number(start) + 250 * round;
  while (Date.now() < at) await new Promise((done) => setTimeout(done, 1));
  const lock = await lockRun(folder + "/" + round).catch(() => undefined);
  // A process that lost its lock must notice before it writes.
  await new Promise((done) => setTimeout(done, 120));
  if (await lock?.check().then(() => true, () => false)) held.push(round);
}
console.log(JSON.stringify(held));
// Until all are done: the lock of a process that has ended may be taken over.
for await (const _ of process.stdin);
`;

test("of four processes that take over the same stale lock one trains", () =>
  inFolder(async (folder) => {
    const rounds = 12;
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    for (let round = 0; round < rounds; round++) {
      await mkdir(join(folder, String(round)));
      const left = JSON.stringify({ pid: dead, host: hostname(), token: "dead" });
      await writeFile(join(folder, String(round), "lock"), left);
    }
    const start = String(Date.now() + 2_500);
    const racers = Array.from({ length: 4 }, () =>
      spawn(
        process.execPath,
        ["--conditions=autodidact-source", "--input-type=module", "--eval", RACER, folder, String(rounds), start],
        { stdio: ["pipe", "pipe", "inherit"] },
      ),
    );
    const lines = await Promise.all(racers.map(async ({ stdout }) => String((await once(stdout, "data"))[0])));
    for (const { stdin } of racers) stdin.end();
    const winners = lines.flatMap((line): number[] => JSON.parse(line));
    assert.deepEqual(
      winners.sort((a, b) => a - b),
      Array.from({ length: rounds }, (_, round) => round),
    );
    assert.deepEqual(await readdir(join(folder, "0")), ["lock"], "nothing else is left there");
  }));

test("a suspended process on this machine keeps its lock; another process with its pid does not", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lock");
    const stat = (await readFile(`/proc/${process.ppid}/stat`, "utf8").catch(() => ""))
      .split(") ")
      .at(-1)
      ?.split(" ")[19];
    if (stat === undefined) return;
    const longAgo = new Date(Date.now() - 120_000);
    const left = async (started: string) => {
      await writeFile(file, JSON.stringify({ pid: process.ppid, host: hostname(), token: "another's", started }));
      await utimes(file, longAgo, longAgo);
    };
    await left(stat);
    await assert.rejects(lockRun(folder), /is being trained already/);
    await left("1");
    await (await lockRun(folder)).release();
  }));

test("a process that lost its lock notices, and releases only its own", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lock");
    const held = await lockRun(folder);
    await held.check();
    await writeFile(file, "another's");
    await assert.rejects(held.check(), /another process has taken this run over/);
    await held.release();
    assert.equal(await readFile(file, "utf8"), "another's");
  }));

test("a killed process that nobody has waited for yet holds no lock", { skip: process.platform !== "linux" }, () =>
  inFolder(async (folder) => {
    // The shell starts a process, and becomes one that never asks for it before it ends: the shell itself would.
    const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = await once(parent.stdout, "data");
      const pid = Number(String(line));
      const state = async () => (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ").at(-1)?.[0];
      while ((await state()) !== "Z") await new Promise((done) => setTimeout(done, 5));
      await writeFile(join(folder, "lock"), JSON.stringify({ pid, host: hostname(), token: "a zombie's" }));
      await (await lockRun(folder)).release();
    } finally {
      parent.kill();
    }
  }),
);
