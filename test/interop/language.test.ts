import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, env, pipeline } from "@huggingface/transformers";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { transformer } from "../../src/encoders/transformer.ts";
import { quantize } from "../../src/engine/quantize/index.ts";
import { exportModel } from "../../src/interop/export.ts";
import { openExported } from "../../src/interop/exported-model.ts";
import { readSafetensors, writeSafetensors } from "../../src/interop/safetensors.ts";
import { methods } from "../../src/methods/index.ts";
import { text } from "../../src/modalities/text/index.ts";
import { importBert } from "../../src/modalities/text/publish/bert-import.ts";
import { textPublisher } from "../../src/modalities/text/publish/index.ts";
import { weights } from "../fixtures/torch/reference.ts";
import { close } from "../support/close.ts";
import { tokenOutputs } from "../support/token-outputs.ts";
import { tokenizer, tokens } from "../support/tokenizer.ts";

const LENGTH = 16;
const card = {
  method: "bert",
  paper: "p",
  encoder: "e",
  encoderPaper: "p",
  data: "texts",
  entries: 2,
  steps: 1,
  epochs: 1,
  seed: 0,
  embedDim: 24,
};
const modality = text.build(text.options.parse({ maxLength: LENGTH }), { "tokenizer.json": tokenizer });
const { vocabulary, maskToken } = modality;

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-language-"));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
});
after(() => rm(folder, { recursive: true, force: true }));

async function exported(name: string, methodName: string, options: Record<string, unknown>) {
  const definition = await methods.load(methodName);
  const settled = { width: 24, depth: 2, heads: 3, ...definition.encoderOptions, ...options };
  const encoder = transformer.build(transformer.options.parse(settled), modality.specs, vocabulary);
  const method = definition.build({ encoder, modality, options: definition.options.parse({}), samples: 8 });
  const params = weights(method.init(new Rng(1)));
  const to = join(folder, name);
  const files = { "tokenizer.json": tokenizer };
  const model = { encoder, params, modality, files, tokenLogits: method.tokenLogits?.bind(method) };
  await exportModel({ model, publisher: textPublisher, card, out: to });
  /** Our program's logits, hidden states and representation of a text. */
  const expected = async (ids: ArrayLike<number>) => {
    const byPath = await tokenOutputs({ encoder, method, params, vocabulary }, ids);
    const rows = (name_: string) => {
      const { data, shape } = byPath.get(name_)!;
      const width = shape.at(-1)!;
      return globalThis.Array.from(
        { length: ids.length },
        (_, at) => data.slice(at * width, (at + 1) * width) as Float32Array,
      );
    };
    return { rows, pooled: byPath.get("pooled")!.data };
  };
  return { to, name, encoder, params, expected };
}

const encodersBothWays: Record<string, Record<string, unknown>> = {
  bert: {},
  "rotary positions": { positions: "rotary" },
  "norms in front": { norm: "pre" },
  "pruned heads": { heads: 2, headDim: 8 },
  "local blocks and gates without biases": {
    ...{ norm: "pre", positions: "rotary", mlp: "geglu", biases: false, embeddingNorm: true },
    ...{ localWindow: 4, globalEvery: 2, rotaryBase: 160_000 },
  },
};
for (const [name, options] of Object.entries(encodersBothWays))
  test(`${name}: fill-mask and feature-extraction agree with our program, for texts of any length`, async () => {
    const model = await exported(name.replaceAll(" ", "-"), "bert", options);
    const fill = await pipeline("fill-mask", model.name, { dtype: "fp32" });
    const sentence = "the cat [MASK] on a mat .";
    const ids = [vocabulary.ids.begin, ...vocabulary.parse(sentence), vocabulary.ids.end];
    const place = ids.indexOf(maskToken!);
    assert.equal(place, 3);
    const logits = (await model.expected(ids)).rows("logits")[place]!;
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    const predictions = (await fill(sentence, { top_k: 3 })) as { token: number; token_str: string; score: number }[];
    const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
    assert.deepEqual(
      predictions.map(({ token }) => Number(token)),
      best.slice(0, 3),
    );
    for (const { token, token_str, score } of predictions) {
      assert.ok(Math.abs(score - Math.exp(logits[Number(token)]!) / total) < 1e-4);
      assert.equal(token_str, tokens[Number(token)]);
    }
    await fill.dispose();

    const extract = await pipeline("feature-extraction", model.name, { dtype: "fp32" });
    const texts = ["the dogs ran .", "a cat sat on the unknown mat .", "cat"];
    for (const one of texts) {
      const { rows, pooled } = await model.expected(vocabulary.tokens({ text: one }).ids);
      const output = await extract(one);
      close(
        output.data as Float32Array,
        rows("hidden").flatMap((row) => [...row]),
      );
      close((await extract(one, { pooling: "mean" })).data as Float32Array, pooled);
    }
    const together = await extract(texts, { pooling: "mean" });
    const apart = await Promise.all(
      texts.map(async (one) => (await model.expected(vocabulary.tokens({ text: one }).ids)).pooled),
    );
    close(
      together.data as Float32Array,
      apart.flatMap((vector) => [...vector]),
    );
    await extract.dispose();
  });

