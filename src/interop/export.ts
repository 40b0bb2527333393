import { join } from "node:path";
import { type Array, type Tensor, type TensorSpec, tree } from "../array/index.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../encoders/index.ts";
import { toOnnx } from "../engine/index.ts";
import { makeFolder, writeAtomically } from "../foundation/files.ts";
import { linkOrCopy, refuseForeignFolder } from "./folder.ts";
import type { HuggingFaceLayout, LayoutOf } from "./huggingface/layout.ts";
import { resnetLayout } from "./huggingface/resnet.ts";
import { vitLayout } from "./huggingface/vit.ts";
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
  readonly card: Omit<ModelCardFacts, "note">;
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
 * `last_hidden_state` and `pooler_output`, the representation `[batch, embedDim]`.
 * @throws UserError when the folder holds something else, or cannot be written
 */
export async function exportModel(options: ExportOptions): Promise<{ files: string[] }> {
  const { encoder, params, specs, to } = options;
  await refuseForeignFolder(to);
  const layout: HuggingFaceLayout | undefined = layouts[encoder.name]?.(encoder);
  const fn = (weights: Params, inputs: Inputs): { last_hidden_state: Array; pooler_output: Array } => ({
    last_hidden_state: encoder.hidden(weights, inputs),
    pooler_output: encoder.apply(weights, inputs),
  });
  const names = Object.keys(specs);
  const examples = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [1, ...shape] }]),
  );
  const model = await toOnnx(fn, [examples], {
    name: `encoder ${encoder.name}`,
    inputNames: names.map((name) => inputNames[name] ?? name),
    outputNames: ["last_hidden_state", "pooler_output"],
    params,
  });
  const json = (value: unknown) => [`${JSON.stringify(value, null, 2)}\n`];
  await makeFolder(join(to, "onnx"));
  await writeAtomically(join(to, "model.onnx"), [model]);
  await linkOrCopy(join(to, "model.onnx"), join(to, "onnx", "model.onnx"));
  const tensors: [string, Tensor][] = layout ? layout.tensors(params) : tree.entries<Tensor>(params);
  await writeSafetensors(join(to, "model.safetensors"), tensors, { format: "pt" });
  await writeAtomically(
    join(to, "config.json"),
    json({ ...layout?.config, autodidact: { ...encoder.hyperparameters, encoder: encoder.name } }),
  );
  if (options.preprocessor) await writeAtomically(join(to, "preprocessor_config.json"), json(options.preprocessor));
  const note = layout?.note ?? "`model.safetensors` has Autodidact's own names.";
  await writeAtomically(join(to, "README.md"), [modelCard({ ...options.card, note })]);
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
