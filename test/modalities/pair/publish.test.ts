/** Models of images with captions, exported: transformers.js, offline, against our own vectors, logits and captions. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  AutoModel,
  AutoProcessor,
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  env,
  pipeline,
  RawImage,
  SiglipTextModel,
  SiglipVisionModel,
} from "@huggingface/transformers";
import {
  type Array,
  float32,
  np,
  Rng,
  scalar,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../../../src/array/index.ts";
import { offerOf } from "../../../src/data/ability.ts";
import type { TensorRecord } from "../../../src/data/modality.ts";
import { sharedSpace } from "../../../src/encoders/abilities.ts";
import type { Encoder } from "../../../src/encoders/encoder.ts";
import { resnet } from "../../../src/encoders/resnet.ts";
import { vit } from "../../../src/encoders/vit.ts";
import { compile, read } from "../../../src/engine/index.ts";
import { quantize } from "../../../src/engine/quantize/index.ts";
import { exportModel } from "../../../src/interop/export.ts";
import { openExported } from "../../../src/interop/exported-model.ts";
import { unsealed } from "../../../src/interop/onnx-seal.ts";
import { readSafetensors } from "../../../src/interop/safetensors.ts";
import type { MethodDefinition, MethodParams } from "../../../src/methods/method.ts";
import { towers } from "../../../src/modalities/pair/encoders/towers.ts";
import { pair } from "../../../src/modalities/pair/index.ts";
import { clip } from "../../../src/modalities/pair/methods/clip.ts";
import { icmlm } from "../../../src/modalities/pair/methods/icmlm.ts";
import { siglip } from "../../../src/modalities/pair/methods/siglip.ts";
import { virtex } from "../../../src/modalities/pair/methods/virtex.ts";
import { pairPublisher } from "../../../src/modalities/pair/publish/index.ts";
import { evaluate, evaluateOne, weights } from "../../fixtures/torch/reference.ts";
import { close } from "../../support/close.ts";
import { tokenizer, tokens } from "../../support/tokenizer.ts";

const [SIZE, LENGTH, DIM] = [16, 12, 10];
const files = { "tokenizer.json": tokenizer };
const modality = pair.build(pair.options.parse({ imageSize: SIZE, maxLength: LENGTH }), files);
const card = {
  ...{ method: "clip", paper: "p", encoder: "towers", encoderPaper: "p", data: "pairs", entries: 2 },
  ...{ steps: 1, epochs: 1, seed: 0, embedDim: 2 * DIM },
};

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-pairs-"));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
});
after(() => rm(folder, { recursive: true, force: true }));

const imageOf = (seed: number) => {
  const rng = new Rng(seed);
  const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => rng.integer(0, 255));
  return { width: SIZE, height: SIZE, channels: 3 as const, data };
};
const images = [1, 2].map(imageOf);
const raw = images.map(({ data }) => new RawImage(data, SIZE, SIZE, 3));
const captions = ["the cat sat on a mat", "dogs ran", "an unknown dog"];

const towersOf = (options: Record<string, unknown>) =>
  towers.build(
    towers.options.parse({
      ...{ imageWidth: 24, textWidth: 16, textDepth: 2, textHeads: 2, dim: DIM },
      ...options,
    }),
    modality.specs,
    modality.vocabulary,
  );
const encoders: Record<string, Encoder> = {
  "vit and bert by first tokens": towersOf({
    imageDepth: 2,
    imageOptions: { heads: 3, patchSize: 4, pooling: "class" },
    textOptions: { pooling: "first" },
  }),
  "resnet and means of tokens": towersOf({
    image: "resnet",
    imageWidth: 4,
    imageOptions: { layers: "10", stem: "small" },
  }),
};

async function exported(
  name: string,
  encoder: Encoder,
  definition: MethodDefinition,
  options = {},
  change = (params: MethodParams): MethodParams => params,
) {
  const method = definition.build({ encoder, modality, options: definition.options.parse(options), samples: 8 });
  const params = change(weights(method.init(new Rng(1))));
  const out = join(folder, name);
  const { matching, writer } = method;
  const model = { encoder, params, modality, files, matching, writer };
  const written = await exportModel({ model, publisher: await pairPublisher(), card, out });
  return { out, name, method, params, written: written.files };
}

const stacked = (rows: readonly TensorRecord[]): TensorRecord =>
  tree.map<Tensor, Tensor>(rows[0]!, ({ dtype, shape }, path) => {
    const values = rows.flatMap((row) => [...row[path]!.data]);
    const data = dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
    return { dtype, shape: [rows.length, ...shape], data };
  }) as TensorRecord;

const allPixels = () => ({
  pixels: stacked(images.map((image) => modality.sides.modality("image").tensors(image))).pixels!,
});
const wordsOf = (texts: readonly string[]) =>
  stacked(texts.map((text) => modality.sides.modality("text").tensors({ text })));

/** Our vectors of both sides, and the method's logits. */
async function expectedOf(encoder: Encoder, definition: MethodDefinition, params: MethodParams, texts = captions) {
  const method = definition.build({ encoder, modality, options: definition.options.parse({}), samples: 8 });
  const shared = offerOf(encoder, sharedSpace)!;
  const results = await evaluate(
    (p: Traced<MethodParams>, pixels: TreeRecord<Array>, words: TreeRecord<Array>) => {
      const image = shared.embed(p.encoder, "image", pixels as Record<string, Array>);
      const text = shared.embed(p.encoder, "text", words as Record<string, Array>);
      return { image, text, logits: method.matching!.logits(p, np.matmul(image, np.transpose(text))) };
    },
    [params, allPixels(), wordsOf(texts)] as const,
    "cpu",
  );
  return Object.fromEntries(tree.entries<Tensor>(results).map(([name, { data }]) => [name, data]));
}