test("in int8, fill-mask's probabilities stay close, dynamic and calibrated", async () => {
  const model = await exported("int8", "bert", {});
  const float = await readFile(join(model.to, "model.onnx"));
  const sentence = "the cat [MASK] on a mat .";
  const ids = [vocabulary.ids.begin, ...vocabulary.parse(sentence), vocabulary.ids.end];
  const logits = (await model.expected(ids)).rows("logits")[3]!;
  const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
  const file = await openExported(float, textPublisher);
  const calibration = ["the dogs ran .", "a cat sat on the mat .", "the cat sat on a mat ."].map((one) => {
    const { ids: padded, mask } = vocabulary.encode(vocabulary.tokens({ text: one }).ids);
    const row = (tensor: Tensor): Tensor => ({ ...tensor, shape: [1, ...tensor.shape] });
    return file.feeds({ ids: row(padded), mask: row(mask) });
  });
  await file.dispose();
  for (const options of [{}, { calibration }]) {
    const small = await quantize(float, options);
    assert.ok(small.length < float.length);
    await writeFile(join(model.to, "onnx", "model_quantized.onnx"), small);
    const fill = await pipeline("fill-mask", model.name, { dtype: "q8" });
    const predictions = (await fill(sentence, { top_k: tokens.length })) as { token: number; score: number }[];
    await fill.dispose();
    const errors = predictions.map(({ token, score }) => Math.abs(score - Math.exp(logits[Number(token)]!) / total));
    assert.ok(Math.max(...errors) > 0 && Math.max(...errors) < 0.02, String(Math.max(...errors)));
  }
});

test("a batch with padding through the model itself, and the library's truncation of long texts", async () => {
  const model = await exported("batch", "bert", { positions: "learned" });
  const tokenize = await AutoTokenizer.from_pretrained(model.name);
  const network = await AutoModelForMaskedLM.from_pretrained(model.name, { dtype: "fp32" });
  const long = "the cat sat on a mat . ".repeat(5);
  const texts = ["the cat", long];
  const batch = await tokenize(texts, { padding: true, truncation: true });
  const output = await network(batch);
  assert.deepEqual(output.logits.dims, [2, LENGTH, tokens.length]);
  for (const [row] of texts.entries()) {
    // The library truncates the end token of a long text, we keep it: compare the models on the same tokens.
    const present = [...(batch.attention_mask.data as BigInt64Array)].slice(row * LENGTH, (row + 1) * LENGTH);
    const all = [...(batch.input_ids.data as BigInt64Array)].slice(row * LENGTH, (row + 1) * LENGTH).map(Number);
    const ids = all.filter((_, at) => present[at] === 1n);
    assert.equal(ids.length, row === 0 ? 4 : LENGTH);
    const expected = (await model.expected(ids)).rows("logits");
    const start = row * LENGTH * tokens.length;
    close(
      (output.logits.data as Float32Array).slice(start, start + ids.length * tokens.length),
      expected.flatMap((values) => [...values]),
    );
  }
  await network.dispose();
});

