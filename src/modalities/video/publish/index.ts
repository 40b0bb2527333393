import { np } from "../../../array/index.ts";
import { float32, type Tensor } from "../../../array/tensor.ts";
import { offerOf } from "../../../data/ability.ts";
import { type Normalization, normalization } from "../../../data/views.ts";
import { encoderGraph, plainUsage } from "../../../interop/plain.ts";
import type { PublishedModel, Publisher } from "../../../interop/publisher.ts";
import { videoMaeLayout } from "./videomae.ts";

/** The preprocessing of a frame, as in `preprocessor_config.json`. */
function preprocessor({ modality }: PublishedModel, { mean, std }: Normalization) {
  const [, , height = 0, width = 0] = modality.specs.pixels?.shape ?? [];
  return {
    image_processor_type: "VideoMAEImageProcessor",
    do_resize: true,
    size: { shortest_edge: height },
    // Bilinear, which Pillow averages when it shrinks, as Autodidact does.
    resample: 2,
    do_center_crop: true,
    crop_size: { height, width },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

/** The model with the axes of Hugging Face's video models: frames before channels. */
function framesFirst(model: PublishedModel): PublishedModel["modality"] {
  const { dtype = "float32", shape: [channels = 3, frames = 0, ...extents] = [] } = model.modality.specs.pixels ?? {};
  return { name: model.modality.name, specs: { pixel_values: { dtype, shape: [frames, channels, ...extents] } } };
}

/** `[batch, channels, frames, …]` → `[batch, frames, channels, …]`. */
function swapped({ shape, data }: Tensor): Tensor {
  const [batch = 0, channels = 0, frames = 0, ...extents] = shape;
  const values = new Float32Array(data.length);
  const plane = data.length / (batch * channels * frames);
  for (let sample = 0; sample < batch; sample++)
    for (let channel = 0; channel < channels; channel++)
      for (let frame = 0; frame < frames; frame++) {
        const from = ((sample * channels + channel) * frames + frame) * plane;
        const to = ((sample * frames + frame) * channels + channel) * plane;
        values.set(data.subarray(from, from + plane), to);
      }
  return float32(values, [batch, frames, channels, ...extents]);
}

/**
 * Video models for Hugging Face's libraries and for ONNX Runtime. The ONNX model reads `pixel_values`
 * `[batch, frames, channels, height, width]` with a free batch, and gives `last_hidden_state` and `pooler_output`, the
 * representation `[batch, embedDim]`; with a head, before them, `logits` `[batch, outputs]`.
 */
export const videoPublisher: Publisher = {
  describe(model) {
    const scaled = offerOf(model.modality, normalization);
    const modality = framesFirst(model);
    const [frames = 0, , height = 0, width = 0] = modality.specs.pixel_values?.shape ?? [];
    const warning = `A clip is ${frames} frames of ${height} × ${width} pixels at the rate that the run's clips were decoded at (\`--frame-rate\`)${scaled ? `; values from 0 to 1, minus ${scaled.mean.join(", ")}, divided by ${scaled.std.join(", ")}` : ""}.`;
    return {
      graph: encoderGraph(model, {
        specs: modality.specs,
        tensors: ({ pixel_values: values }) => ({ pixels: np.transpose(values!, [0, 2, 1, 3, 4]) }),
      }),
      layout: videoMaeLayout(model),
      files: scaled && { "preprocessor_config.json": `${JSON.stringify(preprocessor(model, scaled), null, 2)}\n` },
      usage: { ...plainUsage({ ...model, modality }), warning },
    };
  },
  feeds: ({ pixels, ...others }) => ({ ...others, ...(pixels ? { pixel_values: swapped(pixels) } : {}) }),
};
