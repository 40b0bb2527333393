import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/foundation/errors.ts";
import { parseJson, parseTornJson } from "../../src/foundation/json.ts";

test("what is no JSON is named with its source", () => {
  assert.deepEqual(parseJson('{"a": [1]}', "a.json"), { a: [1] });
  assert.throws(
    () => parseJson("{", "a.json: line 3", "; mend it"),
    /^UserError: a\.json: line 3: not JSON \(.*\); mend it$/,
  );
  assert.equal(parseTornJson("{"), undefined);
});

test("millions of brackets are refused before they are parsed; brackets in strings are none", () => {
  const deep = "[".repeat(8_000_000);
  const start = performance.now();
  assert.throws(
    () => parseJson(deep, "a.json"),
    (error) => error instanceof UserError && /1000 deep/.test(error.message),
  );
  assert.throws(() => parseJson('{"a":'.repeat(1_000_000), "a.json"), /nested more than 1000 deep/);
  assert.equal(parseTornJson(deep), undefined);
  assert.ok(performance.now() - start < 5000);
  const text = `${'\\"[{'.repeat(40_000)}\\\\`;
  assert.deepEqual(parseJson(`["${text}", [[]]]`, "a.json"), [JSON.parse(`"${text}"`), [[]]]);
});
