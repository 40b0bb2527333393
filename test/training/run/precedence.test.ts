import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { decide, PRECEDENCE, pickKnown, type Sources } from "../../../src/training/run/settle/precedence.ts";

test("of two sources of an option, the higher one wins", () => {
  assert.deepEqual(PRECEDENCE, ["user", "preset", "small", "method", "start", "data", "recipe"]);
  for (const [at, above] of PRECEDENCE.entries())
    for (const below of PRECEDENCE.slice(at + 1)) {
      const sources: Sources = { [below]: { option: 2, other: 3 }, [above]: { option: 1 } };
      assert.deepEqual(decide(sources), { option: 1, other: 3 }, `${above} before ${below}`);
    }
});

test("false and 0 are values, undefined is not", () => {
  const sources: Sources = { user: { pack: false, blur: 0, size: undefined }, data: { pack: true, blur: 1, size: 8 } };
  assert.deepEqual(decide(sources), { pack: false, blur: 0, size: 8 });
});

test("options that a schema does not have are ignored", () => {
  assert.deepEqual(pickKnown(z.object({ flip: z.number() }), { flip: 0, toString: 1 }), { flip: 0 });
  assert.deepEqual(pickKnown(z.object({})), {});
});
