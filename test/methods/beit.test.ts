import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { int32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { beit } from "../../src/methods/beit.ts";
import type { FrozenRun } from "../../src/methods/index.ts";
import { vqAutoencoder } from "../../src/methods/vq-autoencoder.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { inFolder, writeImages } from "../support/cli.ts";
import { assertIsTorchs, assertLearns, assertMemoryIsFixed, images, look, modality, tinyVit } from "./checks.ts";

const vqOptions = { codes: 6, codeDim: 4, decoderWidth: 16, decoderDepth: 1, decoderHeads: 2 };

function tokenizerRun(encoder = tinyVit("class")): FrozenRun {
  const options = vqAutoencoder.options.parse(vqOptions);
  const { init } = vqAutoencoder.build({ encoder, modality, options, samples: 8 });
  return { path: "runs/vq", method: "vq-autoencoder", options, encoder, params: init(new Rng(7)) };
}
const build = (run?: FrozenRun) =>
  beit.build({
    encoder: tinyVit("mean"),
    modality,
    options: beit.options.parse({}),
    samples: 8,
    runs: run ? { visualTokenizer: run } : {},
  });
const batch = () => ({ image: images(), hidden: int32([1, 2, 5, 6, 7, 8, 0, 3, 4, 9, 14, 15], [2, 6]) });

test("loss, gradients and accuracy are BEiT's on the codes of a vq-autoencoder", () =>
  assertIsTorchs(build(tokenizerRun()), "beit", batch()));

test("no gradient reaches the tokenizer, which is kept without its decoder", async () => {
  await assertMemoryIsFixed(build(tokenizerRun()), batch());
  const memory = build(tokenizerRun()).initMemory?.(new Rng(0), { encoder: {} }) ?? {};
  assert.ok(tree.paths(memory).every((path) => /^tokenizer\.(encoder|toCode|norm|codebook)\./.test(path)));
});

test("ten steps on one batch lower the loss", async () => {
  await assertLearns(build(tokenizerRun()));
});

test("the picture shows the masked patches grey", async () => {
  const { masked } = await look(build(tokenizerRun()), batch());
  assert.equal(masked!.data.filter((value) => value === 0).length, 2 * 6 * 48);
});

test("a run of another method or with another grid is refused, with advice", () => {
  assert.throws(() => build(), { name: "UserError", message: /--visual-tokenizer/ });
  assert.throws(() => build({ ...tokenizerRun(), method: "mae" }), { name: "UserError", message: /a run of mae/ });
  const coarse = vit.build(
    vit.options.parse({ width: 8, depth: 1, heads: 2, patchSize: 8, pooling: "class" }),
    modality.specs,
  );
  assert.throws(() => build(tokenizerRun(coarse)), { name: "UserError", message: /2 × 2 patches.*4 × 4/ });
});

test("a run predicts the codes of another run and keeps its tokenizer; a run with other inputs is refused", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 8);
    const common = {
      data: images,
      encoder: "vit",
      encoderOptions: { width: 8, depth: 1, heads: 2, patchSize: 4 },
      modalityOptions: { imageSize: 16 },
      training: { epochs: 1, batchSize: 4, workers: 0, learningRate: 1e-3 },
    };
    const vq = join(folder, "vq");
    await pretrain({ ...common, out: vq, method: "vq-autoencoder", options: vqOptions });
    const out = join(folder, "beit");
    await pretrain({ ...common, out, method: "beit", options: { visualTokenizer: vq } });
    const [learned, used] = await Promise.all(
      [vq, out].map((run) => loadCheckpoint(join(run, "checkpoints", "last.safetensors"))),
    );
    const codes = new Map(tree.entries<Tensor>(learned!.state.params)).get("codebook.runningCodes");
    assert.deepEqual(new Map(tree.entries<Tensor>(used!.state.memory)).get("tokenizer.codebook.runningCodes"), codes);

    // Colours of another scale, which the tokenizer would misread.
    const config = join(vq, "config.json");
    const text = await readFile(config, "utf8");
    const json = JSON.parse(text);
    json.modality.options.mean = [0.5, 0.5, 0.5];
    await writeFile(config, JSON.stringify(json));
    await assert.rejects(
      pretrain({ ...common, out: join(folder, "other"), method: "beit", options: { visualTokenizer: vq } }),
      { name: "UserError", message: /another size or scale/ },
    );
    await assert.rejects(
      pretrain({ ...common, out: join(folder, "none"), method: "beit", options: { visualTokenizer: images } }),
      { name: "UserError", message: /not a run/ },
    );
  }));
