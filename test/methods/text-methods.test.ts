import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  int32,
  Rng,
  type Tensor,
  type TreeRecord,
  tree,
} from "../../src/array/index.ts";
import type { Method, MethodDefinition } from "../../src/methods/index.ts";
import { methods } from "../../src/methods/index.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { takeSteps } from "./checks.ts";
import { atStart, noEntry, stack } from "./toy.ts";
import { batch, ids, toyText, toyTransformer } from "./toy-text.ts";

function build(
  definition: MethodDefinition,
  options: Record<string, unknown> = {},
  encoderOptions: Parameters<typeof toyTransformer>[0] = {},
  modality = toyText(),
): Method {
  const encoder = toyTransformer({ ...definition.encoderOptions, ...encoderOptions }, modality);
  return definition.build({ encoder, modality, options: definition.options.parse(options), samples: 8 });
}

const shown = { ...batch, ids: int32([2, 4, 5, 6, 3, 0, 2, 6, 4, 3, 0, 0], [2, 6]) };
const targets = {
  places: int32([1, 3, 0, 2, 0, 0], [2, 3]),
  tokens: int32([7, 8, 0, 4, 0, 0], [2, 3]),
  weights: float32([1, 1, 0, 1, 0, 0], [2, 3]),
};
const noise = { perPlace: fill("per place", [2, 3], 0.5, 0.5), perToken: fill("per word", [2, 11], 0.5, 0.5) };
const shifted = int32([3, 2, 7, 5, 9, 3, 3, 2, 6, 10, 3, 0], [2, 6]);

const cases: Record<string, { options?: Record<string, unknown>; views: TreeRecord<Tensor>; metrics?: string[] }> = {
  bert: { views: { text: shown, targets }, metrics: ["accuracy"] },
  "bag-of-words": {
    options: { bagWeight: 0.5 },
    views: {
      text: shown,
      targets,
      bag: {
        tokens: int32([9, 7, 5, 0, 0, 0, 10, 6, 0, 0, 0, 0], [2, 6]),
        shares: float32([1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0], [2, 6]),
      },
    },
    metrics: ["bag"],
  },
  "causal-lm": { views: { text: batch } },
  electra: {
    options: { generatorSize: 0.5 },
    views: { original: batch, masked: shown.ids, targets, noise },
    metrics: ["replaced", "detection"],
  },
  "sentence-order": { views: { text: shown, targets, swapped: int32([1, 0], [2]) } },
  data2vec: {
    options: { topBlocks: 2, beta: 0.5 },
    views: { input: batch, hidden: { places: targets.places, weights: targets.weights } },
    metrics: ["targetDeviation"],
  },
  bart: { options: { decoderDepth: 1 }, views: { noisy: shown, shifted, target: batch } },
};

for (const [name, { options, views, metrics = [] }] of Object.entries(cases))
  test(`${name}: the loss and every gradient are the published code's`, async () => {
    const expected = await torchCase("text", name);
    const method = build(await methods.load(name), options);
    const inputs = { p: weights(method.init(new Rng(0))) };
    type Inputs = { p: Parameters<Method["loss"]>[0] };
    const memory = weights(method.initMemory?.(new Rng(0), method.init(new Rng(0))) ?? {}, "t");
    const traced = (given: TreeRecord<Tensor>) => tree.map(given, constant) as TreeRecord<Array>;
    const step = ({ p }: Inputs) => method.loss(p, traced(views), traced(memory), atStart());
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(
        (given) => step(given as Inputs).loss,
        inputs as TreeRecord<Tensor>,
        device,
      );
      assertMatches(output, expected.loss, `loss on ${device}`);
      assertGradients(gradients, expected);
      const measured = new Map(
        tree.entries<Tensor>(
          await evaluate((given) => ({ ...step(given as Inputs).metrics }), [inputs as TreeRecord<Tensor>], device),
        ),
      );
      for (const metric of metrics) assertMatches(measured.get(metric)!, expected[metric], `${metric} on ${device}`);
    }
  });

const texts = globalThis.Array.from({ length: 8 }, (_, row) =>
  globalThis.Array.from({ length: 4 + (row % 5) }, (__, at) => 5 + ((3 * row + 7 * at) % 19)),
);

for (const name of ["bert", "bag-of-words", "causal-lm", "simcse", "electra", "sentence-order", "bart", "data2vec"])
  test(`${name}: ten steps on one batch bring the loss down`, async () => {
    const definition = await methods.load(name);
    const rate = name === "simcse" ? 2e-3 : 0.01;
    const method = build(
      definition,
      {},
      { width: 16, ...(name === "simcse" ? { dropout: 0.1, pooling: "mean" } : {}) },
      toyText({ size: 24, length: 12 }),
    );
    const views = stack(texts.map((text, index) => method.views(text, new Rng(index), { ...noEntry, index })));
    const settings = { steps: 10, learningRate: rate, seed: 1, threads: 1, beta2: 0.99 };
    const { losses, metrics } = await takeSteps(method, views, settings);
    for (const [metric, value] of metrics.flatMap(Object.entries<number>)) assert.ok(Number.isFinite(value), metric);
    assert.ok(losses.every(Number.isFinite), `${losses}`);
    assert.ok(losses[9]! < 0.9 * losses[0]!, `${losses}`);
  });

test("options and encoders that do not fit are refused", async () => {
  const simcse = await methods.load("simcse");
  assert.throws(() => build(simcse, {}, { dropout: 0 }), { name: "UserError", message: /--dropout/ });
});

const leavesOf = (method: Method, text: unknown, seed: number, index = 0) =>
  new Map(tree.entries<Tensor>(method.views(text, new Rng(seed), { ...noEntry, index })));

