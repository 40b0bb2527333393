import assert from "node:assert/strict";
import { test } from "node:test";
import { encoders } from "../../src/encoders/index.ts";
import { methods } from "../../src/methods/index.ts";

test("the three methods are found by the names of their files, from three families", async () => {
  const names = methods.names;
  for (const name of ["mae", "rotation", "simclr"]) assert.ok(names.includes(name), `${name} is not among ${names}`);
  const families = new Set((await methods.all()).map(({ family }) => family));
  for (const family of ["contrastive", "masked", "predictive"] as const) assert.ok(families.has(family), family);
});

test("options of methods and encoders need no user, and each is described", async () => {
  for (const { name, options, paper } of [...(await methods.all()), ...(await encoders.all())]) {
    assert.ok(options.safeParse({}).success, `${name}: an option without default`);
    assert.match(paper, /^https:\/\//, name);
    for (const [option, schema] of Object.entries(options.shape))
      assert.ok(schema.description, `${name}: option ${option} has no description`);
  }
});
