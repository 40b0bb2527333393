import { join } from "node:path";
import type { Array, Traced } from "../../../array/index.ts";
import type { Vocabulary } from "../../../data/index.ts";
import type { Encoder } from "../../../encoders/index.ts";
import { toOnnx } from "../../../engine/index.ts";
import { writeAtomically } from "../../../foundation/files.ts";
import { linkOrCopy, makeModelFolder, refuseForeignFolder } from "../../../interop/folder.ts";
import { classifierConfig, type ExportedHead } from "../../../interop/huggingface/classifier.ts";
import { type ModelCardFacts, modelCard } from "../../../interop/model-card.ts";
import { writeSafetensors } from "../../../interop/safetensors.ts";
import type { Method, MethodParams } from "../../../methods/index.ts";
import { languageLayout } from "./language.ts";

export interface LanguageExportOptions {
  readonly encoder: Encoder;
  /** All of the method's parameters, the encoder's under `encoder`. */
  readonly params: MethodParams;
  /** Logits at every place, where the method tells words. */
  readonly wordLogits?: Method["wordLogits"];
  readonly vocabulary: Vocabulary<unknown>;
  /** Where the tokenizer has one. */
  readonly maskToken?: number | undefined;
  /** The text of `tokenizer.json`. */
  readonly tokenizer: string;
  /** What it answers, where it has learned from labels. */
  readonly head?: ExportedHead;
  readonly card: Omit<ModelCardFacts, "note" | "task" | "answers">;
  /** Folder to write. */
  readonly to: string;
}

/**
 * Writes a folder that Hugging Face's libraries load for `fill-mask`, `text-generation`, `text-classification` and
 * `feature-extraction`: `model.onnx` (also under `onnx/`), `model.safetensors` with BERT's or GPT-2's names where it is
 * one of them, `config.json`, the tokenizer and a model card.
 *
 * The ONNX model reads `input_ids` and `attention_mask`, int64 `[batch, sequence]`, and gives `last_hidden_state`
 * `[batch, sequence, width]`, `sentence_embedding` `[batch, width]` and, where the method tells words, `logits`
 * `[batch, sequence, vocabulary]` or, where it has a head, `[batch, outputs]`. It is written for the model's whole length and pads what is shorter itself.
 * @throws UserError when the folder holds something else, or cannot be written
 */
export async function exportLanguageModel(options: LanguageExportOptions): Promise<{ files: string[] }> {
  const { encoder, params, wordLogits, vocabulary, maskToken, head, to } = options;
  await refuseForeignFolder(to);
  const isCausal = encoder.words?.causal ?? false;
  const { length, ids } = vocabulary;
  const logits = head?.predict ?? wordLogits;
  const fn = (weights: Traced<MethodParams>, input_ids: Array, attention_mask: Array): Record<string, Array> => {
    const inputs = { ids: input_ids, mask: attention_mask };
    return {
      ...(logits ? { logits: logits(weights, inputs) } : {}),
      last_hidden_state: encoder.hidden(weights.encoder, inputs),
      sentence_embedding: encoder.apply(weights.encoder, inputs),
    };
  };
  const example = { dtype: "int32", shape: [1, length] } as const;
  const generates = isCausal && !head && wordLogits !== undefined;
  const layout = languageLayout({ encoder, ids, params, tellsWords: wordLogits !== undefined, head });
  // GPT-2's kind is given no segments.
  const ignored = layout.config.model_type === "bert" ? ["token_type_ids"] : [];
  const model = await toOnnx(fn, [example, example], {
    name: `encoder ${encoder.name}`,
    inputNames: ["input_ids", "attention_mask"],
    outputNames: [...(logits ? ["logits"] : []), "last_hidden_state", "sentence_embedding"],
    params,
    words: {
      length,
      ignored,
      ...(generates ? { cache: { past: "past_key_values.0.key", present: "present.0.key" } } : {}),
    },
  });
  const json = (value: unknown) => [`${JSON.stringify(value, null, 2)}\n`];
  await makeModelFolder(to);
  await writeAtomically(join(to, "model.onnx"), [model]);
  await linkOrCopy(join(to, "model.onnx"), join(to, "onnx", "model.onnx"));
  await writeSafetensors(join(to, "model.safetensors"), layout.tensors, { format: "pt" });
  const own = { ...encoder.hyperparameters, encoder: encoder.name };
  await writeAtomically(
    join(to, "config.json"),
    json({ ...layout.config, ...(head ? classifierConfig(head) : {}), autodidact: own }),
  );
  await writeAtomically(join(to, "tokenizer.json"), [
    generates ? withoutEnd(options.tokenizer, vocabulary) : options.tokenizer,
  ]);
  await writeAtomically(
    join(to, "tokenizer_config.json"),
    json({
      tokenizer_class: "PreTrainedTokenizerFast",
      model_max_length: length,
      pad_token: vocabulary.token(ids.pad),
      unk_token: vocabulary.token(ids.unknown),
      ...(isCausal
        ? { bos_token: vocabulary.token(ids.begin), eos_token: vocabulary.token(ids.end) }
        : { cls_token: vocabulary.token(ids.begin), sep_token: vocabulary.token(ids.end) }),
      ...(maskToken === undefined ? {} : { mask_token: vocabulary.token(maskToken) }),
      // Without it transformers.js' text-generation leaves out the first token, which the model has always seen.
      ...(generates ? { add_bos_token: true } : {}),
    }),
  );
  const ofWords = isCausal ? "text-generation" : "fill-mask";
  const task = head ? "text-classification" : wordLogits ? ofWords : "feature-extraction";
  await writeAtomically(join(to, "README.md"), [
    modelCard({ ...options.card, task, answers: head, note: layout.note }),
  ]);
  return {
    files: [
      ...["model.onnx", "onnx/model.onnx", "model.safetensors", "config.json"],
      ...["tokenizer.json", "tokenizer_config.json", "README.md"],
    ],
  };
}

/** A text to be continued has no end yet. */
function withoutEnd(tokenizer: string, { ids, token }: Vocabulary<unknown>): string {
  const json: { post_processor?: { type?: string; single?: { SpecialToken?: { id: string } }[] } | null } =
    JSON.parse(tokenizer);
  const { post_processor: processor } = json;
  if (!processor?.single) return tokenizer;
  const single = processor.single.filter((part, at) => at === 0 || part.SpecialToken?.id !== token(ids.end));
  return `${JSON.stringify({ ...json, post_processor: { ...processor, single } }, null, 1)}\n`;
}
