import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../../src/array/index.ts";
import { transformer } from "../../../src/encoders/transformer.ts";
import { complete, evaluateLanguage, exportRun, pretrain } from "../../../src/index.ts";
import { writeSafetensors } from "../../../src/interop/safetensors.ts";
import { methods } from "../../../src/methods/index.ts";
import type { MethodParams } from "../../../src/methods/method.ts";
import { text } from "../../../src/modalities/text/index.ts";
import { openStart, startFrom } from "../../../src/training/run/start.ts";
import { assertMatches, fill, torchCase } from "../../fixtures/torch/reference.ts";
import { inFolder } from "../../support/cli.ts";
import { COMMIT, fakeHub } from "../../support/hub.ts";
import { tokenOutputs } from "../../support/token-outputs.ts";
import { tokenizer } from "../../support/tokenizer.ts";

const [WIDTH, VOCABULARY, POSITIONS] = [24, 20, 16];
/** The script's. */
const IDS = [2, 5, 6, 8, 10, 11, 12, 7, 13, 5, 3];

type Shapes = Record<string, readonly number[]>;
const blocks = (count: number, of: (block: number) => Shapes): Shapes =>
  Object.assign({}, ...Array.from({ length: count }, (_, block) => of(block)));
const affine = (name: string, output: number, input: number): Shapes => ({
  [`${name}.weight`]: [output, input],
  [`${name}.bias`]: [output],
});
const norm = (name: string): Shapes => ({ [`${name}.weight`]: [WIDTH], [`${name}.bias`]: [WIDTH] });

/** Names and shapes of https://huggingface.co/openai-community/gpt2 (without prefix) and distilbert/distilgpt2. */
const gpt2 = (prefix: string, hidden: number): Shapes => ({
  [`${prefix}wte.weight`]: [VOCABULARY, WIDTH],
  [`${prefix}wpe.weight`]: [POSITIONS, WIDTH],
  ...blocks(2, (block) => {
    const at = `${prefix}h.${block}`;
    const conv1d = (name: string, input: number, output: number) => ({
      [`${name}.weight`]: [input, output],
      [`${name}.bias`]: [output],
    });
    return {
      [`${at}.attn.bias`]: [1, 1, POSITIONS, POSITIONS],
      ...norm(`${at}.ln_1`),
      ...conv1d(`${at}.attn.c_attn`, WIDTH, 3 * WIDTH),
      ...conv1d(`${at}.attn.c_proj`, WIDTH, WIDTH),
      ...norm(`${at}.ln_2`),
      ...conv1d(`${at}.mlp.c_fc`, WIDTH, hidden),
      ...conv1d(`${at}.mlp.c_proj`, hidden, WIDTH),
    };
  }),
  ...norm(`${prefix}ln_f`),
});

/** Of https://huggingface.co/distilbert/distilbert-base-uncased. */
const distilbert: Shapes = {
  "distilbert.embeddings.word_embeddings.weight": [VOCABULARY, WIDTH],
  "distilbert.embeddings.position_embeddings.weight": [POSITIONS, WIDTH],
  ...norm("distilbert.embeddings.LayerNorm"),
  ...blocks(2, (block) => {
    const at = `distilbert.transformer.layer.${block}`;
    const attention = ["q_lin", "k_lin", "v_lin", "out_lin"].map((name) =>
      affine(`${at}.attention.${name}`, WIDTH, WIDTH),
    );
    return {
      ...Object.assign({}, ...attention),
      ...norm(`${at}.sa_layer_norm`),
      ...affine(`${at}.ffn.lin1`, 72, WIDTH),
      ...affine(`${at}.ffn.lin2`, WIDTH, 72),
      ...norm(`${at}.output_layer_norm`),
    };
  }),
  ...affine("vocab_transform", WIDTH, WIDTH),
  ...norm("vocab_layer_norm"),
  "vocab_projector.bias": [VOCABULARY],
};

