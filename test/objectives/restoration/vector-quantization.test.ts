import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, float32, type Traced } from "../../../src/array/index.ts";
import { codebookUsage, commitment, perplexity } from "../../../src/objectives/restoration/vector-quantization.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { z: fill("z", [6, 4]), e: fill("e", [6, 4]) };
type Inputs = Traced<typeof inputs>;
const rows = [0, 2, 2, 2, 1, 0].flatMap((code) => [0, 1, 2, 3, 4].map((at) => (at === code ? 1 : 0)));

test("value, gradient to the encoder only, and perplexity are PyTorch's", async () => {
  const { perplexity: measured, ...loss } = await torchCase("masked", "commitment");
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(({ z, e }: Inputs) => commitment(z, e), inputs, device);
    assertMatches(output, loss.output, `loss on ${device}`);
    assert.ok(gradients.get("e")!.data.every((value) => value === 0));
    gradients.delete("e");
    assertGradients(gradients, loss);
    const value = await evaluateOne((chosen: Array) => perplexity(chosen), [float32(rows, [6, 5])], device);
    assertMatches(value, measured, `perplexity on ${device}`);
  }
});

test("it differentiates as finite differences with the codes held fixed", () =>
  assertFiniteDifferences(({ z }: Traced<{ z: typeof inputs.z }>) => commitment(z, constant(inputs.e)), {
    z: inputs.z,
  }));

test("usage and perplexity of one code, of some, of all alike", async () => {
  const measure = async (codes: number[]) => {
    const chosen = float32(
      codes.flatMap((code) => [0, 1, 2, 3].map((at) => (at === code ? 1 : 0))),
      [codes.length, 4],
    );
    const [usage, spread] = await Promise.all([
      evaluateOne((x: Array) => codebookUsage(x), [chosen]),
      evaluateOne((x: Array) => perplexity(x), [chosen]),
    ]);
    return [usage.data[0]!, spread.data[0]!] as const;
  };
  for (const [codes, usage, spread] of [
    [[1, 1, 1, 1], 0.25, 1],
    [[0, 1, 0, 1], 0.5, 2],
    [[0, 1, 2, 3], 1, 4],
  ] as const) {
    const [measuredUsage, measuredSpread] = await measure([...codes]);
    assert.equal(measuredUsage, usage);
    assert.ok(Math.abs(measuredSpread - spread) < 1e-5, `${measuredSpread}`);
  }
});
