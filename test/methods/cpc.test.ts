import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { constant, Rng, type Tensor, type Traced, type TreeRecord, tree } from "../../src/array/index.ts";
import { segments } from "../../src/data/time.ts";
import { vit } from "../../src/encoders/vit.ts";
import { cpc } from "../../src/methods/cpc.ts";
import type { Method } from "../../src/methods/method.ts";
import { outputAndGradients, weights } from "../fixtures/torch/reference.ts";
import { assertIsTorchs } from "./checks.ts";
import { descend } from "./crops.ts";
import { atStart, noEntry, stack } from "./toy.ts";
import { signals, speechBatch, tinyWave } from "./toy-signal.ts";

const modality = signals(128);
const build = (options: z.input<typeof cpc.options> = {}) =>
  cpc.build({
    ...{ encoder: tinyWave(modality, { causal: true }), modality, samples: 8 },
    options: cpc.options.parse({ steps: 3, anchors: 4, ...options }),
  });

/** An encoder of 4 × 6 patches of 2 × 2, and data with that map. */
function onPatches(pooling: "mean" | "class", isSpectrogram: boolean) {
  const shape = [1, 8, 12];
  const map = {
    name: "map",
    specs: { map: { dtype: "float32", shape } },
    tensors: (sample: unknown) => ({ map: new Rng(Number(sample)).normals(shape) }),
    show: () => ({ text: "map" }),
    ...(isSpectrogram ? { [segments.name]: () => [] } : {}),
  } as const;
  const encoder = vit.build(
    vit.options.parse({ width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 2, pooling }),
    map.specs,
  );
  return { encoder, modality: map, samples: 8 };
}

const viewsOf = (method: Method, seed: number) =>
  new Map(tree.entries<Tensor>(method.views(seed, new Rng(seed), noEntry)));

test("the loss and every gradient are those of CPC in PyTorch", () => {
  const data = signals(61);
  const options = cpc.options.parse({ steps: 2, anchors: 2 });
  const method = cpc.build({ encoder: tinyWave(data, { causal: true }), modality: data, samples: 3, options });
  return assertIsTorchs(method, "method cpc", speechBatch(), { file: "speech" });
});

test("views: contexts have the steps after them that are predicted", () => {
  for (let seed = 0; seed < 8; seed++) {
    const drawn = viewsOf(build(), seed);
    const { data } = drawn.get("anchors")!;
    assert.equal(data.length, 4);
    assert.ok(data.every((place) => place >= 0 && place + 3 < 31));
    assert.deepEqual(viewsOf(build(), seed), drawn);
  }
});

test("steps go along time: the last axis of a spectrogram, the first of other maps, and none is before the prefix", () => {
  const options = cpc.options.parse({ steps: 2 });
  for (const [isSpectrogram, stride, length] of [
    [true, 1, 6],
    [false, 6, 4],
  ] as const) {
    const method = cpc.build({ ...onPatches("mean", isSpectrogram), options });
    for (let seed = 0; seed < 8; seed++) {
      const drawn = viewsOf(method, seed);
      const prefix = drawn.get("prefix")!.data[0]!;
      for (const place of drawn.get("anchors")!.data) {
        const step = Math.floor(place / stride) % length;
        assert.ok(step >= prefix - 1 && step + 2 < length, `step ${step} after a prefix of ${prefix}`);
      }
    }
  }
});

/** Derivatives of the loss by the values of the first sample. */
async function derivatives(method: Method, batch: TreeRecord<Tensor>, input: string, among: (x: Tensor) => Tensor) {
  const params = weights(method.init(new Rng(0)));
  const traced = (host: TreeRecord<Tensor>) =>
    tree.map<Tensor, ReturnType<typeof constant>>(host, constant) as TreeRecord<never>;
  const given = { x: among((batch.input as Record<string, Tensor>)[input]!) };
  const { gradients } = await outputAndGradients(
    ({ x }: Traced<typeof given>) =>
      method.loss(traced(params) as never, { ...traced(batch), input: { [input]: x } } as never, {}, atStart()).loss,
    given,
  );
  return gradients.get("x")!.data;
}

test("on patches, no context sees what is to be predicted", async () => {
  const method: Method = cpc.build({
    ...onPatches("mean", true),
    options: cpc.options.parse({ steps: 1, anchors: 1 }),
  });
  // One sample, whose context is at step 2 with a prefix of 2: only steps up to 3, the target's, matter.
  const { input } = method.views(1, new Rng(1), noEntry);
  const batch = stack([
    {
      input,
      prefix: { dtype: "int32", shape: [1], data: Int32Array.of(2) },
      anchors: { dtype: "int32", shape: [1], data: Int32Array.of(2) },
    },
    {
      input,
      prefix: { dtype: "int32", shape: [1], data: Int32Array.of(1) },
      anchors: { dtype: "int32", shape: [1], data: Int32Array.of(1) },
    },
  ] as never) as TreeRecord<Tensor>;
  const found = await derivatives(method, batch, "map", (x) => x);
  for (let at = 0; at < 96; at++) {
    const column = at % 12;
    // Beyond the target's step; the target itself is patch 3 of the first row.
    const isUnseen = column >= 8 || (column >= 6 && at >= 24);
    if (isUnseen) assert.equal(found[at], 0, `value ${at}`);
  }
  assert.ok(found.slice(0, 6).some((value) => value !== 0));
});

for (const [title, make] of [
  ["a causal wave", () => build()],
  ["patches", () => cpc.build({ ...onPatches("mean", true), options: cpc.options.parse({ steps: 2, anchors: 4 }) })],
] as const)
  test(`on ${title}, ten steps move every parameter and lower the loss`, async () => {
    const method = make();
    const batch = stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry)));
    const params = method.init(new Rng(0));
    const progress = globalThis.Array.from({ length: 10 }, (_, index) => index / 10);
    const left = await descend(method, batch, { params, progress, learningRate: 0.01, optimizer: "adamw" });
    const losses = left.map(({ loss }) => loss);
    assert.ok(losses.every(Number.isFinite) && losses.at(-1)! < 0.98 * losses[0]!, `${losses}`);
    for (const [path, { data }] of tree.entries<Tensor>(params))
      assert.notDeepEqual(left.at(-1)!.state.get(`params.${path}`)!.data, data, path);
  });

test("encoders and inputs that do not fit are refused in one line", () => {
  const options = cpc.options.parse({});
  assert.throws(() => cpc.build({ encoder: tinyWave(modality), modality, samples: 8, options }), /add --causal/);
  assert.throws(() => cpc.build({ ...onPatches("class", true), options }), /use --pooling mean/);
  const short = signals(8);
  const encoder = tinyWave(short, { causal: true });
  assert.throws(() => cpc.build({ encoder, modality: short, samples: 8, options }), /a single step has no next one/);
});
