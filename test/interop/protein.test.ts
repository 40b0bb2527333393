/** Exported protein models: what @huggingface/transformers computes with them offline, and what their weights' names mean. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  AutoModel,
  AutoModelForMaskedLM,
  AutoModelForTokenClassification,
  AutoTokenizer,
  EsmForMaskedLM,
  EsmForTokenClassification,
  EsmModel,
  env,
  pipeline,
} from "@huggingface/transformers";
import { Rng, type Tensor } from "../../src/array/index.ts";
import { tokenizerJson } from "../../src/data/tokens/listed.ts";
import { transformer } from "../../src/encoders/transformer.ts";
import { predictorOf } from "../../src/evaluation/labels/predictor.ts";
import { exportModel } from "../../src/interop/export.ts";
import { readSafetensors } from "../../src/interop/safetensors.ts";
import { methods } from "../../src/methods/index.ts";
import { supervised } from "../../src/methods/supervised.ts";
import { protein } from "../../src/modalities/protein/index.ts";
import { proteinPublisher } from "../../src/modalities/protein/publish/index.ts";
import { ESM_TOKENS } from "../../src/modalities/protein/vocabulary.ts";
import { weights } from "../fixtures/torch/reference.ts";
import { close } from "../support/close.ts";
import { erf } from "../support/erf.ts";
import { tokenOutputs } from "../support/token-outputs.ts";

const LENGTH = 16;
const modality = protein.build(protein.options.parse({ maxLength: LENGTH }));
const { vocabulary } = modality;
const card = {
  ...{ method: "bert", paper: "p", encoder: "e", encoderPaper: "p", data: "proteins" },
  ...{ entries: 2, steps: 1, epochs: 1, seed: 0, embedDim: 24 },
};
const esm = { width: 24, depth: 2, heads: 3, norm: "pre", positions: "rotary" };

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-proteins-"));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
});
after(() => rm(folder, { recursive: true, force: true }));

async function exported(name: string, methodName: string, options: Record<string, unknown> = esm) {
  const definition = await methods.load(methodName);
  const settled = transformer.options.parse({ ...options, ...(methodName === "causal-lm" ? { causal: true } : {}) });
  const encoder = transformer.build(settled, modality.specs, vocabulary);
  const method = definition.build({ encoder, modality, options: definition.options.parse({}), samples: 8 });
  const params = weights(method.init(new Rng(1)));
  const files = { "tokenizer.json": tokenizerJson(ESM_TOKENS) };
  const model = { encoder, params, modality, files, tokenLogits: method.tokenLogits?.bind(method) };
  await exportModel({ model, publisher: proteinPublisher, card, out: join(folder, name) });
  const expected = async (ids: ArrayLike<number>) => {
    const byPath = await tokenOutputs({ encoder, method, params, vocabulary }, ids);
    const rows = (output: string) => {
      const { data, shape } = byPath.get(output)!;
      return data.slice(0, ids.length * shape.at(-1)!) as Float32Array;
    };
    return { rows, pooled: byPath.get("pooled")!.data };
  };
  return { to: join(folder, name), expected };
}

const json = async (file: string) => JSON.parse(await readFile(file, "utf8"));

test("fill-mask and feature-extraction load it as ESM, and agree with our program for proteins of any length", async () => {
  const { to, expected } = await exported("esm", "bert");
  const network = await AutoModelForMaskedLM.from_pretrained("esm", { dtype: "fp32" });
  assert.ok(network instanceof EsmForMaskedLM);
  await network.dispose();
  const config = await json(join(to, "config.json"));
  assert.deepEqual([config.model_type, config.architectures, config.vocab_size], ["esm", ["EsmForMaskedLM"], 33]);
  assert.equal((await json(join(to, "tokenizer_config.json"))).tokenizer_class, "EsmTokenizer");
  const lines = (await readFile(join(to, "vocab.txt"), "utf8")).trim().split("\n");
  assert.deepEqual([lines.length, lines[4], lines[32]], [33, "L", "<mask>"]);

  const fill = await pipeline("fill-mask", "esm", { dtype: "fp32" });
  const ids = [vocabulary.ids.begin, ...vocabulary.parse("MKTA<mask>IAK"), vocabulary.ids.end];
  const all = (await expected(ids)).rows("logits");
  const logits = all.slice(5 * 33, 6 * 33);
  const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
  const predictions = (await fill("MKTA<mask>IAK", { top_k: 4 })) as {
    token: number;
    token_str: string;
    score: number;
  }[];
  const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, 4);
  assert.deepEqual(
    predictions.map(({ token }) => Number(token)),
    best,
  );
  for (const { token, token_str, score } of predictions) {
    assert.ok(Math.abs(score - Math.exp(logits[Number(token)]!) / total) < 1e-4);
    assert.equal(token_str, vocabulary.token(Number(token)));
  }
  await fill.dispose();

  const extract = await pipeline("feature-extraction", "esm", { dtype: "fp32" });
  for (const residues of ["MKTAYIAKQRQISF", "MK", "MKXBUA"]) {
    const { rows, pooled } = await expected(vocabulary.tokens({ residues, name: "" }).ids);
    close((await extract(residues)).data as Float32Array, rows("hidden"));
    close((await extract(residues, { pooling: "mean" })).data as Float32Array, pooled as Float32Array);
  }
  await extract.dispose();
});

test("an encoder alone is EsmModel", async () => {
  const { to, expected } = await exported("encoder", "simclr");
  const network = await AutoModel.from_pretrained("encoder", { dtype: "fp32" });
  assert.ok(network instanceof EsmModel);
  const tokenize = await AutoTokenizer.from_pretrained("encoder");
  const { last_hidden_state } = await network(await tokenize("MKTAYIAK"));
  const { rows } = await expected(vocabulary.tokens({ residues: "MKTAYIAK", name: "" }).ids);
  close(last_hidden_state.data as Float32Array, rows("hidden"));
  await network.dispose();
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  assert.ok(tensors.has("embeddings.word_embeddings.weight") && !tensors.has("lm_head.bias"));
});

test("a head for each token is EsmForTokenClassification", async () => {
  const encoder = transformer.build(transformer.options.parse(esm), modality.specs, vocabulary);
  const options = supervised.options.parse({ task: "token-classification", classes: ["HEC-"] });
  const method = supervised.build({ encoder, modality, options, samples: 8, runs: {} });
  const params = weights(method.init(new Rng(2)));
  const head = { ...method.answers!, predict: method.predict!.bind(method), linear: method.linearHead?.(params) };
  const files = { "tokenizer.json": tokenizerJson(ESM_TOKENS) };
  const to = join(folder, "helices");
  await exportModel({ model: { encoder, params, modality, files, head }, publisher: proteinPublisher, card, out: to });
  const config = await json(join(to, "config.json"));
  assert.deepEqual(
    [config.architectures, config.id2label],
    [["EsmForTokenClassification"], { 0: "C", 1: "E", 2: "H" }],
  );
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  assert.deepEqual([...(tensors.get("classifier.weight")?.shape ?? [])], [3, 24]);
  assert.ok(tensors.has("esm.encoder.layer.0.attention.self.query.weight"));

  const network = await AutoModelForTokenClassification.from_pretrained("helices", { dtype: "fp32" });
  assert.ok(network instanceof EsmForTokenClassification);
  const tokenize = await AutoTokenizer.from_pretrained("helices");
  const { logits } = await network(await tokenize("MKTAYIAK"));
  assert.deepEqual(logits.dims, [1, 10, 3]);
  const model = await predictorOf(method, params, modality, { batchSize: 1 });
  const expected = await model.logits([modality.tensors({ residues: "MKTAYIAK", name: "" })]);
  await model.dispose();
  // Our program gives nothing for the first token and the last.
  close((logits.data as Float32Array).slice(3, 27), expected.slice(3, 27));
  await network.dispose();
});

test("a causal model of proteins continues them as our program does", async () => {
  const { to, expected } = await exported("progen", "causal-lm");
  assert.equal((await json(join(to, "config.json"))).model_type, "gpt2");
  const generate = await pipeline("text-generation", "progen", { dtype: "fp32" });
  const written = [vocabulary.ids.begin, ...vocabulary.parse("MKTA")];
  for (let step = 0; step < 6; step++) {
    const logits = (await expected(written)).rows("logits").slice(-33);
    const next = logits.indexOf(Math.max(...logits));
    written.push(next);
    if (next === vocabulary.ids.end) break;
  }
  const output = (await generate("MKTA", { max_new_tokens: 6, do_sample: false })) as { generated_text: string }[];
  assert.equal(output[0]?.generated_text, generate.tokenizer.decode(written, { skip_special_tokens: true }));
  await generate.dispose();
});

test("model.safetensors means what transformers' modeling_esm.py computes with these names", async () => {
  const { to, expected } = await exported("names", "bert");
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  const config = await json(join(to, "config.json"));
  const ids = [...vocabulary.tokens({ residues: "MKTAYIXKQR", name: "" }).ids];
  close(esmForMaskedLm(tensors, config, ids), (await expected(ids)).rows("logits"));
});

type Matrix = number[][];

/**
 * `EsmForMaskedLM.forward` of one sequence without padding, written after modeling_esm.py, in 64-bit numbers.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/esm/modeling_esm.py
 */
