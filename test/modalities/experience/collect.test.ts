import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { UserError } from "../../../src/foundation/errors.ts";
import { collect } from "../../../src/modalities/experience/collect/collect.ts";
import { recordedIn } from "../../../src/modalities/experience/record/recorder.ts";
import { inFolder } from "../../support/cli.ts";

const PUCK = fileURLToPath(new URL("../../fixtures/experience/puck.ts", import.meta.url));
const CHILD = fileURLToPath(new URL("../../fixtures/experience/collecting.ts", import.meta.url));

/** All files of a recording, by name. */
async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const all = names.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length), (await readFile(path)).toString("base64")] as const;
  });
  return Object.fromEntries((await Promise.all(all)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test("any number of threads records the same bytes", () =>
  inFolder(async (folder) => {
    const all = [];
    for (const workers of [0, 1, 2]) {
      const out = join(folder, String(workers));
      const { episodes, attempts } = await collect({
        ...{ environment: "deep-sea", options: { size: 4 }, attempts: 700, out, workers, seed: 3 },
      });
      assert.deepEqual([episodes, attempts], [700, 700]);
      all.push(await filesIn(out));
    }
    const names = Object.keys(all[0]!);
    assert.deepEqual(
      names.filter((name) => name.startsWith("/data")),
      ["/data/chunk-000/file-000.parquet", "/data/chunk-000/file-001.parquet"],
    );
    assert.deepEqual(all[1], all[0]);
    assert.deepEqual(all[2], all[0]);
  }));

test("killed in the middle and called again, it has recorded what it would have undisturbed", () =>
  inFolder(async (folder) => {
    const [killed, whole] = [join(folder, "killed"), join(folder, "whole")];
    const attempts = 600;
    for (const files of [1, 2]) {
      const child = spawn(process.execPath, [CHILD, PUCK, killed, String(attempts), "1"], { stdio: "inherit" });
      // Killed while it makes the attempts of a later file.
      while (((await recordedIn(killed))?.files.length ?? 0) < files && child.exitCode === null) await sleep(5);
      await sleep(30 * files);
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      assert.equal(child.signalCode, "SIGKILL");
      assert.ok((await recordedIn(killed))!.attempts < attempts);
    }
    const options = { environment: PUCK, attempts, options: { steps: 40, camera: false } };
    const notes: string[] = [];
    await collect({ ...options, out: killed, workers: 2, onNote: (note) => notes.push(note) });
    assert.match(notes.join(), /goes on after \d+ attempts/);
    await collect({ ...options, out: whole, workers: 0 });
    assert.deepEqual(await filesIn(killed), await filesIn(whole));
  }));

test("interrupted, it keeps every attempt that was made, and goes on from there", () =>
  inFolder(async (folder) => {
    const controller = new AbortController();
    const options = { environment: PUCK, out: folder, workers: 1 };
    const first = await collect({
      ...{ ...options, attempts: 50, signal: controller.signal },
      onProgress: ({ done }) => done === 7 && controller.abort(),
    });
    assert.deepEqual([first.attempts, first.episodes], [7, 7]);
    const rates: (number | undefined)[] = [];
    const rest = await collect({
      ...{ ...options, attempts: 50 },
      onProgress: ({ succeeded }) => rates.push(succeeded),
    });
    assert.deepEqual([rest.attempts, rest.episodes], [50, 50]);
    assert.equal(rest.succeeded, rates.at(-1));
    const { files = [], stages } = (await recordedIn(folder)) ?? {};
    assert.deepEqual(
      files.map(({ first, episodes }) => [first, episodes]),
      [
        [0, 7],
        [7, 43],
      ],
    );
    assert.deepEqual(stages, [{ first: 0, policy: "random" }]);
  }));

test("it goes on as it was begun, and writes to no folder of others", () =>
  inFolder(async (folder) => {
    const out = join(folder, "tries");
    const options = { environment: "deep-sea", out, workers: 0 };
    await collect({ ...options, attempts: 3, options: { size: 4 } });
    await assert.rejects(collect({ ...options, attempts: 5, options: { size: 5 } }), {
      name: "UserError",
      message: `${out}: recorded with size 4, not 5; go on as it was begun, or name a new folder`,
    });
    await assert.rejects(collect({ ...options, attempts: 5, options: { size: 4 }, seed: 1 }), /--seed 0, not 1/);
    await assert.rejects(
      collect({ ...options, environment: PUCK, attempts: 5 }),
      /the environment deep-sea, not .*puck/,
    );
    await assert.rejects(
      collect({ ...options, attempts: 5, options: { size: 4 }, acting: { policy: "clever" } }),
      (error) => error instanceof UserError && /no such policy; there are: random/.test(error.message),
    );
    // Fewer than are there: nothing is done.
    assert.equal((await collect({ ...options, attempts: 2, options: { size: 4 } })).attempts, 3);
    const photos = join(folder, "photos");
    await mkdir(photos);
    await writeFile(join(photos, "cat.jpg"), "");
    await assert.rejects(collect({ ...options, attempts: 1, out: photos }), /not empty, and no recording in it/);
  }));
