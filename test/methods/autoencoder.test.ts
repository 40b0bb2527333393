import assert from "node:assert/strict";
import { test } from "node:test";
import { autoencoder } from "../../src/methods/autoencoder.ts";
import { fill } from "../fixtures/torch/reference.ts";
import { assertLossIsTorchs, plainEncoder, plainModality } from "./plain.ts";

const build = (codeDim: number) =>
  autoencoder.build({
    encoder: plainEncoder(3, 8),
    modality: plainModality(8),
    options: autoencoder.options.parse({ codeDim, decoderWidth: 2 }),
    samples: 8,
  });

test("the loss and every gradient are PyTorch's", async () => {
  await assertLossIsTorchs("autoencoder", build(2), { input: { pixels: fill("image", [4, 3, 8, 8]) } });
});

test("a code wider than the representation is refused", () => {
  assert.throws(() => build(4), { name: "UserError", message: /not a bottleneck.*at most 3/ });
});
