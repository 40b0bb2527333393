import assert from "node:assert/strict";
import { test } from "node:test";
import { beta } from "../../src/array/beta.ts";
import { type Array, constant, float32, np, Rng, scalar, type Traced } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { mixer, mixOptions } from "../../src/methods/parts/mixing.ts";
import { supervised } from "../../src/methods/supervised.ts";
import { image } from "../../src/modalities/image/index.ts";
import { assertGradients, assertMatches, fill, outputAndGradients, torchCase } from "../fixtures/torch/reference.ts";

/** A linear layer on all pixels. */
const encoder: Encoder = {
  name: "linear",
  embedDim: 4,
  init: (rng: Rng) => ({ weight: rng.normals([4, 36]) }),
  apply: (params, { pixels }) => np.matmul(np.reshape(pixels!, [-1, 36]), np.transpose(params.weight as Array)),
  hidden: (_, { pixels }) => pixels!,
  hyperparameters: {},
};
const modality = image.build(image.options.parse({ imageSize: 6, channels: 1 }));
const methodWith = (options: Record<string, unknown>) =>
  supervised.build({
    ...{ encoder, samples: 5 },
    modality: modality as never,
    options: supervised.options.parse({ classes: ["a", "b", "c"], ...options }),
  });

const labels = [2, 0, 1, 0, 1];
const shares = [0.3, 1, 0.85, 0.5, 0.1];
const boxes = [
  [1, 4, 0, 6],
  [0, 0, 0, 0],
  [5, 6, 2, 5],
  [2, 2, 1, 3],
  [0, 6, 0, 6],
];
const params = {
  encoder: { weight: fill("encoder", [4, 36]) },
  head: { weight: fill("head", [3, 4], 2), bias: fill("bias", [3]) },
};

/** A batch as the loader would stack it. */
function batchOf(isCut: boolean, { smoothing = 0, weights = [1, 1, 1] }: { smoothing?: number; weights?: number[] }) {
  const targets = labels.flatMap((label) =>
    [0, 1, 2].map((output) => Number(output === label) * (1 - smoothing) + smoothing / 3),
  );
  const ofLabel = boxes.map(([top, bottom, left, right]) => 1 - ((bottom! - top!) * (right! - left!)) / 36);
  return {
    views: [{ pixels: constant(fill("pixels", [5, 1, 6, 6], 2)) }],
    target: {
      values: constant(float32(targets, [5, 3])),
      weight: constant(
        float32(
          labels.map((label) => weights[label]!),
          [5],
        ),
      ),
    },
    label: constant(float32(labels, [5])),
    mix: [
      {
        values: constant(float32(isCut ? [1, 1, 1, 1, 1] : shares, [5])),
        label: constant(float32(isCut ? ofLabel : shares, [5])),
        box: isCut ? [constant(float32(boxes.flat(), [5, 2, 2]))] : [],
      },
    ],
  };
}

const cases: Record<string, readonly [Record<string, unknown>, boolean, { smoothing?: number; weights?: number[] }]> = {
  mixup: [{ mixup: 0.8 }, false, {}],
  "mixup smoothed": [{ mixup: 0.8, labelSmoothing: 0.1 }, false, { smoothing: 0.1 }],
  "mixup weighted": [{ mixup: 0.8, classWeights: [1, 2, 0.5] }, false, { weights: [1, 2, 0.5] }],
  cutmix: [{ cutmix: 1 }, true, {}],
};
for (const [name, [options, isCut, target]] of Object.entries(cases))
  test(`${name}: value and gradients as timm's formula in PyTorch`, async () => {
    const expected = await torchCase("mixing", name);
    const method = methodWith(options);
    const loss = (traced: Traced<typeof params>) =>
      method.loss(traced as never, batchOf(isCut, target) as never, {}, { progress: 0 } as never).loss;
    const { output, gradients } = await outputAndGradients(loss, params, "cpu");
    assertMatches(output, expected.output, name);
    assertGradients(gradients, expected);
  });

const drawer = (options: Record<string, number>, shape: readonly number[]) =>
  mixer(
    { name: "some", specs: { values: { dtype: "float32", shape } } },
    { mixup: 0, cutmix: 0, mixProbability: 1, ...options },
  )!;

