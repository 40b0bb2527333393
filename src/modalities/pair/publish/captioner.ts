import type { Traced } from "../../../array/index.ts";
import { type Array, type Tensor, tree } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { vocabulary as vocabularyAbility } from "../../../data/vocabulary.ts";
import { pictureCode, pipelineUsage } from "../../../interop/huggingface/usage.ts";
import type { ExportedWriter, Graph, ModelParams, Publication, PublishedModel } from "../../../interop/publisher.ts";
import { type SidePublishers, sidePublication } from "./sides.ts";

/**
 * A model that writes captions, as transformers.js reads `vision-encoder-decoder`: `image-to-text`.
 *
 * `onnx/encoder_model.onnx` maps `pixel_values` to `last_hidden_state` `[batch, places, width]`; `onnx/decoder_model_merged.onnx` maps
 * `input_ids` and `encoder_hidden_states` to `logits` `[batch, sequence, vocabulary]`. In the place of a cache of keys and values it
 * keeps the earlier tokens. `model.onnx` is the image encoder by itself.
 */
export function captionerPublication(
  model: PublishedModel,
  writer: ExportedWriter,
  publishers: SidePublishers,
): Publication {
  const { encoder, params, modality } = model;
  const { pixels } = modality.specs;
  const vocabulary = offerOf(modality, vocabularyAbility);
  if (!pixels || !vocabulary) throw new Error(`${modality.name}: no pixels, or no vocabulary`);
  const { ids, length, size } = vocabulary;
  const images = sidePublication(model, "image", writer.encoder, publishers);
  const texts = sidePublication(model, "text", { encoder, path: "" }, publishers);

  const reader: Graph = {
    fn: (weights: Traced<ModelParams>, { pixel_values }: { pixel_values: Array }) => ({
      last_hidden_state: writer.read(weights, { pixels: pixel_values }),
    }),
    params,
    examples: [{ pixel_values: { ...pixels, shape: [1, ...pixels.shape] } }],
    inputNames: ["pixel_values"],
    outputNames: ["last_hidden_state"],
  };
  const decoder: Graph = {
    fn: (weights: Traced<ModelParams>, given: { input_ids: Array; encoder_hidden_states: Array }) => ({
      logits: writer.next(weights, given.input_ids, given.encoder_hidden_states),
    }),
    params,
    examples: [
      {
        input_ids: { dtype: "int32", shape: [1, length] },
        encoder_hidden_states: { dtype: "float32", shape: [1, ...writer.memory] },
      },
    ],
    inputNames: ["input_ids", "encoder_hidden_states"],
    outputNames: ["logits"],
    tokens: { length, cache: { past: "past_key_values.0.key", present: "present.0.key" } },
  };
  const special = {
    decoder_start_token_id: ids.begin,
    bos_token_id: ids.begin,
    eos_token_id: ids.end,
    pad_token_id: ids.pad,
  };
  const { width, depth, heads } = writer.decoder;
  const photo = pictureCode(pixels.shape[0]);
  const usage = pipelineUsage(
    "image-to-text",
    `const [{ generated_text }] = await run(${photo.file});`,
    `input \`pixel_values\`, outputs \`last_hidden_state\` and
\`pooler_output\` of the image encoder. \`onnx/encoder_model.onnx\` and \`onnx/decoder_model_merged.onnx\` write captions: the second
reads \`input_ids\`, \`encoder_hidden_states\` and \`past_key_values.0.key\`, which holds the tokens before`,
    photo.names,
  );
  return {
    graph: images.graph,
    graphs: { "onnx/encoder_model.onnx": reader, "onnx/decoder_model_merged.onnx": decoder },
    layout: {
      config: {
        model_type: "vision-encoder-decoder",
        architectures: ["VisionEncoderDecoderModel"],
        is_encoder_decoder: true,
        ...special,
        encoder: images.layout.config ?? { model_type: writer.encoder.encoder.name },
        // The decoder whose generation transformers.js drives in the same way; it has other norms.
        decoder: {
          ...{ model_type: "gpt2", vocab_size: size, n_positions: length },
          ...{ n_embd: width, n_layer: depth, n_head: heads },
        },
      },
      tensors: tree.entries<Tensor>(params),
      note: "`model.safetensors` has Autodidact's own names, since no Python class has such a decoder.",
    },
    files: {
      ...images.files,
      ...texts.files,
      "generation_config.json": `${JSON.stringify({ ...special, max_length: length }, null, 2)}\n`,
    },
    usage: { ...usage, ...(images.usage.warning === undefined ? {} : { warning: images.usage.warning }) },
  };
}