function esmForMaskedLm(
  tensors: ReadonlyMap<string, Tensor>,
  config: { num_hidden_layers: number; num_attention_heads: number; layer_norm_eps: number },
  ids: readonly number[],
): number[] {
  const used = new Set<string>();
  const at = (name: string): Matrix => {
    used.add(name);
    const tensor = tensors.get(name);
    assert.ok(tensor, `no ${name}`);
    const columns = tensor.shape.at(-1) ?? 1;
    return globalThis.Array.from({ length: tensor.data.length / columns }, (_, row) =>
      globalThis.Array.from(tensor.data.subarray(row * columns, (row + 1) * columns), Number),
    );
  };
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const dense = (x: Matrix, name: string): Matrix => {
    const [weight, [bias = []]] = [at(`${name}.weight`), at(`${name}.bias`)];
    return x.map((row) => weight.map((w, out) => dot(row, w) + bias[out]!));
  };
  const norm = (x: Matrix, name: string): Matrix => {
    const [[scale = []], [shift = []]] = [at(`${name}.weight`), at(`${name}.bias`)];
    return x.map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      return row.map(
        (value, i) => ((value - mean) / Math.sqrt(variance + config.layer_norm_eps)) * scale[i]! + shift[i]!,
      );
    });
  };
  const gelu = (x: Matrix): Matrix => x.map((row) => row.map((value) => value * 0.5 * (1 + erf(value / Math.SQRT2))));
  const add = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!));

  let x = ids.map((id) => at("esm.embeddings.word_embeddings.weight")[id]!);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `esm.encoder.layer.${layer}`;
    const normed = norm(x, `${name}.attention.LayerNorm`);
    const [q, k, v] = ["query", "key", "value"].map((role) => dense(normed, `${name}.attention.self.${role}`)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const heads = config.num_attention_heads;
    const size = q[0]!.length / heads;
    const [frequency = []] = at(`${name}.attention.self.rotary_embeddings.inv_freq`);
    const rotated = (row: readonly number[], place: number) =>
      row.map((value, i) => {
        const angle = place * frequency[i % (size / 2)]!;
        const other = i < size / 2 ? -row[i + size / 2]! : row[i - size / 2]!;
        return value * Math.cos(angle) + other * Math.sin(angle);
      });
    const context = x.map(() => new globalThis.Array<number>(heads * size).fill(0));
    for (let head = 0; head < heads; head++) {
      const part = (m: Matrix) => m.map((row) => row.slice(head * size, (head + 1) * size));
      const queries = part(q).map((row, place) =>
        rotated(
          row.map((value) => value / Math.sqrt(size)),
          place,
        ),
      );
      const keys = part(k).map(rotated);
      const values = part(v);
      queries.forEach((query, place) => {
        const powers = keys.map((key) => Math.exp(dot(query, key)));
        const total = powers.reduce((sum, power) => sum + power, 0);
        for (let i = 0; i < size; i++)
          context[place]![head * size + i] = powers.reduce(
            (sum, power, other) => sum + (power / total) * values[other]![i]!,
            0,
          );
      });
    }
    x = add(x, dense(context, `${name}.attention.output.dense`));
    const raised = gelu(dense(norm(x, `${name}.LayerNorm`), `${name}.intermediate.dense`));
    x = add(x, dense(raised, `${name}.output.dense`));
  }
  const last = norm(x, "esm.encoder.emb_layer_norm_after");
  const transformed = norm(gelu(dense(last, "lm_head.dense")), "lm_head.layer_norm");
  const [[bias = []], table] = [at("lm_head.bias"), at("esm.embeddings.word_embeddings.weight")];
  assert.deepEqual(
    [...tensors.keys()].filter((name) => !used.has(name)),
    [],
    "names that nothing reads",
  );
  return transformed.flatMap((row) => table.map((token, id) => dot(row, token) + bias[id]!));
}
