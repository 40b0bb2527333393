import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, float32, int32, nn, np, type Tensor, type Traced } from "../../src/array/index.ts";
import { gumbelCodebook } from "../../src/layers/gumbel-codebook.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { codebookDiversity } from "../../src/objectives/clustering/codebook-diversity.ts";
import { cpc, cpcAccuracy } from "../../src/objectives/contrastive/cpc.ts";
import { wav2vec2, wav2vec2Accuracy } from "../../src/objectives/contrastive/wav2vec2.ts";
import { hubert, hubertAccuracy } from "../../src/objectives/predictive/hubert.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { comparing } from "./checks.ts";

const equalsTorch = comparing("speech", { step: 3e-3, tolerance: 1e-2 });

/** How often each was drawn in speech.py. */
const drawn = () =>
  constant(
    float32(
      [...[0, 1, 2, 0, 2, 0, 0, 1, 1, 1, 0, 1, 0, 1, 2, 0], ...[0, 0, 0, 3, 1, 0, 1, 1, 1, 2, 0, 0, 1, 1, 1, 0]],
      [2, 4, 4],
    ),
  );
/** Two groups of codes; the third and the fourth target of the first sample are made of the same. */
const chosen = () => {
  const code = [0, 1, 2, 2, 0, 1, 2, 3];
  return constant(
    float32(
      code
        .flatMap((one) => [0, 1, 2, 3].flatMap((at) => [Number(at === one), 0]))
        .map((value, at) => (at % 8 === 1 ? 1 : value)),
      [2, 4, 8],
    ),
  );
};
/** The third target of the first sample in the fourth place, too. */
function quantised(targets: Array): Array {
  const [first, second] = np.split(targets, 2, 0);
  const rows = np.split(first!, [2, 3], 1);
  return np.concatenate([np.concatenate([rows[0]!, rows[1]!, rows[1]!], 1), second!], 0);
}
const places = { context: fill("context", [2, 4, 6]), targets: fill("targets", [2, 4, 6]) };
equalsTorch("wav2vec2", places, ({ context, targets }) =>
  wav2vec2(context, quantised(targets), drawn(), { temperature: 0.1, chosen: chosen() }),
);
equalsTorch("diversity", { logits: fill("logits", [5, 2, 4]) }, ({ logits }) =>
  codebookDiversity(nn.softmax(logits, -1)),
);
const ahead = { predictions: fill("predictions", [3, 5, 6]), candidates: fill("candidates", [3, 5, 6]) };
const samePlaces = () => constant(int32([4, 7, 9, 7, 2], [5]));
equalsTorch("cpc", ahead, ({ predictions, candidates }) => cpc(predictions, candidates, { places: samePlaces() }));
const coded = { predictions: fill("predictions", [5, 6]), codes: fill("codes", [7, 6]) };
const labels = () => constant(int32([6, 0, 3, 3, 5], [5]));
equalsTorch("hubert", coded, ({ predictions, codes }) => hubert(predictions, codes, labels(), { temperature: 0.1 }));

test("shares that are right: as PyTorch's, and worked out by hand", async () => {
  const right = await evaluateOne(
    ({ context, targets }: Traced<typeof places>) => wav2vec2Accuracy(context, quantised(targets), drawn(), chosen()),
    [places],
  );
  assertMatches(right, (await torchCase("speech", "wav2vec2")).accuracy, "accuracy");
  const axes = float32([1, 0, 0, 1, 1, 1], [3, 2]);
  const one = async (fn: (x: Array) => Array) => Number((await evaluateOne(fn, [axes] as const)).data[0]);
  // The third row's product with each of the others is theirs with themselves: no more is right than the third.
  const three = (x: Array) => np.reshape(x, [1, 3, 2]);
  assert.ok(Math.abs((await one((x) => cpcAccuracy(three(x), three(x)))) - 1 / 3) < 1e-6);
  const inOrder = constant(int32([0, 1, 2], [3]));
  assert.equal(await one((x) => hubertAccuracy(x, x, inOrder, { temperature: 0.1 })), 1);
});

test("where nothing is known the losses are at chance", async () => {
  const same = float32(new Float32Array(24).fill(1), [1, 4, 6]);
  const three = () =>
    constant(
      float32(
        Float32Array.from({ length: 16 }, (_, at) => (at % 5 ? 1 : 0)),
        [1, 4, 4],
      ),
    );
  const value = async (fn: (x: Array) => Array) => Number((await evaluateOne(fn, [same] as const)).data[0]);
  assert.ok(Math.abs((await value((x) => wav2vec2(x, x, three(), { temperature: 0.1 }))) - Math.log(4)) < 1e-5);
  assert.ok(Math.abs((await value((x) => cpc(x, x))) - Math.log(4)) < 1e-5);
  const rows = (x: Array) => np.reshape(x, [4, 6]);
  const first = constant(int32([0, 0, 0, 0], [4]));
  assert.ok(Math.abs((await value((x) => hubert(rows(x), rows(x), first, { temperature: 0.1 }))) - Math.log(4)) < 1e-5);
  // Two of the four codes are not in use.
  const bias = constant(float32([0, 0, -1e9, -1e9], [4]));
  const ofTwo = await value((x) => hubert(rows(x), rows(x), first, { temperature: 0.1, bias }));
  assert.ok(Math.abs(ofTwo - Math.LN2) < 1e-5);
  // One code of four in use in each of two groups: 2 of 8.
  const alone = constant(float32([1, 0, 0, 0, 0, 1, 0, 0], [1, 2, 4]));
  assert.ok(Math.abs((await value(() => codebookDiversity(alone))) - 0.75) < 1e-4);
});

const quantiser = gumbelCodebook({ input: 6, groups: 2, codes: 4, codeDim: 6 });
const book = () =>
  weights({
    project: { weight: fill("w", [8, 6]), bias: fill("b", [8]) },
    codes: fill("c", [8, 3]),
  });

test("a Gumbel codebook without noise: codes, and the gradient of the softmax, as PyTorch's", async () => {
  const expected = await torchCase("speech", "gumbel");
  const inputs = { p: book(), z: fill("z", [5, 6]) };
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      ({ p, z }: Traced<typeof inputs>) => np.reshape(quantiser.apply(p, np.reshape(z, [1, 5, 6]), 0.7).code, [5, 6]),
      inputs,
      device,
    );
    assertMatches(output, expected.output, `code on ${device}`);
    assertGradients(gradients, expected);
  }
});

test("in training, codes are chosen with the probabilities of the softmax", async () => {
  const draws = 4000;
  const logits = [Math.log(0.5), Math.log(0.3), Math.log(0.2), -30];
  const params = {
    project: { weight: fill("w", [8, 6], 0), bias: float32([...logits, ...logits.toReversed()], [8]) },
    codes: fill("c", [8, 3]),
  };
  // A row of noise for the place, and one for each of the 8 codes.
  const noise = fill("noise", [9, draws], 0.5, 0.5);
  const leaves = await evaluate(
    (p: Traced<typeof params>, rows: Array) => {
      const z = constant(fill("z", [draws, 1, 6]));
      const { result, draws: asked } = inTraining(rows, () => quantiser.apply(p, z, 1));
      assert.equal(asked, 9);
      return { chosen: np.mean(result.chosen, 0) };
    },
    [params, noise] as const,
  );
  const { chosen: shares } = leaves as { chosen: Tensor };
  [0.5, 0.3, 0.2, 0, 0, 0.2, 0.3, 0.5].forEach((share, at) => {
    assert.ok(Math.abs(shares.data[at]! - share) < 0.03, `code ${at}: ${shares.data[at]}, not ${share}`);
  });
});
