import { type Array, allocate, type Tensor, type Traced } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import {
  maskToken,
  TOKENIZER_FILE,
  type Vocabulary,
  vocabulary as vocabularyAbility,
} from "../../../data/vocabulary.ts";
import { sequence } from "../../../encoders/abilities.ts";
import type { FileInput } from "../../../engine/index.ts";
import { headUsage, pipelineUsage } from "../../../interop/huggingface/usage.ts";
import type { Graph, ModelParams, PublishedModel, Publisher, Usage } from "../../../interop/publisher.ts";
import type { LanguageFacts, LanguageLayout } from "./layout.ts";

/** What sets the models of one kind of data apart. */
export interface TokenModels {
  /** Hugging Face's layout of a model. */
  layout(facts: LanguageFacts): LanguageLayout;
  /** JavaScript strings that the card's code reads: a sample, one with a mask, and the beginning of one. */
  readonly examples: { readonly whole: string; readonly masked: string; readonly beginning: string };
  /** Fields of `tokenizer_config.json` in place of the usual ones, for a layout. */
  tokenizer?(config: LanguageLayout["config"]): Readonly<Record<string, unknown>>;
  /** Further files. */
  files?(config: LanguageLayout["config"]): Readonly<Record<string, string>>;
}

/** @throws Error unless its samples are tokens */
function vocabularyIn({ modality, files }: PublishedModel) {
  const vocabulary = offerOf(modality, vocabularyAbility);
  const tokenizer = files?.[TOKENIZER_FILE];
  if (!vocabulary || tokenizer === undefined)
    throw new Error(`${modality.name}: a model of tokens without a tokenizer`);
  return { vocabulary, tokenizer, mask: offerOf(modality, maskToken) };
}

/** Whether the model generates: transformers.js feeds such a model the past and one token at a time. */
const generatesText = ({ encoder, head, tokenLogits }: PublishedModel): boolean =>
  (offerOf(encoder, sequence)?.causal ?? false) && !head && tokenLogits !== undefined;

/**
 * The graph of such a model: `input_ids` and `attention_mask` in; `last_hidden_state`, `sentence_embedding` and, if it
 * predicts tokens or has a head, `logits` out.
 */
function graphOf(model: PublishedModel, hasSegments: boolean): Graph {
  const { encoder, params, head, tokenLogits } = model;
  const { length } = vocabularyIn(model).vocabulary;
  const logits = head?.predict.bind(head) ?? tokenLogits;
  const fn = (weights: Traced<ModelParams>, input_ids: Array, attention_mask: Array): Record<string, Array> => {
    const inputs = { ids: input_ids, mask: attention_mask };
    return {
      ...(logits ? { logits: logits(weights, inputs) } : {}),
      last_hidden_state: encoder.hidden(weights.encoder, inputs),
      sentence_embedding: encoder.apply(weights.encoder, inputs),
    };
  };
  const example = { dtype: "int32", shape: [1, length] } as const;
  return {
    fn,
    params,
    examples: [example, example],
    inputNames: ["input_ids", "attention_mask"],
    outputNames: [...(logits ? ["logits"] : []), "last_hidden_state", "sentence_embedding"],
    tokens: {
      length,
      // GPT-2 and ESM have no segments.
      ignored: hasSegments ? ["token_type_ids"] : [],
      ...(generatesText(model) ? { cache: { past: "past_key_values.0.key", present: "present.0.key" } } : {}),
    },
  };
}

function usageOf(model: PublishedModel, { whole, masked, beginning }: TokenModels["examples"]): Usage {
  const { encoder, head, tokenLogits } = model;
  const inputs = "inputs `input_ids` and `attention_mask`";
  const withLogits = `${inputs}, outputs \`logits\`, \`last_hidden_state\` and\n\`sentence_embedding\`; batch and length are free`;
  if (head?.task === "token-classification")
    return pipelineUsage("token-classification", `const labels = await run("${whole}");`, withLogits);
  if (head)
    return headUsage(
      head,
      {
        reader: "AutoTokenizer",
        model: "AutoModelForSequenceClassification",
        input: `read("${whole}")`,
        multiLabel: true,
      },
      pipelineUsage("text-classification", `const predictions = await run("${whole}", { top_k: null });`, withLogits),
    );
  if (!tokenLogits)
    return pipelineUsage(
      "feature-extraction",
      `const vector = await run("${whole}", { pooling: "mean" });`,
      `${inputs}, outputs \`last_hidden_state\` and \`sentence_embedding\`;\nbatch and length are free`,
    );
  return offerOf(encoder, sequence)?.causal
    ? pipelineUsage(
        "text-generation",
        `const [{ generated_text }] = await run("${beginning}", { max_new_tokens: 20 });`,
        "inputs `input_ids`, `attention_mask` (of all tokens) and `past_key_values.0.key`, which holds\nthe tokens before (`present.0.key` of the call before); outputs `logits` and `last_hidden_state`",
      )
    : pipelineUsage("fill-mask", `const candidates = await run("${masked}");`, withLogits);
}

