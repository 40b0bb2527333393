import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, filled, np } from "../../../src/array/index.ts";
import { compile } from "../../../src/engine/index.ts";

const doubled = await compile((x: Array) => np.multiply(x, 2), [filled([1024], 0)]);
const one = filled([1024], 1);

test("values that were read stay valid after the output is disposed", async () => {
  const output = await doubled.run(one);
  const { data } = await output.read();
  output.dispose();
  output.dispose();
  assert.deepEqual(data, filled([1024], 2).data);
});

test("an output that nobody read frees its memory at once", async () => {
  const held = () => process.memoryUsage().arrayBuffers;
  const large = filled([2 ** 24], 1);
  const program = await compile((x: Array) => np.add(x, x), [large]);
  const output = await program.run(large);
  const before = held();
  output.dispose();
  assert.ok(before - held() >= 4 * 2 ** 24, `${before} to ${held()} bytes`);
  await program.dispose();
});

test("a disposed output can be neither read nor passed on", async () => {
  const output = await doubled.run(one);
  output.dispose();
  await assert.rejects(output.read(), /float32\[1024\] is used after it was disposed/);
  await assert.rejects(doubled.run(output), /used after it was disposed/);
});
