import { dirname, join } from "node:path";
import { toOnnx } from "../engine/index.ts";
import { makeFolder, writeAtomically } from "../foundation/files.ts";
import { refuseForeignFolder } from "../foundation/outputs.ts";
import { linkOrCopy, makeModelFolder } from "./folder.ts";
import { classifierConfig } from "./huggingface/classifier.ts";
import { type ModelCardFacts, modelCard } from "./model-card.ts";
import { sealed } from "./onnx-seal.ts";
import type { Graph, PublishedModel, Publisher } from "./publisher.ts";
import { writeSafetensors } from "./safetensors.ts";

export interface ExportOptions {
  readonly model: PublishedModel;
  readonly publisher: Publisher;
  readonly card: Omit<ModelCardFacts, "note" | "usage" | "answers">;
  /** Folder to write. */
  readonly out: string;
}

/**
 * Writes a folder that other software can load: `model.onnx` (also as `onnx/model.onnx`, where transformers.js looks),
 * `model.safetensors`, `config.json`, further files of the kind of data (`preprocessor_config.json`, `tokenizer.json`),
 * further models of its own, and a model card. The publisher names inputs and parameters.
 * @returns the files' names
 * @throws UserError when the folder contains other files, or cannot be written
 */
export async function exportModel({ model, publisher, card, out }: ExportOptions): Promise<{ files: string[] }> {
  const { encoder, head } = model;
  await refuseForeignFolder(out, "model");
  const { graph, graphs = {}, layout, files, usage, settings } = publisher.describe(model);
  const file = await onnxOf(graph, encoder.name);
  await makeModelFolder(out);
  await writeAtomically(join(out, "model.onnx"), sealed(file));
  await linkOrCopy(join(out, "model.onnx"), join(out, "onnx", "model.onnx"));
  for (const [name, further] of Object.entries(graphs))
    await writeAtomically(join(out, name), sealed(await onnxOf(further, encoder.name)));
  await writeSafetensors(join(out, "model.safetensors"), layout.tensors, { format: "pt" });
  const config = {
    ...layout.config,
    ...(head ? classifierConfig(head) : {}),
    autodidact: { ...encoder.hyperparameters, encoder: encoder.name, ...settings },
  };
  const texts = {
    "config.json": `${JSON.stringify(config, null, 2)}\n`,
    ...files,
    "README.md": modelCard({ ...card, usage, answers: head, note: layout.note }),
  };
  for (const [name, text] of Object.entries(texts)) {
    await makeFolder(dirname(join(out, name)));
    await writeAtomically(join(out, name), [text]);
  }
  return {
    files: ["model.onnx", "onnx/model.onnx", ...Object.keys(graphs), "model.safetensors", ...Object.keys(texts)],
  };
}

const onnxOf = ({ fn, examples, ...names }: Graph, encoder: string) =>
  toOnnx(fn, examples, { name: `encoder ${encoder}`, ...names });
