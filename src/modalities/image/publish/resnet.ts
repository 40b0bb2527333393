import { int32, type Tensor, tree } from "../../../array/index.ts";
import { resnetStages } from "../../../encoders/resnet.ts";
import type { LayoutOf } from "../../../interop/huggingface/layout.ts";

const norms: Record<string, string> = {
  scale: "weight",
  shift: "bias",
  runningMean: "running_mean",
  runningVariance: "running_var",
};

/**
 * ResNet as `ResNetModel`, or with a classifier as `ResNetForImageClassification`.
 * https://huggingface.co/docs/transformers/model_doc/resnet
 * Hugging Face's stem is always 7 × 7 with pooling; an encoder with a small stem keeps the names, not the class.
 */
export const resnetLayout: LayoutOf = ({ hyperparameters, embedDim }) => {
  const layers = Number(hyperparameters.layers);
  const width = Number(hyperparameters.width);
  const { blocks: depths, bottleneck } = Object.entries(resnetStages).find(([name]) => Number(name) === layers)![1];
  const widen = bottleneck ? 4 : 1;
  return {
    config: {
      model_type: "resnet",
      num_channels: Number(hyperparameters.channels),
      embedding_size: width,
      hidden_sizes: depths.map((_, stage) => 2 ** stage).map((factor) => factor * width * widen),
      depths: [...depths],
      layer_type: bottleneck ? "bottleneck" : "basic",
      hidden_act: "relu",
      downsample_in_first_stage: false,
      downsample_in_bottleneck: false,
      hidden_size: embedDim,
      image_size: Number(hyperparameters.size),
    },
    model: "ResNetModel",
    // Its first layer is a flatten.
    classifier: { model: "ResNetForImageClassification", prefix: "resnet.", layer: "classifier.1" },
    note(model) {
      const names = `\`model.safetensors\` has the names of Hugging Face's \`${model}\``;
      if (hyperparameters.innerRatio !== undefined)
        return `Channels were pruned: ${names}, which cannot have blocks that are narrower inside; use the ONNX file.`;
      return hyperparameters.stem === "imagenet"
        ? `${names}.`
        : `${names}, but the stem is a 3×3 convolution without pooling, which that Python class does not have: use \`model.onnx\`, or change the stem of the class.`;
    },
    tensors: (params) =>
      tree.entries<Tensor>(params).flatMap(([path, tensor]): [string, Tensor][] => {
        const [, where = "", kind = "", leaf = ""] = /^(.*)\.(conv|norm)\.(\w+)$/.exec(path) ?? [];
        const layer = where
          .replace(/^stem$/, "embedder.embedder")
          .replace(/^stages\.(\d+)\.(\d+)\.path\.(\d+)$/, "encoder.stages.$1.layers.$2.layer.$3")
          .replace(/^stages\.(\d+)\.(\d+)\.shortcut$/, "encoder.stages.$1.layers.$2.shortcut");
        if (kind === "conv") return [[`${layer}.convolution.weight`, tensor]];
        const name = `${layer}.normalization.${norms[leaf]}`;
        // PyTorch counts batches; the count is not used in evaluation.
        const counted: [string, Tensor][] =
          leaf === "runningMean" ? [[`${layer}.normalization.num_batches_tracked`, int32([0], [])]] : [];
        return [[name, tensor], ...counted];
      }),
  };
};
