import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { decide, known, PRECEDENCE, type Said } from "../../../src/training/run/settle/precedence.ts";

test("of any two who decide an option, the one above is heard", () => {
  assert.deepEqual(PRECEDENCE, ["user", "preset", "small", "method", "start", "data", "recipe"]);
  for (const [at, above] of PRECEDENCE.entries())
    for (const below of PRECEDENCE.slice(at + 1)) {
      const said: Said = { [below]: { option: 2, other: 3 }, [above]: { option: 1 } };
      assert.deepEqual(decide(said), { option: 1, other: 3 }, `${above} before ${below}`);
    }
});

test("false and 0 are decisions, undefined is none", () => {
  const said: Said = { user: { pack: false, blur: 0, size: undefined }, data: { pack: true, blur: 1, size: 8 } };
  assert.deepEqual(decide(said), { pack: false, blur: 0, size: 8 });
});

test("options that a schema does not have are passed over", () => {
  assert.deepEqual(known(z.object({ flip: z.number() }), { flip: 0, toString: 1 }), { flip: 0 });
  assert.deepEqual(known(z.object({})), {});
});
