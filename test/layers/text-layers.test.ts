import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Array,
  constant,
  filled,
  int32,
  Rng,
  type Tensor,
  type Traced,
  type TreeRecord,
} from "../../src/array/index.ts";
import { dropout } from "../../src/layers/functions/dropout.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { attention } from "../../src/layers/transformer/attention.ts";
import { attentionBias, causalBias } from "../../src/layers/transformer/attention-bias.ts";
import { decoderBlock, transformerBlock } from "../../src/layers/transformer/transformer.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const mask = () => constant(int32([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0], [2, 6]));
const epsilons = { pre: 1e-5, post: 1e-12 } as const;

async function check<Host extends TreeRecord<Tensor>>(
  name: string,
  params: Host,
  apply: (p: Traced<Host>, x: Array, memory: Array) => Array,
  given: { x: Tensor; memory?: Tensor },
): Promise<void> {
  const expected = await torchCase("text", name);
  const all = { p: weights(params), given };
  const forward = ({ p, given: { x: first, memory } }: Traced<typeof all>) => apply(p, first, memory ?? first);
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients: found } = await outputAndGradients(forward, all, device);
    const gradients = new Map([...found].map(([path, leaf]) => [path.replace(/^given\./, ""), leaf]));
    assertMatches(output, expected.output, `${name} on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(forward, all);
}

const x = fill("x", [2, 6, 8]);
for (const norm of ["pre", "post"] as const) {
  for (const causal of [false, true])
    test(`a block with padding, norms ${norm}${causal ? ", causal" : ""}`, () => {
      const block = transformerBlock({ width: 8, heads: 2, mlpRatio: 2, norm, epsilon: epsilons[norm] });
      return check(
        `block ${norm}${causal ? " causal" : ""}`,
        block.init(new Rng(0)),
        (p, given) => block.apply(p, given, { bias: attentionBias(mask(), { causal }) }),
        { x },
      );
    });
  test(`a decoder's block, norms ${norm}`, () => {
    const block = decoderBlock({ width: 8, heads: 2, mlpRatio: 2, norm, epsilon: epsilons[norm] });
    return check(
      `decoder ${norm}`,
      block.init(new Rng(0)),
      (p, given, memory) => block.apply(p, given, memory, { bias: causalBias(6), memoryBias: attentionBias(mask()) }),
      { x, memory: fill("memory", [2, 6, 8]) },
    );
  });
}

test("rotary attention", () => {
  const layer = attention(8, 2, { rotary: true });
  return check("rotary attention", layer.init(new Rng(0)), (p, given) => layer.apply(p, given), { x });
});

test("dropout drops its share, keeps the expectation, and any two elements are independent", () =>
  fc.assert(
    fc.asyncProperty(fc.double({ min: 0.05, max: 0.8, noNaN: true }), fc.integer(), async (rate, seed) => {
      const [samples, rows, width] = [500, 3, 4];
      const noise = new Rng(seed).uniforms([rows + width, samples]);
      const output = await evaluateOne(
        (given: Array, drawn: Array) => inTraining(drawn, () => dropout(given, rate)).result,
        [filled([samples, rows, width], 1), noise] as const,
      );
      const kept = [...output.data].map((value) => {
        assert.ok(value === 0 || Math.abs(value - 1 / (1 - rate)) < 1e-5, `${value} at rate ${rate}`);
        return Number(value !== 0);
      });
      const share = (which: (sample: number) => number) =>
        globalThis.Array.from({ length: samples }, (_, sample) => which(sample)).reduce(
          (sum, value) => sum + value,
          0,
        ) / samples;
      const at = (sample: number, place: number) => kept[sample * rows * width + place]!;
      const near = (measured: number, expected: number) =>
        assert.ok(Math.abs(measured - expected) < 5 * Math.sqrt(0.25 / samples), `${measured}, not ${expected}`);
      for (let first = 0; first < rows * width; first++) {
        near(
          share((sample) => at(sample, first)),
          1 - rate,
        );
        for (let second = 0; second < first; second++)
          near(
            share((sample) => at(sample, first) * at(sample, second)),
            (1 - rate) ** 2,
          );
      }
    }),
    { numRuns: 5 },
  ));