/** Of https://huggingface.co/answerdotai/ModernBERT-base: no biases, and no norm before the first attention. */
const modernbert: Shapes = {
  "model.embeddings.tok_embeddings.weight": [VOCABULARY, WIDTH],
  "model.embeddings.norm.weight": [WIDTH],
  ...blocks(5, (block) => {
    const at = `model.layers.${block}`;
    return {
      ...(block > 0 ? { [`${at}.attn_norm.weight`]: [WIDTH] } : {}),
      [`${at}.attn.Wqkv.weight`]: [3 * WIDTH, WIDTH],
      [`${at}.attn.Wo.weight`]: [WIDTH, WIDTH],
      [`${at}.mlp_norm.weight`]: [WIDTH],
      [`${at}.mlp.Wi.weight`]: [72, WIDTH],
      [`${at}.mlp.Wo.weight`]: [WIDTH, 36],
    };
  }),
  "model.final_norm.weight": [WIDTH],
  "head.dense.weight": [WIDTH, WIDTH],
  "head.norm.weight": [WIDTH],
  "decoder.bias": [VOCABULARY],
};

const gpt2Config = {
  model_type: "gpt2",
  activation_function: "gelu_new",
  layer_norm_epsilon: 1e-5,
  n_embd: WIDTH,
  n_head: 3,
  n_layer: 2,
  n_positions: POSITIONS,
  vocab_size: VOCABULARY,
};

/** Checkpoints as they are published, but for their size. */
const published: Record<string, { readonly config: object; readonly shapes: Shapes }> = {
  gpt2: { config: gpt2Config, shapes: gpt2("", 96) },
  distilgpt2: { config: { ...gpt2Config, n_inner: 48 }, shapes: gpt2("transformer.", 48) },
  distilbert: {
    config: {
      model_type: "distilbert",
      activation: "gelu",
      dim: WIDTH,
      hidden_dim: 72,
      max_position_embeddings: POSITIONS,
      n_heads: 3,
      n_layers: 2,
      sinusoidal_pos_embds: false,
      vocab_size: VOCABULARY,
    },
    shapes: distilbert,
  },
  modernbert: {
    config: {
      model_type: "modernbert",
      attention_bias: false,
      classifier_bias: false,
      decoder_bias: true,
      global_attn_every_n_layers: 3,
      global_rope_theta: 160000.0,
      hidden_activation: "gelu",
      hidden_size: WIDTH,
      intermediate_size: 36,
      local_attention: 4,
      local_rope_theta: 10000.0,
      max_position_embeddings: 8192,
      mlp_bias: false,
      norm_bias: false,
      norm_eps: 1e-5,
      num_attention_heads: 3,
      num_hidden_layers: 5,
      vocab_size: VOCABULARY,
    },
    shapes: modernbert,
  },
};

const isNorm = (name: string) => /(?:norm|Norm|ln_\w+)\.weight$/.test(name);

async function writeModel(folder: string, { config, shapes }: (typeof published)[string]): Promise<void> {
  const tensors = Object.entries(shapes).map(([name, shape]): [string, Tensor] => [
    name,
    isNorm(name) ? fill(name, shape, 0.25, 1) : fill(name, shape, 0.25),
  ]);
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "tokenizer.json"), tokenizer);
}

const modality = text.build(text.options.parse({ maxLength: POSITIONS }), { "tokenizer.json": tokenizer });
const { vocabulary } = modality;

/** The method that continues a start, with the start's parameters, as a run would have them. */
async function begun(folder: string) {
  const start = await openStart(folder);
  const definition = await methods.load(start.method ?? text.defaultMethod);
  const encoder = transformer.build(transformer.options.parse(start.encoderOptions), modality.specs, vocabulary);
  const method = definition.build({ encoder, modality, options: definition.options.parse({}), samples: 8 });
  const initial = method.init(new Rng(1));
  const params: MethodParams = startFrom(start, vocabulary, initial);
  return { start, encoder, method, params, initial };
}

