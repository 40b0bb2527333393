import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { wav2vec2 } from "../../src/methods/wav2vec2.ts";
import { assertIsTorchs } from "./checks.ts";
import { descend } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";
import { signals, speechBatch, tinyWave } from "./toy-signal.ts";

const modality = signals(128);
const narrow = { codes: 8, codeDim: 8, projectionDim: 8, distractors: 12, maskLength: 3, maskProbability: 0.15 };
const build = (options: z.input<typeof wav2vec2.options> = {}) =>
  wav2vec2.build({
    ...{ encoder: tinyWave(modality), modality, samples: 8 },
    options: wav2vec2.options.parse({ ...narrow, ...options }),
  });
const views = (method: ReturnType<typeof build>, seed: number) =>
  new Map(tree.entries<Tensor>(method.views(seed, new Rng(seed), noEntry)));

test("the loss, its parts and every gradient are those of wav2vec 2.0 in PyTorch, where no noise is drawn", () => {
  const data = signals(61);
  const options = wav2vec2.options.parse({ codes: 4, codeDim: 6, projectionDim: 5, maskProbability: 0.045 });
  const method = wav2vec2.build({ encoder: tinyWave(data), modality: data, samples: 3, options });
  return assertIsTorchs(method, "method wav2vec2", speechBatch(), { file: "speech" });
});

test("views: the expected share of tokens is masked in spans, distractors are other masked places", () => {
  const method = build();
  for (let seed = 0; seed < 5; seed++) {
    const drawn = views(method, seed);
    // 31 tokens: 1 − 0.85³ = 38.6 % of them are 12.
    const places = [...drawn.get("hidden")!.data];
    assert.equal(places.length, 12);
    assert.deepEqual(
      places,
      [...new Set(places)].sort((a, b) => a - b),
    );
    const begins = places.filter((place) => !places.includes(place - 1));
    assert.ok(begins.length <= 6, `spans begin at ${begins}`);
    const data = [...drawn.get("drawn")!.data];
    for (let row = 0; row < 12; row++) {
      assert.equal(
        data.slice(12 * row, 12 * row + 12).reduce((sum, value) => sum + value, 0),
        12,
      );
      assert.equal(data[13 * row], 0);
    }
    assert.deepEqual(views(method, seed), drawn);
  }
});

test("ten steps move every parameter and lower the loss; the temperature of the choice falls", async () => {
  const method = build();
  const batch = stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry)));
  const params = method.init(new Rng(0));
  const progress = globalThis.Array.from({ length: 20 }, (_, index) => index / 20);
  const left = await descend(method, batch, { params, progress, learningRate: 0.01, optimizer: "adamw" });
  const losses = left.map(({ loss }) => loss);
  assert.ok(
    losses.every(Number.isFinite) && losses.slice(-5).reduce((sum, loss) => sum + loss / 5, 0) < losses[0]!,
    `${losses}`,
  );
  for (const [path, { data }] of tree.entries<Tensor>(params))
    assert.notDeepEqual(left.at(-1)!.state.get(`params.${path}`)!.data, data, path);
});

test("inputs and widths that do not fit are refused in one line", () => {
  const short = signals(8);
  assert.throws(
    () =>
      wav2vec2.build({ encoder: tinyWave(short), modality: short, samples: 8, options: wav2vec2.options.parse({}) }),
    /wav2vec2: an input of 1 tokens leaves nothing to tell a masked one from; use longer windows/,
  );
  assert.throws(() => build({ codeDim: 9 }), /a width of 9 cannot be split among 2 codebooks/);
});