for (const [name, encoder] of Object.entries(encoders))
  test(`clip, ${name}: zero-shot classification and both towers give our probabilities and vectors`, async () => {
    const { name: at, params } = await exported(`clip-${name.replaceAll(" ", "-")}`, encoder, clip);
    const expected = await expectedOf(encoder, clip, params);
    const classify = await pipeline("zero-shot-image-classification", at, { dtype: "fp32" });
    const answers = await classify(raw, captions, { hypothesis_template: "{}" });
    for (const [row, answer] of answers.entries()) {
      const logits = [...expected.logits!.subarray(row * captions.length, (row + 1) * captions.length)];
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      for (const { label, score } of answer) close([score], [Math.exp(logits[captions.indexOf(label)]!) / total], 1e-4);
    }
    await classify.dispose();

    const tokenize = await AutoTokenizer.from_pretrained(at);
    const words = await CLIPTextModelWithProjection.from_pretrained(at, { dtype: "fp32" });
    const { text_embeds } = await words(tokenize(captions, { padding: true, truncation: true }));
    assert.deepEqual(text_embeds.dims, [captions.length, DIM]);
    close(text_embeds.data, expected.text!, 1e-4);
    const process = await AutoProcessor.from_pretrained(at, {});
    const pictures = await CLIPVisionModelWithProjection.from_pretrained(at, { dtype: "fp32" });
    const { image_embeds } = await pictures(await process(raw));
    assert.deepEqual(image_embeds.dims, [images.length, DIM]);
    close(image_embeds.data, expected.image!, 1e-4);

    const both = await AutoModel.from_pretrained(at, { dtype: "fp32" });
    const outputs = await both({ ...tokenize(captions, { padding: true }), ...(await process(raw)) });
    close(outputs.logits_per_image.data, expected.logits!, 1e-3);
    assert.deepEqual(outputs.logits_per_text.dims, [captions.length, images.length]);
    close(outputs.text_embeds.data, expected.text!, 1e-4);
    close(outputs.image_embeds.data, expected.image!, 1e-4);
    for (const model of [words, pictures, both]) await model.dispose();
  });

test("an exported file gives a pair's representation, the image's vector and then the text's, also in int8", async () => {
  const encoder = encoders["resnet and means of tokens"]!;
  const { out, params } = await exported("vectors", encoder, clip);
  const batch = { ...allPixels(), ...wordsOf(captions.slice(0, images.length)) };
  const expected = await evaluateOne(
    (p: Traced<MethodParams>, inputs: Record<string, Array>) => encoder.apply(p.encoder, inputs),
    [params, batch] as const,
    "cpu",
  );
  const float = unsealed(await readFile(join(out, "model.onnx")), "model.onnx");
  const publisher = await pairPublisher();
  const file = await openExported(float, publisher);
  const feeds = file.feeds(batch);
  const vectors = await file.vectors(feeds);
  await file.dispose();
  assert.deepEqual(vectors.shape, [images.length, 2 * DIM]);
  close(vectors.data, expected.data, 1e-4);
  for (const options of [{}, { calibration: [feeds] }]) {
    const model = await quantize(float, options);
    assert.ok(model.length < float.length);
    const small = await openExported(model, publisher);
    const { data } = await small.vectors(feeds);
    await small.dispose();
    assert.notDeepEqual(data, vectors.data);
    close(data, vectors.data, 0.1);
  }
});

