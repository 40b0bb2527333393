import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, Rng, type Traced } from "../../../../src/array/index.ts";
import { mlp } from "../../../../src/encoders/mlp.ts";
import { vime } from "../../../../src/modalities/table/methods/vime.ts";
import { columnReconstruction } from "../../../../src/objectives/restoration/columns.ts";
import { ARE_NUMBERS, rows, SIZES, specs } from "../../../fixtures/rows.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  fill,
  outputAndGradients,
  torchCase,
} from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs } from "../../../methods/checks.ts";
import { noEntry } from "../../../methods/toy.ts";

const kind = { sizes: SIZES, areNumbers: ARE_NUMBERS };
const clean = rows("clean");
const corrupted = rows("corrupted");

test("reconstruction of columns: value and gradients as torch's, column by column", async () => {
  const expected = await torchCase("rows", "columnReconstruction");
  const total = SIZES.reduce((sum, size) => sum + size, 0);
  const inputs = { values: fill("predicted", [6, SIZES.length]), logits: fill("logits", [6, total], 3) };
  const loss = (prediction: Traced<typeof inputs>) =>
    columnReconstruction(prediction, { values: constant(clean.values), codes: constant(clean.codes) }, kind);
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(loss, inputs);
});

test("VIME: the loss and every gradient as torch's", async () => {
  const encoder = mlp.build(mlp.options.parse({ width: 6, depth: 3 }), specs);
  const modality = {
    ...{ name: "rows", specs, show: () => ({ text: "a row" }) },
    tensors: (one: unknown) => (one === "clean" ? clean : corrupted),
    columns: { ...kind, corrupt: () => "corrupted", standardised: () => new Float32Array() },
  };
  const method = vime.build({ encoder, modality, options: vime.options.parse({}), samples: 6 });
  assert.deepEqual(method.views("clean", new Rng(0), noEntry), { clean, corrupted });
  await assertIsTorchs(method, "vime", { clean, corrupted }, { file: "rows" });
});
