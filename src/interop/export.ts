import { join } from "node:path";
import { type Array, type Tensor, type TensorSpec, type Traced, tree } from "../array/index.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../encoders/index.ts";
import { toOnnx } from "../engine/index.ts";
import { writeAtomically } from "../foundation/files.ts";
import type { MethodParams } from "../methods/index.ts";
import { resnetLayout } from "../modalities/image/publish/resnet.ts";
import { vitLayout } from "../modalities/image/publish/vit.ts";
import { linkOrCopy, makeModelFolder, refuseForeignFolder } from "./folder.ts";
import { classifierConfig, type ExportedHead } from "./huggingface/classifier.ts";
import type { LayoutOf } from "./huggingface/layout.ts";
import { type ModelCardFacts, modelCard } from "./model-card.ts";
import { writeSafetensors } from "./safetensors.ts";

const layouts: Record<string, LayoutOf> = { vit: vitLayout, resnet: resnetLayout };

export interface ExportOptions {
  readonly encoder: Encoder;
  readonly params: InitialParams;
  /** What the encoder reads, per sample. */
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** `preprocessor_config.json`. */
  readonly preprocessor?: Readonly<Record<string, unknown>>;
  /** What it answers, where it has learned from labels. */
  readonly head?: ExportedHead;
  readonly card: Omit<ModelCardFacts, "note" | "task" | "answers">;
  /** Folder to write. */
  readonly to: string;
}

/** Names that transformers.js gives the inputs of a model. */
const inputNames: Record<string, string> = { pixels: "pixel_values" };

/**
 * Writes a folder that Hugging Face's libraries load: `model.onnx` (also as `onnx/model.onnx`, where transformers.js
 * looks), `model.safetensors`, `config.json`, `preprocessor_config.json` and a model card.
 *
 * The ONNX model reads `pixel_values` `[batch, channels, height, width]` with a free batch, and gives
 * `last_hidden_state` and `pooler_output`, the representation `[batch, embedDim]`; with a head, in front of them, `logits`
 * `[batch, outputs]`: of classes or labels, or the value in its own units.
 * @throws UserError when the folder holds something else, or cannot be written
 */
export async function exportModel(options: ExportOptions): Promise<{ files: string[] }> {
  const { encoder, params, specs, head, to } = options;
  await refuseForeignFolder(to);
  const vectors = (weights: Params, inputs: Inputs): { last_hidden_state: Array; pooler_output: Array } => ({
    last_hidden_state: encoder.hidden(weights, inputs),
    pooler_output: encoder.apply(weights, inputs),
  });
  const answers =
    head &&
    ((weights: Traced<MethodParams>, inputs: Inputs): Record<string, Array> => ({
      logits: head.predict(weights, inputs),
      ...vectors(weights.encoder, inputs),
    }));
  const names = Object.keys(specs);
  const examples = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [1, ...shape] }]),
  );
  const model = await toOnnx(answers ?? vectors, [examples], {
    name: `encoder ${encoder.name}`,
    inputNames: names.map((name) => inputNames[name] ?? name),
    outputNames: [...(head ? ["logits"] : []), "last_hidden_state", "pooler_output"],
    params: head?.params ?? params,
  });
  const json = (value: unknown) => [`${JSON.stringify(value, null, 2)}\n`];
  await makeModelFolder(to);
  await writeAtomically(join(to, "model.onnx"), [model]);
  await linkOrCopy(join(to, "model.onnx"), join(to, "onnx", "model.onnx"));
  const { config, tensors, note } = named(options);
  await writeSafetensors(join(to, "model.safetensors"), tensors, { format: "pt" });
  const own = { ...encoder.hyperparameters, encoder: encoder.name };
  await writeAtomically(
    join(to, "config.json"),
    json({ ...config, ...(head ? classifierConfig(head) : {}), autodidact: own }),
  );
  if (options.preprocessor) await writeAtomically(join(to, "preprocessor_config.json"), json(options.preprocessor));
  const task = head ? "image-classification" : "image-feature-extraction";
  await writeAtomically(join(to, "README.md"), [modelCard({ ...options.card, task, answers: head, note })]);
  return {
    files: [
      "model.onnx",
      "onnx/model.onnx",
      "model.safetensors",
      "config.json",
      "preprocessor_config.json",
      "README.md",
    ],
  };
}

/** The parameters under published names, and what is to be said of these. */
function named({ encoder, params, head }: ExportOptions): {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [string, Tensor])[];
  readonly note: string;
} {
  const layout = layouts[encoder.name]?.(encoder);
  const ownNames = "`model.safetensors` has Autodidact's own names.";
  if (!layout) return { tensors: tree.entries<Tensor>(head?.params ?? params), note: ownNames };
  if (!head) {
    const { model } = layout;
    return {
      config: { ...layout.config, architectures: [model] },
      tensors: layout.tensors(params),
      note: layout.note(model),
    };
  }
  const { model, prefix, layer } = layout.classifier;
  const config = { ...layout.config, architectures: [model] };
  if (!head.linear) return { config, tensors: tree.entries<Tensor>(head.params), note: ownNames };
  const { weight, bias } = head.linear;
  const encoderTensors = layout.tensors(params).map(([name, tensor]) => [`${prefix}${name}`, tensor] as const);
  return {
    config,
    tensors: [...encoderTensors, [`${layer}.weight`, weight], [`${layer}.bias`, bias]],
    note: layout.note(model),
  };
}
