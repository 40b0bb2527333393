import assert from "node:assert/strict";
import { test } from "node:test";
import { kills } from "../../../bench/kills/chain.ts";

test("a run killed with kill -9 and resumed has the bytes of one left alone", async () => {
  assert.deepEqual(
    (await kills({ count: 3, seed: 1, only: ["images"] })).map(({ kills: killed, faults }) => ({ killed, faults })),
    [{ killed: 3, faults: [] }],
  );
});