test("bert's masks are new in every epoch, or with static ones the same for a sample", async () => {
  const bert = await methods.load("bert");
  const text = [6, 8, 10, 12, 14, 16, 18, 20];
  const shownIds = (masks: string, seed: number, index: number) =>
    [
      ...leavesOf(build(bert, { masks }, {}, toyText({ size: 24, length: 12 })), text, seed, index).get(
        "targets.places",
      )!.data,
    ].join();
  const seeds = [1, 2, 3, 4, 5, 6];
  assert.ok(new Set(seeds.map((seed) => shownIds("dynamic", seed, 0))).size > 1);
  assert.equal(new Set(seeds.map((seed) => shownIds("static", seed, 0))).size, 1);
  assert.ok(new Set(seeds.map((index) => shownIds("static", 0, index))).size > 1);
});

test("causal-lm predicts no end where a text is only cut", async () => {
  const method = build(await methods.load("causal-lm"), {}, { causal: true }, toyText({ size: 24, length: 6 }));
  const shown = (text: number[]) => [...leavesOf(method, text, 0).get("text.ids")!.data];
  assert.deepEqual(shown([6, 8, 10, 12]), [ids.begin, 6, 8, 10, 12, ids.end]);
  assert.deepEqual(shown([6, 8, 10, 12, 14]), [ids.begin, 6, 8, 10, 12, ids.pad]);
});

test("sentence order: two segments of whole sentences, swapped half of the time", async () => {
  const modality = toyText({ size: 40, length: 14 });
  const method = build(await methods.load("sentence-order"), { maskRatio: 0.001 }, {}, modality);
  const text = [6, 7, 10, 12, 13, 20, 14, 30];
  let swaps = 0;
  for (let seed = 0; seed < 300; seed++) {
    const leaves = leavesOf(method, text, seed);
    const places = leaves.get("targets.places")!.data;
    const tokens = leaves.get("targets.tokens")!.data;
    const given = [...leaves.get("text.ids")!.data];
    leaves.get("targets.weights")!.data.forEach((weight, slot) => {
      if (weight) given[places[slot]!] = tokens[slot]!;
    });
    const middle = given.indexOf(ids.end);
    const [a, b] = [given.slice(1, middle), given.slice(middle + 1, given.lastIndexOf(ids.end))];
    const swapped = leaves.get("swapped")!.data[0] === 1;
    swaps += Number(swapped);
    const [first, second] = swapped ? [b, a] : [a, b];
    assert.deepEqual([...first, ...second], text);
    assert.ok(first.at(-1)! % 10 === 0, `${first}`);
    assert.equal(leaves.get("isOrdered")!.data[0], 1);
  }
  assert.ok(Math.abs(swaps - 150) < 45, `${swaps} of 300`);
});

test("sentence order: neither a cut edge nor a single sentence gives the order away", async () => {
  const modality = toyText({ size: 40, length: 9 });
  const method = build(await methods.load("sentence-order"), { maskRatio: 0.001 }, {}, modality);
  const viewsOf = (text: number[], seed: number) => {
    const leaves = leavesOf(method, text, seed);
    const [isOrdered, swapped] = ["isOrdered", "swapped"].map((name) => leaves.get(name)!.data[0]);
    return { isOrdered, swapped, tokens: leaves.get("text.mask")!.data.filter(Boolean).length - 2 };
  };
  for (let seed = 0; seed < 20; seed++) {
    assert.deepEqual(viewsOf([6, 8, 10], seed), { isOrdered: 0, swapped: 0, tokens: 3 });
    // Seven tokens fit: the third sentence is cut, and dropped; two remain, which have an order.
    const { isOrdered, tokens } = viewsOf([6, 10, 8, 20, 12, 14, 16, 30], seed);
    assert.deepEqual({ isOrdered, tokens }, { isOrdered: 1, tokens: 5 });
    // The second sentence is cut.
    assert.deepEqual(viewsOf([6, 10, 8, 12, 14, 16, 18, 20], seed), { isOrdered: 0, swapped: 0, tokens: 7 });
  }
});

test("a bag has every token of a text once, masked ones included, and no special token", async () => {
  const method = build(await methods.load("bag-of-words"), { maskRatio: 0.9 }, {}, toyText({ size: 24, length: 8 }));
  const bagOf = (text: number[]) => {
    const leaves = leavesOf(method, text, 1);
    const shares = leaves.get("bag.shares")!.data;
    const tokens = [...leaves.get("bag.tokens")!.data].filter((_, at) => shares[at]);
    for (const at of tokens.keys()) assert.equal(shares[at], Math.fround(1 / tokens.length));
    return tokens;
  };
  assert.deepEqual(bagOf([8, ids.unknown, 6, 8, 6]), [8, 6]);
  // Six fit.
  assert.deepEqual(bagOf([6, 8, 10, 12, 14, 16, 18]), [6, 8, 10, 12, 14, 16]);
  assert.deepEqual(bagOf([]), []);
});

test("data2vec masks its share of a text's tokens, and no special token", async () => {
  const method = build(await methods.load("data2vec"), { maskRatio: 0.5 }, {}, toyText({ size: 24, length: 12 }));
  const leaves = leavesOf(method, [6, 8, 10, 12], 1);
  const places = [...leaves.get("hidden.places")!.data].filter((_, slot) => leaves.get("hidden.weights")!.data[slot]);
  assert.equal(new Set(places).size, 2);
  assert.ok(places.every((place) => place >= 1 && place <= 4));
  assert.deepEqual([...leaves.get("input.ids")!.data].slice(0, 6), [ids.begin, 6, 8, 10, 12, ids.end]);
  assert.equal(method.look, undefined);
});
