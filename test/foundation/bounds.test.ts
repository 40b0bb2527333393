import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { modalities } from "../../src/data/index.ts";
import { encoders } from "../../src/encoders/index.ts";
import { methods } from "../../src/methods/index.ts";
import { TrainingOptions } from "../../src/training/run/config.ts";
import { parseOptions } from "../../src/training/run/run.ts";

/** Whole numbers that nothing is allocated or repeated by. */
const HARMLESS = ["training seed", "training checkpointEvery", "training logEvery"];

/** Paths of whole numbers without an upper limit, and of lists without one, in a JSON schema. */
function unbounded(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { type, maximum, ...parts } = schema as Record<string, unknown>;
  if (type === "integer") return Number(maximum) < Number.MAX_SAFE_INTEGER ? [] : [""];
  return Object.values(parts).flatMap((part) => (Array.isArray(part) ? part.flatMap(unbounded) : unbounded(part)));
}

test("every whole number among the options has an upper limit, since a file may hold any", async () => {
  const all = [
    ...(await methods.all()).map(({ name, options }) => ({ name, options })),
    ...(await encoders.all()).map(({ name, options }) => ({ name, options })),
    ...(await modalities.all()).map(({ name, options }) => ({ name, options })),
    { name: "training", options: TrainingOptions },
  ];
  const found = all.flatMap(({ name, options }) => {
    const { properties = {} } = z.toJSONSchema(options, { io: "input", unrepresentable: "any" });
    return Object.entries(properties).flatMap(([key, json]) => unbounded(json).map(() => `${name} ${key}`));
  });
  assert.deepEqual(found.sort(), HARMLESS.toSorted());
});

test("a size beyond its limit is refused in words", async () => {
  const { options } = await encoders.load("vit");
  for (const [key, value] of [
    ["width", 1e9],
    ["depth", 1e6],
    ["patchSize", [1e12, 1]],
    ["mlpRatio", 1e9],
    ["heads", -1],
    ["width", "wide"],
  ] as const)
    assert.throws(() => parseOptions(options, { [key]: value }, "encoder vit"), {
      name: "UserError",
      message: new RegExp(`^encoder vit: option ${key} is .*; it must be a (whole )?number above 0 and at most`),
    });
});
