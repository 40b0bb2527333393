import type { Tensor } from "../array/index.ts";
import { type FileInput, openOnnx } from "../engine/index.ts";
import { messageOf, UserError } from "../foundation/errors.ts";
import { unsealed } from "./onnx-seal.ts";
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

/** @throws UserError when a value is not finite */
function finite(tensor: Tensor, name: string, what: string): Tensor {
  for (const value of tensor.data)
    if (!Number.isFinite(value))
      throw new UserError(`${name}: gives ${what} that are not finite (NaN or infinite); export it again`);
  return tensor;
}

/**
 * Opens an ONNX file of an encoder.
 * @param publisher of its kind of data, which names the inputs
 * @param options.name of the file, for errors
 * @throws UserError when the file is damaged, or has no output of vectors; later, when its outputs are not finite
 */
export async function openExported(
  model: Uint8Array,
  publisher: Publisher,
  { name = "model.onnx", ...options }: { readonly threads?: number; readonly name?: string } = {},
): Promise<ExportedModel> {
  const file = await openOnnx(unsealed(model, name), options).catch((error: unknown) => {
    throw error instanceof UserError
      ? error
      : new UserError(`${name}: not a model that ONNX Runtime can run (${messageOf(error)})`);
  });
  const output = outputs.find((one) => file.outputNames.includes(one));
  if (!output) {
    await file.dispose();
    throw new UserError(`${name}: has outputs ${file.outputNames.join(", ")}, but neither ${outputs.join(" nor ")}`);
  }
  return {
    feeds(batch) {
      const all = publisher.feeds(batch);
      return Object.fromEntries(
        file.inputNames.map((input) => {
          const feed = all[input];
          if (!feed) throw new UserError(`${name}: needs input ${input}, which these data do not have`);
          return [input, feed];
        }),
      );
    },
    vectors: async (feeds) => finite((await file.run(feeds, [output]))[output]!, name, "vectors"),
    ...(file.outputNames.includes("logits")
      ? {
          logits: async (feeds: Readonly<Record<string, FileInput>>) =>
            finite((await file.run(feeds, ["logits"])).logits!, name, "logits"),
        }
      : {}),
    dispose: () => file.dispose(),
  };
}
