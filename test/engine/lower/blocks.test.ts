import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, lax, np, Rng } from "../../../src/array/index.ts";
import { valueAndGrad } from "../../../src/engine/index.ts";
import { assertAgreement } from "../../support/agreement.ts";
import { nodesOf } from "../../support/nodes.ts";

interface Case {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: readonly [before: number, after: number];
  readonly length: number;
  readonly dilation?: number;
  readonly outputs?: number;
}

type Operands = { x: Array; w: Array; y: Array };

/** Output of a strided convolution, and the gradients of a squared error to `y` with respect to series and kernel. */
const convolve = ({ stride, padding: [before, after], dilation = 1 }: Case) =>
  function convolution({ x, w, y }: Operands) {
    const { gradients, aux } = valueAndGrad(
      (p: { x: Array; w: Array }) => {
        const output = lax.convGeneralDilated(p.x, p.w, [stride], [[before, after]], { rhsDilation: [dilation] });
        return { loss: np.sum(np.square(np.subtract(output, y))), aux: { output } };
      },
      { x, w },
    );
    return { output: aux.output, ...gradients };
  };

function tensorsFor({ kernel, stride, padding: [before, after], length, dilation = 1, outputs = 6 }: Case) {
  const rng = new Rng(11);
  return {
    x: rng.normals([3, 5, length]),
    w: rng.normals([outputs, 5, kernel], 1 / Math.sqrt(5 * kernel)),
    y: rng.normals([3, outputs, Math.floor((length + before + after - (kernel - 1) * dilation - 1) / stride) + 1]),
  };
}

const cases: readonly Case[] = [
  { kernel: 8, stride: 4, padding: [0, 0], length: 32 },
  { kernel: 8, stride: 4, padding: [0, 0], length: 35 },
  { kernel: 4, stride: 2, padding: [1, 1], length: 17 },
  { kernel: 2, stride: 2, padding: [0, 0], length: 16 },
  { kernel: 2, stride: 2, padding: [0, 0], length: 17 },
  { kernel: 6, stride: 3, padding: [5, 2], length: 10 },
  { kernel: 9, stride: 3, padding: [0, 4], length: 7 },
  { kernel: 3, stride: 2, padding: [0, 0], length: 20 },
  { kernel: 2, stride: 4, padding: [0, 0], length: 19 },
  { kernel: 3, stride: 1, padding: [16, 16], length: 12, dilation: 16 },
  { kernel: 3, stride: 1, padding: [12, 12], length: 12, dilation: 12, outputs: 64 },
  { kernel: 3, stride: 1, padding: [8, 8], length: 12, dilation: 8 },
  { kernel: 5, stride: 1, padding: [30, 10], length: 12, dilation: 10 },
  { kernel: 2, stride: 1, padding: [40, 1], length: 12, dilation: 20 },
  { kernel: 3, stride: 2, padding: [0, 32], length: 12, dilation: 16 },
];

for (const example of cases)
  test(`a 1-D convolution and its gradients agree with jax-js: ${JSON.stringify(example)}`, async () => {
    await assertAgreement(convolve(example), tensorsFor(example), 1e-6);
  });

test("a kernel of several strides has one product for the input's gradient, any other one for each position in a stride", async () => {
  const products = async (example: Case) => {
    const nodes = await nodesOf(convolve(example), [tensorsFor(example)]);
    return nodes.filter(({ opType }) => opType === "MatMul" || opType === "FusedMatMul").length;
  };
  const of = (kernel: number) => products({ kernel, stride: 4, padding: [0, 0], length: 64 });
  assert.deepEqual([await of(8), await of(7)], [3, 6]);
});

test("a sum with a convolution's result keeps its order, so that a residual network does not move elements in each block", async () => {
  const rng = new Rng(2);
  const moves = async (depth: number) => {
    const kernels = globalThis.Array.from({ length: depth }, () => rng.normals([8, 8, 1]));
    const network = (x: Array, weights: Array[]) => ({
      y: np.sum(weights.reduce((z, w) => np.add(z, lax.convGeneralDilated(z, w, [1], [[0, 0]])), x)),
    });
    const nodes = await nodesOf(network, [rng.normals([4, 8, 32]), kernels]);
    return nodes.filter(({ opType }) => opType === "Transpose" || opType === "Gather").length;
  };
  assert.equal(await moves(4), await moves(1));
});

test("the part of a kernel that is in the padding everywhere is not multiplied", async () => {
  const operators = async (dilation: number) => {
    const convolution = (x: Array, w: Array) => ({
      y: np.sum(lax.convGeneralDilated(x, w, [1], [[dilation, dilation]], { rhsDilation: [dilation] })),
    });
    const rng = new Rng(3);
    const nodes = await nodesOf(convolution, [rng.normals([3, 5, 12]), rng.normals([6, 5, 3])]);
    return new Set(nodes.map(({ opType }) => opType));
  };
  // Columns with zeros come from an input with a pixel of zeros appended.
  assert.ok((await operators(8)).has("Pad"));
  assert.ok(!(await operators(16)).has("Pad"));
});