const causalEncoders: Record<string, Record<string, unknown>> = {
  gpt2: { mlp: "gelu-tanh" },
  "causal with norms behind": { norm: "post" },
  "causal with rotary positions": { positions: "rotary" },
  "causal with pruned heads": { heads: 2, headDim: 8 },
};
for (const [name, options] of Object.entries(causalEncoders))
  test(`${name}: text-generation continues as our program does, token by token`, async () => {
    const model = await exported(name.replaceAll(" ", "-"), "causal-lm", options);
    const generate = await pipeline("text-generation", model.name, { dtype: "fp32" });
    const start = Int32Array.of(vocabulary.ids.begin, ...vocabulary.parse("the cat"));
    const written = [...start];
    for (let step = 0; step < 8; step++) {
      const logits = (await model.expected(written)).rows("logits").at(-1)!;
      const next = logits.indexOf(Math.max(...logits));
      written.push(next);
      if (next === vocabulary.ids.end) break;
    }
    const output = (await generate("the cat", { max_new_tokens: 8, do_sample: false })) as { generated_text: string }[];
    const expected = generate.tokenizer.decode(written, { skip_special_tokens: true });
    assert.equal(output[0]!.generated_text.trim(), expected.trim());
    assert.ok(written.length > 4, "it writes more than a token or two");
    await generate.dispose();

    const tokenize = await AutoTokenizer.from_pretrained(model.name);
    const network = await AutoModelForCausalLM.from_pretrained(model.name, { dtype: "fp32" });
    const { logits } = await network(await tokenize("the cat"));
    close(
      logits.data as Float32Array,
      (await model.expected(start)).rows("logits").flatMap((row) => [...row]),
    );
    await network.dispose();
  });

test("a causal sentence encoder gets the end token, in feature-extraction too", async () => {
  for (const positions of ["learned", "rotary"]) {
    const model = await exported(`sentences-${positions}`, "simcse", {
      causal: true,
      pooling: "mean",
      norm: "pre",
      positions,
    });
    const extract = await pipeline("feature-extraction", model.name, { dtype: "fp32" });
    const sentence = "the dogs ran .";
    const { pooled } = await model.expected(vocabulary.tokens({ text: sentence }).ids);
    close((await extract(sentence, { pooling: "mean" })).data as Float32Array, pooled);
    await extract.dispose();
  }
});

/** Names and shapes of https://huggingface.co/google-bert/bert-base-uncased, at another size. */
const published = (width: number, depth: number, vocabularySize: number, length: number): Record<string, number[]> => ({
  "bert.embeddings.word_embeddings.weight": [vocabularySize, width],
  "bert.embeddings.position_embeddings.weight": [length, width],
  "bert.embeddings.token_type_embeddings.weight": [2, width],
  "bert.embeddings.LayerNorm.weight": [width],
  "bert.embeddings.LayerNorm.bias": [width],
  ...Object.fromEntries(
    globalThis.Array.from({ length: depth }, (_, layer) => `bert.encoder.layer.${layer}`).flatMap(
      (at): [string, number[]][] => [
        ...["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"].flatMap(
          (name): [string, number[]][] => [
            [`${at}.${name}.weight`, [width, width]],
            [`${at}.${name}.bias`, [width]],
          ],
        ),
        [`${at}.attention.output.LayerNorm.weight`, [width]],
        [`${at}.attention.output.LayerNorm.bias`, [width]],
        [`${at}.intermediate.dense.weight`, [4 * width, width]],
        [`${at}.intermediate.dense.bias`, [4 * width]],
        [`${at}.output.dense.weight`, [width, 4 * width]],
        [`${at}.output.dense.bias`, [width]],
        [`${at}.output.LayerNorm.weight`, [width]],
        [`${at}.output.LayerNorm.bias`, [width]],
      ],
    ),
  ),
  "cls.predictions.bias": [vocabularySize],
  "cls.predictions.transform.dense.weight": [width, width],
  "cls.predictions.transform.dense.bias": [width],
  "cls.predictions.transform.LayerNorm.weight": [width],
  "cls.predictions.transform.LayerNorm.bias": [width],
});

