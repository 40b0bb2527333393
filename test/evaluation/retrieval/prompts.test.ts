import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { classVectors, promptsOf } from "../../../src/evaluation/retrieval/prompts.ts";
import { UserError } from "../../../src/index.ts";
import { inFolder } from "../../support/cli.ts";

const refused = (options: Parameters<typeof promptsOf>[0], pattern: RegExp) =>
  assert.rejects(promptsOf(options), (error) => error instanceof UserError && pattern.test(error.message));

test("names, templates and prompts make every sentence of a class", async () => {
  assert.deepEqual(await promptsOf({ classes: ["cat", " a red car "] }), [
    { name: "cat", prompts: ["cat"] },
    { name: "a red car", prompts: ["a red car"] },
  ]);
  const templates = ["a drawing of {}", "{} or {}"];
  const prompts = { cat: ["a cat", "$& kitten"] };
  assert.deepEqual(await promptsOf({ classes: ["cat", "dog"], templates, prompts }), [
    {
      name: "cat",
      prompts: ["a drawing of a cat", "a cat or a cat", "a drawing of $& kitten", "$& kitten or $& kitten"],
    },
    { name: "dog", prompts: ["a drawing of dog", "dog or dog"] },
  ]);
  assert.deepEqual(
    (await promptsOf({}, ["b", "a"])).map(({ name }) => name),
    ["b", "a"],
  );
});

test("prompts come from a file, with one or several for a class", () =>
  inFolder(async (folder) => {
    const file = join(folder, "prompts.json");
    await writeFile(file, '{ "cat": ["a cat", "a kitten"], "dog": "a dog" }');
    assert.deepEqual(await promptsOf({ prompts: file }), [
      { name: "cat", prompts: ["a cat", "a kitten"] },
      { name: "dog", prompts: ["a dog"] },
    ]);
    for (const [text, pattern] of [
      ['{ "cat": [] }', /prompts\.json: cat is not as expected; prompts are JSON/],
      ['{ "cat": 3 }', /prompts\.json: cat is not as expected/],
      ["[1]", /prompts\.json: its content is not as expected/],
      ["cat", /prompts\.json: not JSON/],
    ] as const) {
      await writeFile(file, text);
      await refused({ prompts: file }, pattern);
    }
    await refused({ prompts: join(folder, "none.json") }, /none\.json: could not be read/);
  }));

test("what makes no classes is refused", async () => {
  await refused({}, /no classes: name at least two/);
  await refused({ classes: ["cat"] }, /one class, "cat": name at least two/);
  await refused({ classes: ["cat", ""] }, /a name is empty/);
  await refused({ classes: ["cat", "cat"] }, /"cat" occurs twice/);
  await refused({ classes: ["cat", "dog"], templates: ["a drawing"] }, /template "a drawing": has no \{\}/);
  await refused({ classes: ["cat", "dog"], prompts: { fish: ["a fish"] } }, /prompts for "fish", which is not among/);
});

test("a class is the mean of the unit vectors of its prompts, at unit length", async () => {
  const sample = (x: number, y: number) => ({ sample: undefined, tensors: { x: vector(x, y) } });
  const vector = (...data: number[]) => ({ dtype: "float32" as const, shape: [2], data: Float32Array.from(data) });
  const vectors = await classVectors(
    {
      side: "text",
      classes: [
        { name: "a", samples: [sample(3, 0), sample(0, 1)] },
        { name: "b", samples: [sample(0, -2)] },
      ],
    },
    { dim: 2, place: (_, samples) => Float32Array.from(samples.flatMap(({ tensors }) => [...tensors.x!.data])) },
  );
  const expected = [Math.SQRT1_2, Math.SQRT1_2, 0, -1];
  for (const [at, value] of vectors.entries()) assert.ok(Math.abs(value - expected[at]!) < 1e-6);
});
