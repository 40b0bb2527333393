import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, lax, nn, np, Rng, type Tensor } from "../../src/array/index.ts";
import { compile, read, valueAndGrad } from "../../src/engine/index.ts";
import { gelu } from "../../src/layers/functions/gelu.ts";
import { geluTanh } from "../../src/layers/functions/gelu-tanh.ts";
import { relu } from "../../src/layers/functions/relu.ts";
import { softmax } from "../../src/layers/functions/softmax.ts";
import { standardize } from "../../src/layers/norms/layer-norm.ts";

/** Each layer with a custom derivative, and the same by plain differentiation. */
const layers: Readonly<Record<string, readonly [ours: (x: Array) => Array, plain: (x: Array) => Array]>> = {
  gelu: [gelu, (x) => np.multiply(x, np.multiply(np.add(lax.erf(np.multiply(x, Math.SQRT1_2)), 1), 0.5))],
  "gelu by tanh": [
    geluTanh,
    (x) => {
      const inner = np.multiply(Math.sqrt(2 / Math.PI), np.add(x, np.multiply(np.multiply(x, np.square(x)), 0.044715)));
      return np.multiply(np.multiply(x, 0.5), np.add(np.tanh(inner), 1));
    },
  ],
  relu: [relu, nn.relu],
  softmax: [softmax, (x) => nn.softmax(x, -1)],
  standardize: [
    (x) => standardize(x, 1e-3),
    (x) => {
      const centred = np.subtract(x, np.mean(x, -1, { keepdims: true }));
      const variance = np.mean(np.square(centred), -1, { keepdims: true });
      return np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, 1e-3))));
    },
  ],
};

for (const [name, [ours, plain]] of Object.entries(layers))
  for (const device of ["cpu", "wasm"] as const)
    test(`${name}: value and gradient are those of plain differentiation, on ${device}`, async () => {
      const rng = new Rng(4);
      const [x, weights] = [rng.normals([3, 5, 17], 2), rng.normals([3, 5, 17])];
      const results = [];
      for (const layer of [ours, plain]) {
        const step = (input: Array, by: Array) => {
          const { loss, gradients } = valueAndGrad(
            (of: Array) => ({ loss: np.sum(np.multiply(layer(np.sin(of)), by)), aux: {} }),
            input,
          );
          return { loss, gradients };
        };
        const program = await compile(step, [x, weights], { device, name });
        results.push((await read(await program.run(x, weights))) as { loss: Tensor; gradients: Tensor });
        await program.dispose();
      }
      const [given, expected] = results;
      for (const leaf of ["loss", "gradients"] as const)
        expected![leaf].data.forEach((value, at) => {
          const other = given![leaf].data[at]!;
          assert.ok(
            Math.abs(other - value) < 2e-5 * Math.max(1, Math.abs(value)),
            `${leaf} ${at}: ${other}, not ${value}`,
          );
        });
    });

/** Φ(x) + x φ(x), from tables of the normal distribution. */
const geluSlopes = new Map([
  [0, 0.5],
  [1, 1.0833154706],
  [-1, -0.0833154706],
  [3, 1.0119456472],
  [14, 1],
  [-14, 0],
  [1e4, 1],
  [-1e4, 0],
]);
for (const device of ["cpu", "wasm"] as const)
  test(`gelu: the slope is that of the tables, however far from 0, on ${device}`, async () => {
    const slopes = (x: Array): Array => valueAndGrad((of: Array) => ({ loss: np.sum(gelu(of)), aux: {} }), x).gradients;
    const x = float32([...geluSlopes.keys()], [geluSlopes.size]);
    const program = await compile(slopes, [x], { device });
    const { data } = await (await program.run(x)).read();
    await program.dispose();
    for (const [index, [at, slope]] of [...geluSlopes].entries())
      assert.ok(Math.abs(data[index]! - slope) < 1e-6, `${data[index]} at ${at}`);
  });