test("BERT's safetensors have the published names and shapes, and are read back unchanged", async () => {
  const { to, params, encoder } = await exported("names", "bert", {});
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, [...shape]]));
  assert.deepEqual(shapes, published(24, 2, tokens.length, LENGTH));
  const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  assert.equal(config.model_type, "bert");
  assert.equal(config.intermediate_size, 96);

  const imported = await importBert(to);
  const back = imported.tensors(LENGTH, tokens.length);
  for (const [path, leaf] of tree.entries<Tensor>(params))
    assert.deepEqual([...back.get(path)!.data], [...leaf.data], path);
  const again = transformer.build(transformer.options.parse(imported.encoderOptions), modality.specs, vocabulary);
  assert.deepEqual(again.hyperparameters, encoder.hyperparameters);
});

test("checkpoints of other libraries: old norm names, segments, no prefix, RoBERTa's offset", async () => {
  const { to, params } = await exported("others", "bert", {});
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  const segments = new Float32Array(48).map((_, index) => index / 100);
  const withSegments = new Map(tensors).set("bert.embeddings.token_type_embeddings.weight", {
    dtype: "float32",
    shape: [2, 24],
    data: segments,
  });
  const path = join(to, "model.safetensors");
  const old = [...withSegments].map(([name, tensor]): [string, Tensor] => [
    name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
    tensor,
  ]);
  const positions = new Map(tree.entries<Tensor>(params)).get("encoder.positions")!.data;
  const expected = [...positions].map((value, index) => Math.fround(value + segments[index % 24]!));

  await writeSafetensors(path, old);
  const first = (await importBert(to)).tensors(LENGTH, tokens.length);
  assert.deepEqual([...first.get("encoder.positions")!.data], expected);
  assert.ok(first.has("head.norm.scale"));

  // An encoder alone, two positions in front that RoBERTa never uses.
  const roberta = [...withSegments].flatMap(([name, tensor]): [string, Tensor][] => {
    if (name.startsWith("cls.")) return [];
    if (!name.includes("position_embeddings")) return [[name.replace("bert.", ""), tensor]];
    const data = new Float32Array(48 + tensor.data.length).fill(7);
    data.set(tensor.data as Float32Array, 48);
    return [["embeddings.position_embeddings.weight", { dtype: "float32", shape: [LENGTH + 2, 24], data }]];
  });
  await writeSafetensors(path, roberta);
  await writeFile(
    join(to, "config.json"),
    JSON.stringify({ ...config, model_type: "roberta", max_position_embeddings: LENGTH + 2, pad_token_id: 1 }),
  );
  const second = await importBert(to);
  assert.equal(second.length, LENGTH);
  // CamemBERT and XLM-RoBERTa are RoBERTa, whose padding token is 1 unless the file says otherwise.
  for (const model_type of ["camembert", "xlm-roberta"]) {
    const roberta = { ...config, model_type, max_position_embeddings: LENGTH + 2, pad_token_id: undefined };
    await writeFile(join(to, "config.json"), JSON.stringify(roberta));
    const third = (await importBert(to)).tensors(10, tokens.length);
    assert.deepEqual([...third.get("encoder.positions")!.data], expected.slice(0, 240));
  }
  assert.deepEqual([...second.tensors(10, tokens.length).get("encoder.positions")!.data], expected.slice(0, 240));
  assert.ok(![...second.tensors(10, tokens.length).keys()].some((name) => name.startsWith("head.")));
});

