import { np, type Tensor, type TensorSpec } from "../../../array/index.ts";
import type { FileInput } from "../../../engine/index.ts";
import { hubLayout } from "../../../interop/hub-layout.ts";
import { encoderGraph, type GivenInputs, plainPublisher, plainUsage } from "../../../interop/plain.ts";
import type { PublishedModel, Publisher } from "../../../interop/publisher.ts";
import { patchtstLayout } from "./patchtst.ts";

/** Our inputs and Hugging Face's names of them, in which time comes before the channels. */
const GIVEN = { series: "past_values", mask: "past_observed_mask" } as const;
const names = Object.entries(GIVEN);

/** Inputs of PatchTST's classes, `[batch, length, channels]`. */
function timeFirst({ modality: { specs } }: PublishedModel): GivenInputs {
  const found = names.flatMap(([ours, theirs]): [string, TensorSpec][] => {
    const spec = specs[ours];
    return spec ? [[theirs, { dtype: spec.dtype, shape: spec.shape.toReversed() }]] : [];
  });
  return {
    specs: Object.fromEntries(found),
    tensors: (given) =>
      Object.fromEntries(
        names.flatMap(([ours, theirs]) => (given[theirs] ? [[ours, np.transpose(given[theirs], [0, 2, 1])]] : [])),
      ),
  };
}

const NORMALISED =
  "Values are those of the run's channels, in its order and at its step, normalised as the run does: `statistics.json` has mean and deviation of each channel, and what is missing is 0.";

/**
 * Models of series. The encoder `patchtst` has Hugging Face's layout and inputs: `past_values`, float32
 * `[batch, length, channels]`, and `past_observed_mask`, int32 of the same shape, if the run has a mask. Any other reads
 * `series` `[batch, channels, length]`.
 */
export const seriesPublisher: Publisher = {
  describe(model) {
    const statistics = model.files?.["statistics.json"];
    const files = statistics === undefined ? undefined : { "statistics.json": `${statistics}\n` };
    const warning = files && NORMALISED;
    if (model.encoder.name !== "patchtst") {
      const plain = plainPublisher.describe(model);
      return { ...plain, ...(files ? { files } : {}), usage: { ...plain.usage, ...(warning ? { warning } : {}) } };
    }
    const given = timeFirst(model);
    return {
      graph: encoderGraph(model, given),
      layout: hubLayout(model, patchtstLayout(model)),
      ...(files ? { files } : {}),
      usage: {
        ...plainUsage({ ...model, modality: { ...model.modality, specs: given.specs } }),
        ...(warning ? { warning } : {}),
      },
    };
  },
  feeds(batch) {
    const given = Object.entries(batch).flatMap(([ours, tensor]): [string, FileInput][] => {
      const theirs = names.find(([name]) => name === ours)?.[1];
      return [[ours, tensor], ...(theirs ? [[theirs, swapped(tensor)] as [string, FileInput]] : [])];
    });
    return Object.fromEntries(given);
  },
};

/** `[batch, channels, length]` → `[batch, length, channels]`. */
function swapped({ dtype, data, shape }: Tensor): Tensor {
  const [batch = 0, channels = 0, length = 0] = shape;
  const values = data.slice();
  for (let row = 0; row < batch; row++)
    for (let channel = 0; channel < channels; channel++)
      for (let step = 0; step < length; step++)
        values[(row * length + step) * channels + channel] = data[(row * channels + channel) * length + step]!;
  return { dtype, data: values, shape: [batch, length, channels] };
}
