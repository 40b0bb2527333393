import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, lax, np, Rng } from "../../../src/array/index.ts";
import { valueAndGrad } from "../../../src/engine/index.ts";
import { assertAgreement } from "../../support/agreement.ts";
import { nodesOf } from "../../support/nodes.ts";

interface Case {
  readonly inputs: number;
  readonly outputs: number;
  readonly size: readonly [height: number, width: number];
  readonly pad: number;
  readonly stride?: number;
}

type Operands = { x: Array; w: Array; y: Array };

/** Output, and the gradients of a squared error to `y` with respect to images and kernel. */
const convolve = ({ pad, stride = 1 }: Case) =>
  function convolution({ x, w, y }: Operands) {
    const { gradients, aux } = valueAndGrad(
      (p: { x: Array; w: Array }) => {
        const output = lax.convGeneralDilated(
          p.x,
          p.w,
          [stride, stride],
          [
            [pad, pad],
            [pad, pad],
          ],
        );
        return { loss: np.sum(np.square(np.subtract(output, y))), aux: { output } };
      },
      { x, w },
    );
    return { output: aux.output, ...gradients };
  };

function tensorsFor({ inputs, outputs, size, pad, stride = 1 }: Case) {
  const rng = new Rng(7);
  const after = size.map((extent) => Math.floor((extent + 2 * pad - 3) / stride) + 1);
  return {
    x: rng.normals([3, inputs, ...size]),
    w: rng.normals([outputs, inputs, 3, 3], 1 / Math.sqrt(9 * inputs)),
    y: rng.normals([3, outputs, ...after]),
  };
}

/** How often each operator occurs in a case's program. */
async function operators(example: Case): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { opType } of await nodesOf(convolve(example), [tensorsFor(example)]))
    counts.set(opType ?? "", (counts.get(opType ?? "") ?? 0) + 1);
  return counts;
}

const tiled: readonly Case[] = [
  { inputs: 16, outputs: 24, size: [8, 8], pad: 1 },
  { inputs: 24, outputs: 16, size: [7, 9], pad: 1 },
  { inputs: 32, outputs: 32, size: [2, 2], pad: 1 },
  { inputs: 16, outputs: 16, size: [6, 11], pad: 0 },
  { inputs: 20, outputs: 24, size: [5, 4], pad: 2 },
  { inputs: 64, outputs: 64, size: [16, 16], pad: 1 },
];

for (const example of tiled)
  test(`tiles agree with jax-js, gradients too: ${example.inputs} → ${example.outputs}, ${example.size.join(" × ")}, padding ${example.pad}`, async () => {
    await assertAgreement(convolve(example), tensorsFor(example), 3e-6);
  });

test("both gradients share the transformed gradient of the outputs, and nothing is gathered or flipped", async () => {
  const found = await operators({ inputs: 32, outputs: 32, size: [8, 8], pad: 1 });
  for (const operator of ["Gather", "Pad", "Slice", "Conv"]) assert.equal(found.get(operator), undefined, operator);
  // Two transforms each of images, outputs, their gradient, the images' gradient, and images again for the kernel's
  // gradient; three transforms of the kernel: forward, for the images' gradient, and back; three products between.
  assert.equal((found.get("MatMul") ?? 0) + (found.get("FusedMatMul") ?? 0), 16);
});

test("few channels, or a stride, use columns", async () => {
  for (const example of [
    { inputs: 3, outputs: 32, size: [8, 8], pad: 1 },
    { inputs: 32, outputs: 32, size: [8, 8], pad: 1, stride: 2 },
  ] as const)
    assert.ok((await operators(example)).has("Gather"));
});
