import { test } from "node:test";
import { Rng, type Traced } from "../../../src/array/index.ts";
import { type MlpOptions, mlp } from "../../../src/layers/heads/mlp.ts";
import { inTraining } from "../../../src/layers/scope.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../../fixtures/torch/reference.ts";

const kinds: Readonly<Record<string, MlpOptions>> = {
  bias: { norm: false },
  nothing: { output: "nothing" },
  norm: { output: "norm" },
  plainNorm: { output: "plainNorm" },
};

for (const [name, options] of Object.entries(kinds))
  test(`a head that ends with ${name}: output and gradients as PyTorch's`, async () => {
    const expected = await torchCase("joint", `mlp ${name}`);
    const head = mlp([5, 7, 3], options);
    const inputs = { p: weights({ mlp: head.init(new Rng(0)) }), x: fill("x", [6, 5]) };
    const forward = ({ p, x }: Traced<typeof inputs>) => inTraining(undefined, () => head.apply(p.mlp, x)).result;
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(forward, inputs, device);
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
    }
    // Normalisation over six rows bends much within the usual step.
    await assertFiniteDifferences(forward, inputs, { step: 3e-3, tolerance: 1e-2 });
  });
