import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, Rng, type Traced } from "../../src/array/index.ts";
import { ftTransformer } from "../../src/encoders/ft-transformer.ts";
import { mlp } from "../../src/encoders/mlp.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { ROWS, rows, SIZES, specs } from "../fixtures/rows.ts";
import {
  assertGradients,
  assertMatches,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const { values, codes } = rows("clean");
const inputs = () => ({ values: constant(values), codes: constant(codes) });

test("mlp: output and every gradient as torch's on numbers and one-hot codes", async () => {
  const encoder = mlp.build(mlp.options.parse({ width: 6, depth: 3 }), specs);
  const params = { p: weights(encoder.init(new Rng(0))) };
  for (const device of ["cpu", "wasm"] as const) {
    const fn = ({ p }: Traced<typeof params>) => encoder.apply(p, inputs());
    const { output, gradients } = await outputAndGradients(fn, params, device);
    const expected = await torchCase("rows", "mlp");
    assertMatches(output, expected.output, `mlp on ${device}`);
    assertGradients(gradients, expected);
  }
});

for (const name of ["plain", "hidden"] as const)
  test(`ft-transformer, ${name}: output and every gradient as torch's`, async () => {
    const options = ftTransformer.options.parse({ width: 8, depth: 2, heads: 2, mlpRatio: 2, dropout: 0 });
    const encoder = ftTransformer.build(options, specs);
    const params = { p: weights(encoder.init(new Rng(0))) };
    const hidden = float32(
      Float32Array.from(fill("hidden", [ROWS, SIZES.length]).data, (value) => Number(value > 0)),
      [ROWS, SIZES.length],
    );
    const masked = () => ({ at: constant(hidden), token: constant(fill("token", [1, 8])) });
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(
        ({ p }: Traced<typeof params>) =>
          name === "plain" ? encoder.apply(p, inputs()) : encoder.tokens.encode(p, inputs(), { masked: masked() }),
        params,
        device,
      );
      const expected = await torchCase("rows", `ft-transformer ${name}`);
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
    }
  });

test("at first, what goes through the MLP neither vanishes nor grows", async () => {
  const { ranked } = await import("../../src/modalities/table/columns/encode.ts");
  const even = Array.from({ length: 101 }, (_, at) => at);
  const width = 40;
  const wide = {
    values: { dtype: "float32", shape: [width] },
    codes: { dtype: "int32", shape: [width], below: Array<number>(width).fill(2) },
  } as const;
  const encoder = mlp.build(mlp.options.parse({}), wide);
  const rng = new Rng(5);
  const data = Float32Array.from({ length: 64 * width }, () => ranked(rng.integer(0, 100), even));
  const { output } = await outputAndGradients(
    (params) =>
      encoder.apply(params, {
        values: constant(float32(data, [64, width])),
        codes: constant({ dtype: "int32", shape: [64, width], data: new Int32Array(64 * width).fill(1) }),
      }),
    encoder.init(new Rng(1)),
  );
  const squares = [...output.data].reduce((sum, value) => sum + value * value, 0) / output.data.length;
  assert.ok(squares > 0.3 && squares < 3, `mean square ${squares}`);
});

test("data without columns, and heads that do not fit, are refused in a line", () => {
  for (const encoder of [mlp, ftTransformer])
    assert.throws(
      () => encoder.build(encoder.options.parse({}), { codes: { dtype: "int32", shape: [3] } }),
      (error) => error instanceof UserError && /reads rows of columns/.test(error.message),
    );
  assert.throws(
    () => ftTransformer.build(ftTransformer.options.parse({ heads: 7 }), specs),
    /cannot be split into 7 heads/,
  );
});