test("siglip: each class has its own probability, with temperature and bias, and the towers are SigLIP's", async () => {
  const encoder = encoders["vit and bert by first tokens"]!;
  const { name: at, params } = await exported("siglip", encoder, siglip);
  const expected = await expectedOf(encoder, siglip, params);
  const classify = await pipeline("zero-shot-image-classification", at, { dtype: "fp32" });
  const answers = await classify(raw, captions, { hypothesis_template: "{}" });
  for (const [row, answer] of answers.entries())
    for (const { label, score } of answer) {
      const logit = expected.logits![row * captions.length + captions.indexOf(label)]!;
      close([score], [1 / (1 + Math.exp(-logit))], 1e-4);
    }
  await classify.dispose();
  const tokenize = await AutoTokenizer.from_pretrained(at);
  const words = await SiglipTextModel.from_pretrained(at, { dtype: "fp32" });
  close(
    (await words(tokenize(captions, { padding: "max_length", truncation: true }))).pooler_output.data,
    expected.text!,
    1e-4,
  );
  const process = await AutoProcessor.from_pretrained(at, {});
  const pictures = await SiglipVisionModel.from_pretrained(at, { dtype: "fp32" });
  close((await pictures(await process(raw))).pooler_output.data, expected.image!, 1e-4);
  for (const model of [words, pictures]) await model.dispose();
});

test("a ViT and a BERT have the names and shapes of VisionTextDualEncoderModel, and its config beside", async () => {
  const { out, params } = await exported("dual", encoders["vit and bert by first tokens"]!, clip);
  const { tensors } = await readSafetensors(join(out, "model.safetensors"));
  const shapes = Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape.join()]));
  const layer = (width: number, from: string, names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => [
        [`${from}.${name}.weight`, `${width},${width}`],
        [`${from}.${name}.bias`, `${width}`],
      ]),
    );
  const norm = (width: number, name: string) => ({ [`${name}.weight`]: `${width}`, [`${name}.bias`]: `${width}` });
  const wide = (width: number, from: string) => ({
    [`${from}.intermediate.dense.weight`]: `${4 * width},${width}`,
    [`${from}.intermediate.dense.bias`]: `${4 * width}`,
    [`${from}.output.dense.weight`]: `${width},${4 * width}`,
    [`${from}.output.dense.bias`]: `${width}`,
  });
  const [vision, text] = ["vision_model", "text_model"];
  assert.deepEqual(shapes, {
    [`${vision}.embeddings.cls_token`]: "1,1,24",
    [`${vision}.embeddings.position_embeddings`]: "1,17,24",
    [`${vision}.embeddings.patch_embeddings.projection.weight`]: "24,3,4,4",
    [`${vision}.embeddings.patch_embeddings.projection.bias`]: "24",
    ...Object.assign(
      {},
      ...[0, 1].map((at) => {
        const block = `${vision}.encoder.layer.${at}`;
        const attention = ["query", "key", "value"].map((role) => `attention.attention.${role}`);
        return {
          ...layer(24, block, [...attention, "attention.output.dense"]),
          ...wide(24, block),
          ...norm(24, `${block}.layernorm_before`),
          ...norm(24, `${block}.layernorm_after`),
        };
      }),
    ),
    ...norm(24, `${vision}.layernorm`),
    ...layer(24, vision!, ["pooler.dense"]),
    [`${text}.embeddings.word_embeddings.weight`]: `${tokens.length},16`,
    [`${text}.embeddings.position_embeddings.weight`]: `${LENGTH},16`,
    [`${text}.embeddings.token_type_embeddings.weight`]: "2,16",
    ...norm(16, `${text}.embeddings.LayerNorm`),
    ...Object.assign(
      {},
      ...[0, 1].map((at) => {
        const block = `${text}.encoder.layer.${at}`;
        const attention = ["query", "key", "value"].map((role) => `attention.self.${role}`);
        return {
          ...layer(16, block, [...attention, "attention.output.dense"]),
          ...wide(16, block),
          ...norm(16, `${block}.attention.output.LayerNorm`),
          ...norm(16, `${block}.output.LayerNorm`),
        };
      }),
    ),
    ...layer(16, text!, ["pooler.dense"]),
    "visual_projection.weight": `${DIM},24`,
    "text_projection.weight": `${DIM},16`,
    logit_scale: "",
  });
  const byPath = new Map(tree.entries<Tensor>(params));
  // The pooler's tanh is undone: its small identity and the projection multiply to ours.
  const small = tensors.get(`${vision}.pooler.dense.weight`)!.data[0]!;
  close([Math.tanh(small * 3) / small], [3], 1e-6);
  close(
    Float32Array.from(tensors.get("visual_projection.weight")!.data, (value) => value * small),
    byPath.get("encoder.imageProjection.weight")!.data,
    0,
  );
  assert.equal(tensors.get("logit_scale")!.data[0], byPath.get("logitScale")!.data[0]);
  const config = JSON.parse(await readFile(join(out, "vision-text-dual-encoder", "config.json"), "utf8"));
  assert.equal(config.model_type, "vision-text-dual-encoder");
  assert.equal(config.projection_dim, DIM);
  assert.equal(config.vision_config.model_type, "vit");
  assert.equal(config.text_config.vocab_size, tokens.length);
  assert.equal(JSON.parse(await readFile(join(out, "config.json"), "utf8")).model_type, "clip");
  const readme = await readFile(join(out, "README.md"), "utf8");
  assert.match(readme, /zero-shot-image-classification/);
  assert.match(readme, /hypothesis_template: "\{\}"/);
});

