import type { Tensor } from "../array/index.ts";
import { type FileInput, openOnnx } from "../engine/index.ts";
import type { Publisher } from "./publisher.ts";

/** Names of the output with the samples' vectors. */
const outputs = ["pooler_output", "sentence_embedding"];

/** An open exported encoder, which maps batches of a modality's tensors to vectors. */
export interface ExportedModel {
  /** The file's inputs. @param batch the modality's tensors by name, with a leading batch dimension */
  feeds(batch: Readonly<Record<string, Tensor>>): Record<string, FileInput>;
  /** `[rows, dim]` */
  vectors(feeds: Readonly<Record<string, FileInput>>): Promise<Tensor>;
  /** The head's logits `[rows, outputs]`, or a language model's logits of tokens; absent if the file has none. */
  logits?(feeds: Readonly<Record<string, FileInput>>): Promise<Tensor>;
  dispose(): Promise<void>;
}

/**
 * Opens an ONNX file of an encoder.
 * @param publisher of its kind of data, which names the inputs
 * @throws Error when the file has no output of vectors
 */
export async function openExported(
  model: Uint8Array,
  publisher: Publisher,
  options: { threads?: number } = {},
): Promise<ExportedModel> {
  const file = await openOnnx(model, options);
  const output = outputs.find((name) => file.outputNames.includes(name));
  if (!output)
    throw new Error(`the model has outputs ${file.outputNames.join(", ")}, but neither ${outputs.join(" nor ")}`);
  return {
    feeds(batch) {
      const all = publisher.feeds(batch);
      return Object.fromEntries(
        file.inputNames.map((name) => {
          const feed = all[name];
          if (!feed) throw new Error(`the model needs input ${name}, which these data do not have`);
          return [name, feed];
        }),
      );
    },
    vectors: async (feeds) => (await file.run(feeds, [output]))[output]!,
    ...(file.outputNames.includes("logits")
      ? { logits: async (feeds: Readonly<Record<string, FileInput>>) => (await file.run(feeds, ["logits"])).logits! }
      : {}),
    dispose: () => file.dispose(),
  };
}
