import type { Tensor } from "../array/index.ts";
import { type FileInput, openOnnx } from "../engine/index.ts";
import type { Publisher } from "./publisher.ts";

/** What exports call the vectors of samples. */
const outputs = ["pooler_output", "sentence_embedding"];

/** An exported encoder, opened: from batches of a modality's tensors to vectors. */
export interface ExportedModel {
  /** The inputs as the file has them. @param batch the modality's tensors by name, with the batch in front */
  feeds(batch: Readonly<Record<string, Tensor>>): Record<string, FileInput>;
  /** `[rows, dim]` */
  vectors(feeds: Readonly<Record<string, FileInput>>): Promise<Tensor>;
  /** What the head answers, `[rows, outputs]`, where the file has one (or, of a language model, the tokens' logits). */
  logits?(feeds: Readonly<Record<string, FileInput>>): Promise<Tensor>;
  dispose(): Promise<void>;
}

/**
 * Opens an ONNX file of an encoder.
 * @param publisher how models of its kind of data name their inputs
 * @throws Error when it gives no vectors, or reads what nothing is known of
 */
export async function openExported(
  model: Uint8Array,
  publisher: Publisher,
  options: { threads?: number } = {},
): Promise<ExportedModel> {
  const file = await openOnnx(model, options);
  const output = outputs.find((name) => file.outputNames.includes(name));
  if (!output)
    throw new Error(`the model gives ${file.outputNames.join(", ")}, none of which is ${outputs.join(" or ")}`);
  return {
    feeds(batch) {
      const all = publisher.feeds(batch);
      return Object.fromEntries(
        file.inputNames.map((name) => {
          const feed = all[name];
          if (!feed) throw new Error(`the model reads ${name}, which these data do not have`);
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