test("a box has the share of the axes that its label's share says, and lies inside", () => {
  for (const shape of [
    [3, 20, 30],
    [1, 40],
    [3, 4, 20, 30],
  ]) {
    const axes = shape.slice(1).slice(-2);
    const { draw } = drawer({ cutmix: 1 }, shape);
    const seen: number[] = [];
    for (let seed = 0; seed < 300; seed++) {
      const { values, label, box } = draw(new Rng(seed));
      assert.equal(values.data[0], 1);
      const ends = box[0]!.data;
      const part = axes.reduce((product, extent, axis) => {
        const [from, to] = [ends[2 * axis]!, ends[2 * axis + 1]!];
        assert.ok(from >= 0 && to <= extent && from <= to);
        return (product * (to - from)) / extent;
      }, 1);
      assert.ok(Math.abs(1 - part - label.data[0]!) < 1e-6);
      seen.push(part);
    }
    assert.ok(Math.min(...seen) < 0.05 && Math.max(...seen) > 0.8, "shares are spread");
  }
});

test("of mixup and CutMix each sample has one, each half of the time, as often as asked", () => {
  const { draw } = drawer({ mixup: 1, cutmix: 1, mixProbability: 0.8 }, [3, 40, 40]);
  const draws = Array.from({ length: 2000 }, (_, seed) => draw(new Rng(seed)));
  const share = (is: (mix: (typeof draws)[number]) => boolean) => draws.filter(is).length / draws.length;
  assert.ok(Math.abs(share(({ label }) => label.data[0] === 1) - 0.21) < 0.04);
  assert.ok(Math.abs(share(({ values }) => values.data[0]! < 1) - 0.4) < 0.04);
  assert.equal(
    share(({ values, box }) => values.data[0]! < 1 && box[0]!.data.some((end) => end > 0)),
    0,
  );
});

test("draws have the moments of Beta distributions", () => {
  for (const [a, b] of [
    [0.2, 0.2],
    [1, 1],
    [0.8, 0.8],
    [3, 1.5],
  ] as const) {
    const rng = new Rng(7);
    const draws = Array.from({ length: 20_000 }, () => beta(rng, a, b));
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
    assert.ok(draws.every((draw) => draw >= 0 && draw <= 1));
    assert.ok(Math.abs(mean - a / (a + b)) < 0.01, `mean ${mean}`);
    assert.ok(Math.abs(variance - (a * b) / ((a + b) ** 2 * (a + b + 1))) < 0.003, `variance ${variance}`);
  }
  // Whatever is drawn of so small an α is a number.
  const rng = new Rng(8);
  for (let draw = 0; draw < 1000; draw++) assert.ok([0, 1].includes(Math.round(beta(rng, 1e-4, 1e-4))));
});

test("data without values to mix are refused in one line, and nothing is mixed where nothing is asked for", () => {
  const text = { name: "text", specs: { ids: { dtype: "int32", shape: [8] } } } as const;
  const vector = { name: "vector", specs: { values: { dtype: "float32", shape: [8] } } } as const;
  const options = { mixup: 0.2, cutmix: 0, mixProbability: 1 };
  assert.throws(() => mixer(text, options), /mixup: text data have ids, which are not values that can be mixed/);
  assert.ok(mixer(vector, options));
  assert.throws(() => mixer(vector, { ...options, cutmix: 1 }), /cutmix: vector data have no axes/);
  assert.equal(mixer(text, { ...options, mixup: 0 }), undefined);
  assert.equal(mixOptions.mixup.parse(undefined), 0);
});

test("supervised draws a mix for each sample from its own generator, and strong views where asked", () => {
  const picture = { width: 6, height: 6, channels: 1, data: Uint8Array.from({ length: 36 }, (_, at) => 7 * at) };
  const view = (options: Record<string, unknown>, seed: number) =>
    methodWith(options).views(picture, new Rng(seed), { index: 0, label: 1 }) as unknown as {
      views: { pixels: { data: Float32Array } }[];
      mix: { label: { data: Float32Array } }[];
    };
  assert.deepEqual(view({ mixup: 1 }, 3), view({ mixup: 1 }, 3));
  assert.notDeepEqual(view({ mixup: 1 }, 3).mix[0]!.label, view({ mixup: 1 }, 4).mix[0]!.label);
  // The view is the same as without mixing.
  assert.deepEqual(view({ mixup: 1 }, 3).views, view({}, 3).views);
  assert.equal(view({}, 3).mix.length, 0);
  const [weak, strong] = [{}, { strongViews: true }].map((options) =>
    Array.from({ length: 20 }, (_, seed) => new Set(view(options, seed).views[0]!.pixels.data).size),
  );
  assert.notDeepEqual(strong, weak);
  assert.throws(() => methodWith({ mixup: 1, task: "similarity" }), /--task similarity/);
  assert.deepEqual(scalar(1).data.length, 1);
});
