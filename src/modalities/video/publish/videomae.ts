import type { Tensor } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patches } from "../../../encoders/abilities.ts";
import type { InitialParams } from "../../../encoders/index.ts";
import { hubLayout } from "../../../interop/hub-layout.ts";
import { lookup } from "../../../interop/huggingface/pieces.ts";
import { toConvolution, unusualPart, vitBlocks, vitConfig } from "../../../interop/huggingface/vit-names.ts";
import { plainLayout } from "../../../interop/plain.ts";
import type { Layout, PublishedModel } from "../../../interop/publisher.ts";

/**
 * ViT over tubelets as `VideoMAEModel`. https://huggingface.co/docs/transformers/model_doc/videomae
 *
 * `config.json` is VideoMAE's for every ViT; the parameters have its names where its Python class computes the same: square
 * frames and patches, no class token, and positions by the patch's number, which are not in the file.
 */
export function videoMaeLayout(model: PublishedModel): Layout {
  const { encoder, modality, head } = model;
  const { hyperparameters } = encoder;
  const grid = offerOf(encoder, patches)?.grid;
  const [channels = 3, ...extents] = modality.specs.pixels?.shape ?? [];
  if (encoder.name !== "vit" || grid?.length !== 3 || extents.length !== 3) return plainLayout(model);
  const [frames = 0, height = 0, imageWidth = 0] = extents;
  const [tubelet = 0, rows = 0, columns = 0] = extents.map((extent, axis) => extent / grid[axis]!);
  const { depth, prefix, isPruned, config: common } = vitConfig(encoder);
  const config = {
    model_type: "videomae",
    ...common,
    image_size: height,
    patch_size: rows,
    num_channels: channels,
    num_frames: frames,
    tubelet_size: tubelet,
    // Of the class, too, the last norm is that of the tokens, before their mean.
    use_mean_pooling: false,
  };
  const unusual = unusualPart(encoder);
  const different = unusual
    ? `which has none of the kind: this encoder ${unusual}`
    : rows !== columns || height !== imageWidth
      ? `whose frames and patches are square, and this encoder's patches are ${rows} × ${columns}`
      : prefix > 0
        ? "which has no class token (train with `--pooling mean` for that)"
        : hyperparameters.positions !== "videomae"
          ? `which numbers the patches (train with \`--positions videomae\` for that), and this encoder has ${hyperparameters.positions} positions`
          : isPruned
            ? "which cannot have heads that are together narrower than the width"
            : undefined;
  if (different !== undefined) {
    const architectures = [head ? CLASSIFIER : "VideoMAEModel"];
    const note = `\`model.safetensors\` has Autodidact's own names, as the encoder differs from Python's \`VideoMAEModel\`, ${different}: use the ONNX file.`;
    return { ...plainLayout(model), config: { ...config, architectures }, note };
  }
  return hubLayout(model, {
    config,
    model: "VideoMAEModel",
    classifier: { model: CLASSIFIER, prefix: "videomae.", layer: "classifier" },
    note: (named) =>
      named === "VideoMAEModel"
        ? "`model.safetensors` has the names of Hugging Face's `VideoMAEModel`; the representation is `last_hidden_state.mean(1)`."
        : `\`model.safetensors\` has the names of Hugging Face's \`${named}\`, which reads the first token alone, or normalises after the mean. This model does neither: in Python load \`VideoMAEModel\`, multiply \`last_hidden_state.mean(1)\` by \`classifier.weight\` and add \`classifier.bias\`; or use the ONNX file.`,
    tensors: (params) => tensorsOf(params, depth, [tubelet, rows, columns]),
  });
}

const CLASSIFIER = "VideoMAEForVideoClassification";

/**
 * The class has a bias of queries and of values, and none of keys: a key's adds the same to all of a query's scores, so that
 * attention is the same without it.
 */
function tensorsOf(params: InitialParams, depth: number, patch: readonly number[]): [name: string, tensor: Tensor][] {
  const at = lookup(params);
  return [
    ["embeddings.patch_embeddings.projection.weight", toConvolution(at("patch.weight"), patch)],
    ["embeddings.patch_embeddings.projection.bias", at("patch.bias")],
    ...vitBlocks(at, depth).flatMap(([name, tensor]): [string, Tensor][] => {
      const [, attention, role] = /^(.*attention\.attention)\.(query|key|value)\.bias$/.exec(name) ?? [];
      if (attention === undefined) return [[name, tensor]];
      return role === "key" ? [] : [[`${attention}.${role![0]}_bias`, tensor]];
    }),
  ];
}
