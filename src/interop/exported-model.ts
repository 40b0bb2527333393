import { allocate, type Tensor } from "../array/index.ts";
import { type FileInput, openOnnx } from "../engine/index.ts";

/** What exports call the vectors of samples. */
const outputs = ["pooler_output", "sentence_embedding"];

/** An exported encoder, opened: from batches of a modality's tensors to vectors. */
export interface ExportedModel {
  /** The inputs as the file has them. @param batch `{ pixels }` or `{ ids, mask }`, with the batch in front */
  feeds(batch: Readonly<Record<string, Tensor>>): Record<string, FileInput>;
  /** `[rows, dim]` */
  vectors(feeds: Readonly<Record<string, FileInput>>): Promise<Tensor>;
  /** What the head answers, `[rows, outputs]`, where the file has one (or, of a language model, the words' logits). */
  logits?(feeds: Readonly<Record<string, FileInput>>): Promise<Tensor>;
  dispose(): Promise<void>;
}

/** Opens an ONNX file of an encoder. @throws Error when it gives no vectors, or reads what nothing is known of */
export async function openExported(model: Uint8Array, options: { threads?: number } = {}): Promise<ExportedModel> {
  const file = await openOnnx(model, options);
  const output = outputs.find((name) => file.outputNames.includes(name));
  if (!output)
    throw new Error(`the model gives ${file.outputNames.join(", ")}, none of which is ${outputs.join(" or ")}`);
  return {
    feeds: (batch) => Object.fromEntries(file.inputNames.map((name) => [name, feedOf(name, batch)])),
    vectors: async (feeds) => (await file.run(feeds, [output]))[output]!,
    ...(file.outputNames.includes("logits")
      ? { logits: async (feeds: Readonly<Record<string, FileInput>>) => (await file.run(feeds, ["logits"])).logits! }
      : {}),
    dispose: () => file.dispose(),
  };
}

function feedOf(name: string, { pixels, ids, mask }: Readonly<Record<string, Tensor>>): FileInput {
  const words = (tensor: Tensor | undefined): FileInput | undefined =>
    tensor && { dtype: "int64", shape: tensor.shape, data: Int32Array.from(tensor.data) };
  const rows = (pixels ?? ids)?.shape[0] ?? 0;
  const found: Record<string, FileInput | undefined> = {
    pixel_values: pixels,
    input_ids: words(ids),
    attention_mask: words(mask),
    token_type_ids: words(ids && { ...ids, data: new Int32Array(ids.data.length) }),
    // Nothing came before.
    "past_key_values.0.key": { dtype: "float32", shape: [rows, 1, 0, 1], data: allocate("float32", 0) },
  };
  const feed = found[name];
  if (!feed) throw new Error(`the model reads ${name}, which these data do not have`);
  return feed;
}
