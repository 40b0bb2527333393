import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { float32, int32, Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import type { Offered } from "../../../../src/data/index.ts";
import type { towers as towersAbility } from "../../../../src/encoders/abilities.ts";
import type { Encoder } from "../../../../src/encoders/index.ts";
import { towers } from "../../../../src/modalities/pair/encoders/towers.ts";
import { icmlm } from "../../../../src/modalities/pair/methods/icmlm.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs, assertLearns } from "../../../methods/checks.ts";
import { noEntry } from "../../../methods/toy.ts";
import { numbered, pairBatch, toyJoint, toyPairs, wordLogits } from "../../../methods/toy-pair.ts";

/** A ViT and a Transformer of width 8, two blocks and two heads, as in `captions.py`. */
const toyTowers = (
  image: Record<string, unknown> = {
    image: "vit",
    imageOptions: { width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4 },
  },
  modality = toyPairs(),
) =>
  towers.build(
    towers.options.parse({ ...image, textWidth: 8, textDepth: 2, textHeads: 2, textOptions: { mlpRatio: 2 }, dim: 4 }),
    modality.specs,
    modality.vocabulary,
  );

const build = (
  options: z.input<typeof icmlm.options> = {},
  encoder: Encoder & Offered<typeof towersAbility> = toyTowers(),
  modality = toyPairs(),
) => icmlm.build({ encoder, modality, options: icmlm.options.parse(options), samples: 8 });

test("the loss and every gradient are those of torch's layers", () =>
  assertIsTorchs(
    build(),
    "icmlm",
    {
      pair: { ...pairBatch(), ids: int32([2, 4, 5, 6, 3, 0, 2, 6, 4, 3, 0, 0], [2, 6]) },
      targets: {
        places: int32([1, 3, 0, 2, 0, 0], [2, 3]),
        tokens: int32([7, 9, 0, 10, 0, 0], [2, 3]),
        weights: float32([1, 1, 0, 1, 0, 0], [2, 3]),
      },
    },
    { file: "captions" },
  ));

test("one token of a short caption is predicted, most often from the mask token, and never a special one", () => {
  const method = build();
  let masked = 0;
  for (let seed = 0; seed < 200; seed++) {
    const caption = [5, 9, 7];
    const of = new Map(tree.entries<Tensor>(method.views({ image: 1, captions: [caption] }, new Rng(seed), noEntry)));
    const [places, tokens, shares] = ["places", "tokens", "weights"].map((name) => of.get(`targets.${name}`)!.data);
    assert.equal([...shares!].filter((weight) => weight === 1).length, 1);
    assert.equal(tokens![0], caption[places![0]! - 1]);
    if (of.get("pair.ids")!.data[places![0]!] === 4) masked++;
  }
  assert.ok(masked > 140 && masked < 180, `${masked} of 200`);
});

test("it learns one batch, also by a ResNet's map", async () => {
  const resnet = { image: "resnet", imageLayers: "8", imageWidth: 4, imageOptions: { stem: "stride2" } };
  for (const encoder of [toyTowers(), toyTowers(resnet)])
    await assertLearns(build({ maskRatio: 0.4 }, encoder, numbered()));
});

test("a masked word depends on the image and on the other words", async () => {
  const logits = wordLogits(build());
  const hidden = await logits([2, 7, 4, 9, 3, 0]);
  assert.notDeepEqual(hidden, await logits([2, 8, 4, 9, 3, 0]));
  assert.notDeepEqual(hidden, await logits([2, 7, 4, 9, 3, 0], fill("other", [2, 3, 16, 16])));
  assert.deepEqual(hidden, await logits([2, 7, 4, 9, 3, 8]), "padding");
});

test("an encoder without a text encoder of its own is refused, and heads that do not fit", () => {
  assert.throws(() => build({}, toyJoint()), { name: "UserError", message: /--encoder towers/ });
  assert.throws(() => build({ crossHeads: 3 }), { name: "UserError", message: /3 heads.*--cross-heads/ });
});
