import { type Array, np, type Traced } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { sharedSpace } from "../../../encoders/abilities.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import { pictureCode, pipelineUsage } from "../../../interop/huggingface/usage.ts";
import type {
  ExportedMatching,
  Graph,
  Layout,
  ModelParams,
  Publication,
  PublishedModel,
} from "../../../interop/publisher.ts";
import { dualEncoderLayout } from "./dual-encoder.ts";
import { type SidePublishers, sidePublication, towerOf } from "./sides.ts";

/** Names of the batches: a call may have any number of images and any number of texts. */
const BATCHES = {
  pixel_values: "image_batch_size",
  input_ids: "text_batch_size",
  attention_mask: "text_batch_size",
} as const;
type Names = Readonly<Record<keyof typeof BATCHES, Array>>;

/** The pair's tensors by the file's names. */
const tensorsOf = ({ pixel_values, input_ids, attention_mask }: Partial<Names>): Inputs => ({
  ...(pixel_values ? { pixels: pixel_values } : {}),
  ...(input_ids ? { ids: input_ids } : {}),
  ...(attention_mask ? { mask: attention_mask } : {}),
});

const SOFTMAX = {
  type: "clip",
  model: "CLIPModel",
  text: { class: "CLIPTextModelWithProjection", output: "text_embeds" },
  vision: { class: "CLIPVisionModelWithProjection", output: "image_embeds" },
} as const;
/** SigLIP's towers have no other vectors than those of the shared space, and call them so. */
const SIGMOID = {
  type: "siglip",
  model: "SiglipModel",
  text: { class: "SiglipTextModel", output: "pooler_output" },
  vision: { class: "SiglipVisionModel", output: "pooler_output" },
} as const;

/**
 * A model of images and texts in one space as transformers.js reads CLIP, or SigLIP where the method compares by a sigmoid:
 * `zero-shot-image-classification`, and each tower by itself.
 *
 * `model.onnx` reads `pixel_values` of any number of images, and `input_ids` with `attention_mask` of any number of texts; it gives
 * `logits_per_image` `[images, texts]`, temperature and bias included, `logits_per_text`, and `text_embeds` and `image_embeds` of
 * length 1, `[rows, dim]`. `onnx/text_model.onnx` and `onnx/vision_model.onnx` give the vectors of one side.
 */
export function contrastivePublication(
  model: PublishedModel,
  matching: ExportedMatching,
  publishers: SidePublishers,
): Publication {
  const { encoder, params, modality } = model;
  const shared = offerOf(encoder, sharedSpace);
  if (!shared) throw new Error(`${encoder.name}: no shared space`);
  const names = matching.probability === "sigmoid" ? SIGMOID : SOFTMAX;
  const { pixels, ids, mask } = modality.specs;
  if (!pixels || !ids || !mask) throw new Error(`${modality.name}: no pixels, ids and mask`);
  const specs = { pixel_values: pixels, input_ids: ids, attention_mask: mask };
  const [length = 0] = ids.shape;

  const embed = (weights: Traced<ModelParams>, side: keyof SidePublishers, given: Partial<Names>): Array =>
    shared.embed(weights.encoder, side, tensorsOf(given));
  const graphOf = (inputs: readonly (keyof Names)[], outputNames: readonly string[], fn: Graph["fn"]): Graph => ({
    fn,
    params,
    examples: [Object.fromEntries(inputs.map((name) => [name, { ...specs[name], shape: [1, ...specs[name].shape] }]))],
    inputNames: inputs,
    outputNames,
    tokens: { length },
    batches: BATCHES,
  });

  const whole = graphOf(
    ["input_ids", "pixel_values", "attention_mask"],
    ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"],
    (weights: Traced<ModelParams>, given: Names) => {
      const [image_embeds, text_embeds] = [embed(weights, "image", given), embed(weights, "text", given)];
      const cosines = np.matmul(image_embeds, np.transpose(text_embeds));
      const logits_per_image = matching.logits(weights, cosines);
      return { logits_per_image, logits_per_text: np.transpose(logits_per_image), text_embeds, image_embeds };
    },
  );
  const text = graphOf(
    ["input_ids", "attention_mask"],
    [names.text.output],
    (weights: Traced<ModelParams>, given: Names) => ({ [names.text.output]: embed(weights, "text", given) }),
  );
  const vision = graphOf(["pixel_values"], [names.vision.output], (weights: Traced<ModelParams>, given: Names) => ({
    [names.vision.output]: embed(weights, "image", given),
  }));
  const images = sidePublication(model, "image", towerOf(model, "image"), publishers);
  const texts = sidePublication(model, "text", towerOf(model, "text"), publishers);
  const { layout, files } = dualEncoderLayout(model, { image: images.layout, text: texts.layout });
  const config: Layout["config"] = { model_type: names.type, architectures: [names.model], projection_dim: shared.dim };
  const photo = pictureCode(pixels.shape[0]);
  const usage = pipelineUsage(
    "zero-shot-image-classification",
    `const classes = await run(${photo.file}, ["a cat", "two dogs"], { hypothesis_template: "{}" });

// Texts and images in one space, where a dot product says how well they fit: for search.
const read = await AutoTokenizer.from_pretrained("path/to/this/folder");
const texts = await ${names.text.class}.from_pretrained("path/to/this/folder", { dtype: "fp32" });
const { ${names.text.output}: vectors } = await texts(read(["a cat", "two dogs"], { padding: true, truncation: true }));
const process = await AutoProcessor.from_pretrained("path/to/this/folder");
const images = await ${names.vision.class}.from_pretrained("path/to/this/folder", { dtype: "fp32" });
const { ${names.vision.output}: vector } = await images(await process(${photo.read}));`,
    `inputs \`pixel_values\` of any number of images, and \`input_ids\` with
\`attention_mask\` of any number of texts; outputs \`logits_per_image\`, \`logits_per_text\`, \`text_embeds\` and \`image_embeds\`.
\`onnx/text_model.onnx\` and \`onnx/vision_model.onnx\` are the towers`,
    ["AutoProcessor", "AutoTokenizer", names.text.class, names.vision.class, "RawImage"],
  );
  const template = `It was trained on captions as they are, and the pipeline's own template is "This is a photo of {}": give
\`hypothesis_template: "{}"\`, and classes in the words of the captions, as above.`;
  return {
    graph: whole,
    graphs: { "onnx/text_model.onnx": text, "onnx/vision_model.onnx": vision },
    layout: { ...layout, config },
    files: { ...images.files, ...texts.files, ...files },
    usage: { ...usage, warning: [template, images.usage.warning].filter(Boolean).join("\n\n") },
  };
}
