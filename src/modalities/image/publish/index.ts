import { offerOf } from "../../../data/ability.ts";
import { type Normalization, normalization } from "../../../data/views.ts";
import { hubLayout } from "../../../interop/hub-layout.ts";
import type { LayoutOf } from "../../../interop/huggingface/layout.ts";
import { headUsage, pictureCode, pipelineUsage } from "../../../interop/huggingface/usage.ts";
import { encoderGraph } from "../../../interop/plain.ts";
import type { PublishedModel, Publisher, Usage } from "../../../interop/publisher.ts";
import { adoptImages, hasImageNames, IMAGE_MODELS } from "./adopt/index.ts";
import { imageOptionsBeside } from "./adopt/preprocessing.ts";
import { resnetLayout } from "./resnet.ts";
import { vitLayout } from "./vit.ts";

const layouts: Readonly<Record<string, LayoutOf>> = { vit: vitLayout, resnet: resnetLayout };

/** The preprocessing before the encoder, as in `preprocessor_config.json`. */
function preprocessor({ modality }: PublishedModel, { mean, std }: Normalization) {
  const [channels = 3, height = 0, width = 0] = modality.specs.pixels?.shape ?? [];
  return {
    // Not ViTImageProcessor, which would distort oblong images to a square.
    image_processor_type: "BitImageProcessor",
    do_convert_rgb: channels === 3,
    do_convert_grayscale: channels === 1,
    do_resize: true,
    size: { shortest_edge: height },
    do_center_crop: true,
    crop_size: { height, width },
    // Lanczos: the only filter with which transformers.js averages when it shrinks in Node; see `CAUTION`.
    resample: 1,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

/** What is left between the answers here and those of other software, measured in `test/modalities/image/publish.test.ts`. */
const CAUTION = `transformers.js shrinks photos in Node by the Lanczos filter, which is close to Autodidact's, and in browsers without
averaging: shrink large photos there to about the model's size before. In Python, \`resample=2\` is Autodidact's own filter.
Transparency, which Autodidact puts on white, is ignored by both, and grey with transparency not read by transformers.js:
\`sharp(file).flatten({ background: "white" }).toColourspace("srgb")\` puts it on white before.`;

const ONNX = (outputs: string) => `input \`pixel_values\`, outputs ${outputs}; the\nbatch is free`;
const VECTORS = "`last_hidden_state` and `pooler_output`";

function usageOf({ head, modality }: PublishedModel): Usage {
  const { file, names, read } = pictureCode(modality.specs.pixels?.shape[0]);
  if (!head)
    return pipelineUsage(
      "image-feature-extraction",
      `const vector = await run(${file}, { pool: true });`,
      ONNX(VECTORS),
      names,
    );
  return headUsage(
    head,
    {
      reader: "AutoProcessor",
      model: "AutoModelForImageClassification",
      names: ["RawImage"],
      input: `await read(${read})`,
      multiLabel: false,
    },
    pipelineUsage(
      "image-classification",
      `const predictions = await run(${file}, { top_k: 3 });`,
      ONNX(`\`logits\`, ${VECTORS}`),
      names,
    ),
  );
}

/**
 * Image models for transformers.js and Hugging Face's libraries. The ONNX model reads `pixel_values`
 * `[batch, channels, height, width]` with a free batch, and gives `last_hidden_state` and `pooler_output`, the
 * representation `[batch, embedDim]`; with a head, before them, `logits` `[batch, outputs]`.
 */
export const imagePublisher: Publisher = {
  describe(model) {
    const scaled = offerOf(model.modality, normalization);
    const usage = usageOf(model);
    return {
      graph: encoderGraph(model, {
        specs: { pixel_values: model.modality.specs.pixels! },
        tensors: ({ pixel_values: pixels }) => ({ pixels: pixels! }),
      }),
      layout: hubLayout(model, layouts[model.encoder.name]?.(model.encoder)),
      files: scaled && { "preprocessor_config.json": `${JSON.stringify(preprocessor(model, scaled), null, 2)}\n` },
      settings: model.options && {
        ...{ modality: "image", encoderOptions: model.options.encoder, modalityOptions: model.options.modality },
      },
      usage: { ...usage, warning: usage.warning ? `${usage.warning}\n\n${CAUTION}` : CAUTION },
    };
  },
  prepares: imageOptionsBeside,
  adopts: IMAGE_MODELS,
  adoptsNames: hasImageNames,
  adopt: adoptImages,
  feeds: ({ pixels, ...others }) => ({ ...others, ...(pixels ? { pixel_values: pixels } : {}) }),
};
