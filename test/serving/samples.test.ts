import assert from "node:assert/strict";
import { test } from "node:test";
import type { Source } from "../../src/data/index.ts";
import { type MemoryBudget, memoryBudget } from "../../src/foundation/memory.ts";
import { givenIn } from "../../src/serving/samples.ts";

test("all samples of a request are decoded within the server's budget", async () => {
  const memory = memoryBudget(1);
  const given: (MemoryBudget | undefined)[] = [];
  const source = (name: string): Source<unknown> => ({
    length: 1,
    name: () => name,
    read: async () => 0,
    manifest: {},
    close: async () => undefined,
  });
  const bytes = (_: Uint8Array, name: string, _type: string, budget?: MemoryBudget) => {
    given.push(budget);
    return source(name);
  };
  const reader = {
    modality: { tensors: () => ({}) },
    definition: { name: "scan", accepts: { bytes, types: ["scan/*"] } },
    memory,
  };
  const form = new FormData();
  form.append("a", new Blob(["1"]), "a.bin");
  form.append("b", new Blob(["2"]), "b.bin");
  const sent = new Response(form);
  const contentType = sent.headers.get("content-type") ?? "";
  givenIn({ contentType, body: await sent.bytes(), most: 9 }, reader);
  givenIn({ contentType: "scan/one", body: Uint8Array.of(1), most: 9 }, reader);
  assert.equal(given.length, 3);
  assert.ok(given.every((budget) => budget === memory));
});
