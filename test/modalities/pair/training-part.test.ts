import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pair } from "../../../src/modalities/pair/index.ts";
import { trainingPairs } from "../../../src/modalities/pair/sources/source.ts";
import { writeKinds } from "../../fixtures/clip-run.ts";
import { writePairs } from "../../fixtures/pairs.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
after(() => rm(folder, { recursive: true, force: true }));

test("training sees the part train of the column split alone, also where threads open it again", async () => {
  const source = await pair.open(await writeKinds(folder));
  const notes: string[] = [];
  const training = trainingPairs(source, (note) => notes.push(note));
  assert.deepEqual(notes, ["training on the 64 of 80 pairs that the column split says to train on"]);
  const again = await pair.reopen(structuredClone(training.manifest));
  for (const part of [training, again]) {
    assert.equal(part.length, 64);
    assert.equal(part.keys?.length, 64);
    // Entries 32 to 39 and 72 to 79 are for tests.
    assert.equal(part.name(31), source.name(31));
    assert.equal(part.name(32), source.name(40));
  }
  assert.deepEqual((await again.read(32)).captions, (await source.read(40)).captions);
  await training.close();
  assert.ok(await source.read(79), "closing the part leaves the whole open");
  await again.close();
  await source.close();
});

test("without such a column all pairs are trained on", async () => {
  const source = await pair.open(await writePairs(join(folder, "plain"), 4));
  assert.equal(trainingPairs(source), source);
  await source.close();
});