for (const [name, model] of Object.entries(published))
  test(`${name}: hidden states and logits are PyTorch's`, () =>
    inFolder(async (folder) => {
      await writeModel(folder, model);
      const { encoder, method, params, initial } = await begun(folder);
      // Nothing of the encoder stays random, and nothing of the head but where the published one has none.
      const given = new Map(tree.entries<Tensor>(params));
      for (const [path, leaf] of tree.entries<Tensor>(initial)) assert.notEqual(given.get(path), leaf, path);
      const outputs = await tokenOutputs({ encoder, method, params, vocabulary }, IDS);
      const expected = await torchCase("published-texts", name);
      const first = (output: Tensor, kept: number): Tensor => {
        const width = output.shape.at(-1)!;
        const rows = IDS.map((_, row) => output.data.subarray(row * width, row * width + kept));
        return {
          dtype: "float32",
          shape: [IDS.length, kept],
          data: Float32Array.from(rows.flatMap((row) => [...row])),
        };
      };
      assertMatches(first(outputs.get("hidden")!, WIDTH), expected.hidden, `${name}: hidden`);
      // The embeddings have rows that the tokenizer has no tokens for; the script's logits are of its tokens alone.
      assertMatches(first(outputs.get("logits")!, vocabulary.size), expected.logits, `${name}: logits`);
    }));

test("what cannot be read is one line", () =>
  inFolder(async (folder) => {
    const refused = async (change: object, message: RegExp, name = "modernbert") => {
      const { config, shapes } = published[name]!;
      await writeModel(folder, { config: { ...config, ...change }, shapes });
      await assert.rejects(openStart(folder), { name: "UserError", message });
    };
    await refused({ norm_bias: true }, /config\.json: not a model of ModernBERT's family \(norm_bias: /);
    await refused({ hidden_size: 48 }, /is float32 \[\d+,?\d*\]; config\.json asks for float32 \[\d+,?\d*\]/);
    await refused({ num_hidden_layers: 6 }, /has no layers\.5\./);
    const types = ["full_attention", "full_attention", "full_attention", "full_attention", "full_attention"];
    await refused({ layer_types: types }, /layer_types is not "one in 3 is global"/);
    await refused({ activation_function: "relu" }, /not a model of GPT-2's family \(activation_function/, "gpt2");
    await refused(
      { model_type: "t5" },
      /models of type t5 are not supported; supported: .*distilbert, modernbert, gpt2/,
    );
    const { config, shapes } = published.gpt2!;
    await writeModel(folder, { config, shapes: { ...shapes, "lm_head.weight": [VOCABULARY, WIDTH] } });
    await assert.rejects(openStart(folder), { message: /its output layer \(lm_head\) is not its embeddings/ });
  }));

test("GPT-2 from the Hub: pre-training goes on by its own method; the run completes, and has a perplexity", () =>
  inFolder(async (folder) => {
    const [home, model, data] = ["home", "model", "notes.txt"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(model);
    await writeModel(model, published.gpt2!);
    const names = ["config.json", "tokenizer.json", "model.safetensors"];
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(model, name))])),
    );
    const hub = await fakeHub({ "owner/tiny-gpt2": { files, large: ["model.safetensors"] } });
    await writeFile(data, "the cat sat on a mat .\nthe dogs ran .\n".repeat(8));
    Object.assign(process.env, { HF_HOME: home, HF_ENDPOINT: hub.url });
    try {
      const notes: string[] = [];
      const run = await pretrain({
        ...{ data, out: join(folder, "run"), from: "owner/tiny-gpt2", modalityOptions: { maxLength: 16 } },
        training: { epochs: 1, batchSize: 4, learningRate: 1e-4, warmupEpochs: 0, workers: 0 },
        onNote: (note) => notes.push(note),
      });
      assert.equal(run.config.method.name, "causal-lm");
      assert.equal(run.config.from, `owner/tiny-gpt2@${COMMIT}`);
      assert.equal(run.config.encoder.options.mlp, "gelu-tanh");
      const { text: written } = await complete({ run, text: "the cat", tokens: 4 });
      assert.ok(written.startsWith("the cat"), written);
      const score = await evaluateLanguage({ run, data });
      assert.equal(score.kind, "next");
      assert.ok(score.perplexity > 1 && Number.isFinite(score.perplexity), String(score.perplexity));
      // Its export is a GPT-2 again, and a start.
      await exportRun({ run, out: join(folder, "export") });
      const again = await openStart(join(folder, "export"));
      assert.equal(again.method, "causal-lm");
      assert.deepEqual(again.encoderOptions, (await openStart(model)).encoderOptions);
    } finally {
      await hub.close();
      delete process.env.HF_HOME;
      delete process.env.HF_ENDPOINT;
    }
  }));
