import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inFolder } from "../support/cli.ts";

const module = fileURLToPath(new URL("../../src/foundation/temporary.ts", import.meta.url));

/** A program that makes a temporary folder, says so, and does `then`. */
const program = (then: string) =>
  `import { temporaryFolder } from ${JSON.stringify(module)};
   const folder = temporaryFolder();
   console.log(folder.path);
   ${then}`;

test("what a killed process left is removed at the next start; what is in use and what is not ours stays", () =>
  inFolder(async (folder) => {
    const env = { ...process.env, TMPDIR: folder };
    const others = ["autodidact-", "autodidact-12345678-1-1-abcdef.txt", "autodidact-0badcafe-1-1-abcdef", "other"];
    for (const name of others) await mkdir(join(folder, name));
    await writeFile(join(folder, "autodidact-notes"), "");
    const waiting = "setInterval(() => undefined, 1000);";
    const started = () => spawn(process.execPath, ["--input-type=module", "-e", program(waiting)], { env });
    const [killed, running] = [started(), started()];
    await Promise.all([killed, running].map((child) => once(child.stdout, "data")));
    const before = (await readdir(folder)).length;
    killed.kill("SIGKILL");
    await once(killed, "exit");
    assert.equal((await readdir(folder)).length, before);
    const next = spawnSync(process.execPath, ["--input-type=module", "-e", program("")], { env, encoding: "utf8" });
    assert.equal(next.status, 0, next.stderr);
    const left = await readdir(folder);
    assert.equal(left.length, before - 1);
    assert.ok(left.some((name) => name.includes(`-${running.pid}-`)));
    assert.ok([...others, "autodidact-notes"].every((name) => left.includes(name)));
    running.kill("SIGKILL");
    await once(running, "exit");
  }));

test("a temporary folder that cannot be written is named", { skip: process.platform !== "linux" }, () => {
  const env = { ...process.env, TMPDIR: "/proc" };
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program("")], { env, encoding: "utf8" });
  assert.match(
    ended.stderr,
    /UserError: \/proc: the temporary folder could not be written \(.*\); free space there, or name/,
  );
});
