import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { killedAndResumed, uninterrupted } from "../../../bench/resume-trial.ts";

test("a run killed with kill -9 and resumed gives exactly the losses of an uninterrupted one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-resume-"));
  try {
    const [expected, { rows, killedAt }] = [
      await uninterrupted(join(folder, "whole"), 1),
      await killedAndResumed(join(folder, "killed"), 1, 12),
    ];
    assert.ok(killedAt >= 12 && killedAt < expected.length, `killed at step ${killedAt} of ${expected.length}`);
    assert.deepEqual(rows, expected);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
