import type { Tensor } from "../array/index.ts";
import { type FileInput, openOnnx } from "../engine/index.ts";
import { messageOf, UserError } from "../foundation/errors.ts";
import { unsealed } from "./onnx-seal.ts";
import type { Publisher } from "./publisher.ts";

/** Names of the outputs with the samples' vectors; those of pairs are in two halves. */
const outputs = [["pooler_output"], ["sentence_embedding"], ["image_embeds", "text_embeds"]] as const;

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

/** Matrices of as many rows, beside each other. */
function besideEachOther(matrices: readonly Tensor[]): Tensor {
  const [first, second] = matrices;
  if (!first || !second) return first!;
  const rows = first.shape[0]!;
  if (second.shape[0] !== rows) throw new Error(`${rows} vectors of one side and ${second.shape[0]} of the other`);
  const [left = 0, right = 0] = [first.shape[1], second.shape[1]];
  const data = new Float32Array(rows * (left + right));
  for (let row = 0; row < rows; row++) {
    data.set(first.data.subarray(row * left, (row + 1) * left), row * (left + right));
    data.set(second.data.subarray(row * right, (row + 1) * right), row * (left + right) + left);
  }
  return { dtype: "float32", shape: [rows, left + right], data };
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
  const found = outputs.find((names) => names.every((one) => file.outputNames.includes(one)));
  if (!found) {
    await file.dispose();
    throw new UserError(
      `${name}: has outputs ${file.outputNames.join(", ")}, but neither ${outputs.map((names) => names.join(" with ")).join(" nor ")}`,
    );
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
    async vectors(feeds) {
      const results = await file.run(feeds, found);
      return finite(besideEachOther(found.map((output) => results[output]!)), name, "vectors");
    },
    ...(file.outputNames.includes("logits")
      ? {
          logits: async (feeds: Readonly<Record<string, FileInput>>) =>
            finite((await file.run(feeds, ["logits"])).logits!, name, "logits"),
        }
      : {}),
    dispose: () => file.dispose(),
  };
}
