import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { vqAutoencoder } from "../../src/methods/vq-autoencoder.ts";
import { assertIsTorchs, assertLearns, images, look, modality, tinyVit } from "./checks.ts";

const small = { codes: 6, codeDim: 4, decoderWidth: 16, decoderDepth: 1, decoderHeads: 2 };
const build = (options: z.input<typeof vqAutoencoder.options> = {}) =>
  vqAutoencoder.build({
    encoder: tinyVit("class"),
    modality,
    options: vqAutoencoder.options.parse({ ...small, ...options }),
    samples: 8,
  });

test("loss, gradients straight through the codes, and metrics are those of Sonnet's VQ-VAE with running means", () =>
  assertIsTorchs(build(), "vq-autoencoder", { image: images() }));

test("ten steps on one batch lower the loss", async () => {
  await assertLearns(build({ commitment: 0.25 }));
});

test("the reconstruction has the image's size", async () => {
  const { reconstruction } = await look(build(), { image: images() });
  assert.deepEqual(reconstruction!.shape, [2, 3, 16, 16]);
});

test("a decoder that cannot be split into its heads is refused with one that can", () => {
  assert.throws(() => build({ decoderWidth: 18, decoderHeads: 4 }), {
    name: "UserError",
    message: /vq-autoencoder: a decoder width of 18.*try 32/,
  });
});