/** `tokenizer.json` and `tokenizer_config.json`. */
function tokenizerFiles(model: PublishedModel, fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const { vocabulary, tokenizer, mask } = vocabularyIn(model);
  const { ids, length } = vocabulary;
  const generates = generatesText(model);
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: length,
    pad_token: vocabulary.token(ids.pad),
    unk_token: vocabulary.token(ids.unknown),
    ...(offerOf(model.encoder, sequence)?.causal
      ? { bos_token: vocabulary.token(ids.begin), eos_token: vocabulary.token(ids.end) }
      : { cls_token: vocabulary.token(ids.begin), sep_token: vocabulary.token(ids.end) }),
    ...(mask === undefined ? {} : { mask_token: vocabulary.token(mask) }),
    // Without it transformers.js' text-generation omits the first token, which the model has always seen.
    ...(generates ? { add_bos_token: true } : {}),
    ...fields,
  };
  return {
    [TOKENIZER_FILE]: generates ? withoutEnd(tokenizer, vocabulary) : tokenizer,
    "tokenizer_config.json": `${JSON.stringify(config, null, 2)}\n`,
  };
}

/** The tokenizer without the end token: what is to be continued has no end yet. */
function withoutEnd(tokenizer: string, { ids, token }: Vocabulary): string {
  const json: { post_processor?: { type?: string; single?: { SpecialToken?: { id: string } }[] } | null } =
    JSON.parse(tokenizer);
  const { post_processor: processor } = json;
  if (!processor?.single) return tokenizer;
  const single = processor.single.filter((part, at) => at === 0 || part.SpecialToken?.id !== token(ids.end));
  return `${JSON.stringify({ ...json, post_processor: { ...processor, single } }, null, 1)}\n`;
}

/** All inputs that a model's file may have. */
function feeds({ ids, mask }: Readonly<Record<string, Tensor>>): Record<string, FileInput> {
  if (!ids || !mask) throw new Error("a model of tokens reads ids and mask");
  const int64 = ({ shape }: Tensor, data: ArrayLike<number>): FileInput => ({
    dtype: "int64",
    shape,
    data: Int32Array.from(data),
  });
  return {
    input_ids: int64(ids, ids.data),
    attention_mask: int64(mask, mask.data),
    token_type_ids: int64(ids, new Int32Array(ids.data.length)),
    // No past.
    "past_key_values.0.key": {
      dtype: "float32",
      shape: [ids.shape[0] ?? 0, 1, 0, 1],
      data: allocate("float32", 0),
    },
  };
}

/**
 * Models of tokens for Hugging Face's libraries, for `fill-mask`, `text-generation`, `text-classification` and
 * `feature-extraction`.
 *
 * The ONNX model reads `input_ids` and `attention_mask`, int64 `[batch, sequence]`, and gives `last_hidden_state`
 * `[batch, sequence, width]`, `sentence_embedding` `[batch, width]` and `logits`: `[batch, sequence, vocabulary]` if the method predicts
 * tokens, `[batch, outputs]` with a head, `[batch, sequence, outputs]` with one for each token. The graph has the model's full length and pads shorter inputs itself.
 */
export const tokenPublisher = ({ layout: layoutOf, examples, tokenizer, files }: TokenModels): Publisher => ({
  describe(model) {
    const { encoder, params, head, tokenLogits } = model;
    const { ids } = vocabularyIn(model).vocabulary;
    const layout = layoutOf({ encoder, ids, params, predictsTokens: tokenLogits !== undefined, head });
    return {
      graph: graphOf(model, layout.config.model_type === "bert"),
      layout,
      files: { ...tokenizerFiles(model, tokenizer?.(layout.config) ?? {}), ...files?.(layout.config) },
      usage: usageOf(model, examples),
    };
  },
  feeds,
});