test("more tokens than the tokenizer has, the bias under the decoder, ELECTRA", async () => {
  const { to, params } = await exported("padded", "bert", {});
  const path = join(to, "model.safetensors");
  const { tensors } = await readSafetensors(path);
  const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  const padded = tokens.length + 5;
  const longer = ({ data, shape }: Tensor): Tensor => {
    const values = new Float32Array((data.length / shape[0]!) * padded).fill(7);
    values.set(data as Float32Array);
    return { dtype: "float32", shape: [padded, ...shape.slice(1)], data: values };
  };
  const named = (prefix: string) =>
    [...tensors].map(([name, tensor]): [string, Tensor] => [
      name.replace("cls.predictions.bias", "cls.predictions.decoder.bias").replace(/^bert\./, `${prefix}.`),
      name.endsWith("word_embeddings.weight") || name === "cls.predictions.bias" ? longer(tensor) : tensor,
    ]);
  const original = [...tree.entries<Tensor>(params)];

  await writeSafetensors(path, named("bert"));
  await writeFile(join(to, "config.json"), JSON.stringify({ ...config, vocab_size: padded }));
  const imported = await importBert(to);
  const back = imported.tensors(LENGTH, tokens.length);
  for (const [name, leaf] of original) assert.deepEqual([...back.get(name)!.data], [...leaf.data], name);
  assert.throws(() => imported.tensors(LENGTH, padded + 1), {
    name: "UserError",
    message: /has \d+ tokens; the token/,
  });

  await writeSafetensors(path, named("electra"));
  const electra = { ...config, vocab_size: padded, model_type: "electra", embedding_size: 24 };
  await writeFile(join(to, "config.json"), JSON.stringify(electra));
  const encoderOnly = (await importBert(to)).tensors(LENGTH, tokens.length);
  for (const [name, leaf] of original.filter(([each]) => each.startsWith("encoder.")))
    assert.deepEqual([...encoderOnly.get(name)!.data], [...leaf.data], name);
  assert.ok(![...encoderOnly.keys()].some((name) => name.startsWith("head.")));
  await writeFile(join(to, "config.json"), JSON.stringify({ ...electra, embedding_size: 12 }));
  await assert.rejects(importBert(to), {
    name: "UserError",
    message: /token embeddings of width 12 in an encoder of width 24/,
  });
});

test("a model of another kind, or an incomplete one, is refused in one clear line", async () => {
  const { to } = await exported("wrong", "bert", {});
  const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  const withConfig = async (changes: Record<string, unknown>) => {
    await writeFile(join(to, "config.json"), JSON.stringify({ ...config, ...changes }));
    return importBert(to);
  };
  await assert.rejects(withConfig({ model_type: "t5" }), {
    name: "UserError",
    message: /not a model of BERT's family \(model_type/,
  });
  await assert.rejects(withConfig({ hidden_act: "relu" }), { name: "UserError", message: /hidden_act/ });
  await assert.rejects(withConfig({ hidden_size: 48 }), {
    name: "UserError",
    message: /is float32 \[.*config.json asks for/,
  });
  for (const huge of [{ num_hidden_layers: 2 ** 40 }, { hidden_size: 1e9 }, { vocab_size: 1e12 }, { hidden_size: -1 }])
    await assert.rejects(withConfig(huge), { name: "UserError", message: /not a model of BERT's family/ });
  await assert.rejects(withConfig({ max_position_embeddings: 4 }), {
    name: "UserError",
    message: /at least 8 are needed/,
  });
  const weightsFile = join(to, "model.safetensors");
  const whole = await readFile(weightsFile);
  const spoilt = Buffer.from(whole);
  spoilt[spoilt.length - 9]! ^= 0x40;
  await writeFile(weightsFile, spoilt);
  await assert.rejects(withConfig({}), { name: "UserError", message: /model\.safetensors: damaged/ });
  // Another program's file has no digest.
  await writeFile(weightsFile, whole);
  const { tensors } = await readSafetensors(weightsFile);
  const [[first, tensor] = ["", undefined]] = tensors;
  const wrong = { ...tensor!, data: tensor!.data.map(() => Number.NaN) };
  await writeSafetensors(weightsFile, new Map(tensors).set(first, wrong));
  await assert.rejects(withConfig({}), { name: "UserError", message: /has values that are not finite/ });
  await writeFile(weightsFile, whole);
  await assert.rejects(withConfig({ num_hidden_layers: 3 }), { name: "UserError", message: /has no encoder.layer.2/ });
  await assert.rejects(importBert(join(to, "nowhere")), { name: "UserError", message: /config.json/ });
});