test("VisionTextDualEncoderModel has the scale that the method compares by: CLIP's ends at 100, SigLIP's does not", async () => {
  const learned = Math.fround(Math.log(117));
  const change = (params: MethodParams): MethodParams => ({ ...params, logitScale: scalar(learned) });
  for (const [definition, expected] of [
    [clip, Math.log(100)],
    [siglip, learned],
  ] as const) {
    const at = `scale-${definition.name}`;
    const { out } = await exported(at, encoders["vit and bert by first tokens"]!, definition, {}, change);
    const { tensors } = await readSafetensors(join(out, "model.safetensors"));
    close(tensors.get("logit_scale")!.data, [expected], 1e-6);
    const config = JSON.parse(await readFile(join(out, "vision-text-dual-encoder", "config.json"), "utf8"));
    close([config.logit_scale_init_value], [expected], 1e-6);
  }
});

test("towers that were not trained to be compared are no CLIP", async () => {
  const { out, written } = await exported("words", encoders["vit and bert by first tokens"]!, icmlm);
  assert.notEqual(JSON.parse(await readFile(join(out, "config.json"), "utf8")).model_type, "clip");
  assert.ok(written.includes("model.onnx"));
  assert.ok(!written.includes("onnx/vision_model.onnx"));
  assert.doesNotMatch(await readFile(join(out, "README.md"), "utf8"), /zero-shot/);
});

const captioners: Record<string, Encoder> = {
  resnet: resnet.build(resnet.options.parse({ layers: "10", width: 4, stem: "small" }), modality.specs),
  vit: vit.build(vit.options.parse({ width: 24, depth: 1, heads: 3, patchSize: 4, pooling: "class" }), modality.specs),
  towers: encoders["vit and bert by first tokens"]!,
};
/** Makes the end of a text unlikely, so that there is one. */
const endless = (params: MethodParams): MethodParams => {
  const bias = Float32Array.from({ length: tokens.length }, (_, id) => (id === modality.vocabulary.ids.end ? -8 : 0));
  return { ...params, bias: float32(bias, [tokens.length]) };
};
for (const [name, encoder] of Object.entries(captioners))
  test(`virtex, ${name}: image-to-text writes what our decoder writes, token by token`, async () => {
    const options = { decoderWidth: 64, decoderDepth: 2, dropout: 0 };
    const { name: at, params, method, written } = await exported(`virtex-${name}`, encoder, virtex, options, endless);
    assert.ok(written.includes("onnx/decoder_model_merged.onnx"));
    const { ids: special, encode } = modality.vocabulary;
    const pixelsOf = (image: (typeof images)[number]) => stacked([modality.sides.modality("image").tensors(image)]);
    const program = await compile(
      (p: Traced<MethodParams>, { pixels }: Record<string, Array>, ids: Array) =>
        method.writer!.next(p, ids, method.writer!.read(p, { pixels: pixels! })),
      [params, pixelsOf(images[0]!), { dtype: "int32", shape: [1, LENGTH] }],
    );
    const write = await pipeline("image-to-text", at, { dtype: "fp32" });
    for (const [row, image] of images.entries()) {
      const ids = [special.begin];
      while (ids.length < LENGTH && ids.at(-1) !== special.end) {
        const so = { ...encode(ids).ids, shape: [1, LENGTH] };
        const [logits] = tree.leaves<Tensor>(await read(await program.run(params, pixelsOf(image), so)));
        const next = logits!.data.subarray((ids.length - 1) * tokens.length, ids.length * tokens.length);
        ids.push(next.indexOf(Math.max(...next)));
      }
      const [answer] = (await write(raw[row]!)) as { generated_text: string }[];
      assert.equal(answer!.generated_text, write.tokenizer.decode(ids, { skip_special_tokens: true }).trim());
      assert.ok(ids.length > 3, "it writes more than a token or two");
    }
    await program.dispose();
    await write.dispose();
  });
