import * as z from "zod";
import type { Tensor } from "../../../../array/index.ts";
import { resnetStages } from "../../../../encoders/resnet.ts";
import * as bounds from "../../../../foundation/bounds.ts";
import { UserError } from "../../../../foundation/errors.ts";
import type { AdoptedEncoder, Adopter } from "./adopted.ts";
import { HEADS, settled, type Weights } from "./checkpoint.ts";

const Config = z.object({
  num_channels: z.int().positive().max(64).default(3),
  embedding_size: bounds.width().default(64),
  hidden_sizes: z.array(bounds.width()).min(1).max(8).default([256, 512, 1024, 2048]),
  depths: z.array(bounds.depth()).min(1).max(8).default([3, 4, 6, 3]),
  layer_type: z.enum(["basic", "bottleneck"]).default("bottleneck"),
  hidden_act: z.literal("relu").default("relu"),
  downsample_in_first_stage: z.literal(false).default(false),
  downsample_in_bottleneck: z.literal(false).default(false),
});

/** Names of a ResNet's layers: of each a convolution and a BatchNorm. */
interface ResnetNames {
  readonly stem: LayerNames;
  path(stage: number, block: number, layer: number): LayerNames;
  shortcut(stage: number, block: number): LayerNames;
}
type LayerNames = readonly [conv: string, norm: string];

interface ResnetShape {
  readonly depths: readonly number[];
  readonly bottleneck: boolean;
  readonly width: number;
  readonly channels: number;
}

/** The parameters of encoder `resnet`, by our paths, of weights under other names. */
function resnetTensors(weights: Weights, names: ResnetNames, shape: ResnetShape): Map<string, Tensor> {
  const { depths, bottleneck, width, channels } = shape;
  const layer = (path: string, [conv, norm]: LayerNames, kernel: readonly number[]): [string, Tensor][] => {
    const [output = 0] = kernel;
    const ofNorm = { scale: "weight", shift: "bias", runningMean: "running_mean", runningVariance: "running_var" };
    return [
      [`encoder.${path}.conv.weight`, weights.at(`${conv}.weight`, kernel)],
      ...Object.entries(ofNorm).map(([leaf, name]): [string, Tensor] => [
        `encoder.${path}.norm.${leaf}`,
        weights.at(`${norm}.${name}`, [output]),
      ]),
    ];
  };
  const found = layer("stem", names.stem, [width, channels, 7, 7]);
  let input = width;
  for (const [stage, count] of depths.entries())
    for (let block = 0; block < count; block++) {
      const inner = width * 2 ** stage;
      const output = bottleneck ? 4 * inner : inner;
      const kernels = bottleneck
        ? [
            [inner, input, 1, 1],
            [inner, inner, 3, 3],
            [output, inner, 1, 1],
          ]
        : [
            [inner, input, 3, 3],
            [output, inner, 3, 3],
          ];
      const path = `stages.${stage}.${block}`;
      found.push(...kernels.flatMap((kernel, at) => layer(`${path}.path.${at}`, names.path(stage, block, at), kernel)));
      if (input !== output || (stage > 0 && block === 0))
        found.push(...layer(`${path}.shortcut`, names.shortcut(stage, block), [output, input, 1, 1]));
      input = output;
    }
  return new Map(found);
}

/** The encoder of such stages. @throws UserError when there is none */
function adopted(weights: Weights, names: ResnetNames, shape: ResnetShape): AdoptedEncoder {
  const layers = Object.entries(resnetStages).find(
    ([, { blocks, bottleneck }]) => bottleneck === shape.bottleneck && blocks.join() === shape.depths.join(),
  )?.[0];
  if (layers === undefined)
    throw new UserError(
      `${weights.file}: a ResNet with ${shape.depths.join(", ")} ${shape.bottleneck ? "bottleneck" : "basic"} blocks; supported: ${Object.keys(resnetStages).join(", ")} layers`,
    );
  return {
    encoder: "resnet",
    encoderOptions: { layers, width: shape.width, stem: "imagenet" },
    ...{ imageSize: 224, channels: shape.channels, tensors: resnetTensors(weights, names, shape) },
  };
}

/** ResNetModel of Hugging Face's transformers. https://huggingface.co/docs/transformers/model_doc/resnet */
export const hfResnet: Adopter = {
  types: ["resnet"],
  read(checkpoint) {
    const config = settled(Config, checkpoint.config, checkpoint.folder);
    const bottleneck = config.layer_type === "bottleneck";
    const width = config.embedding_size;
    const sizes = config.depths.map((_, stage) => width * 2 ** stage * (bottleneck ? 4 : 1));
    if (config.hidden_sizes.join() !== sizes.join())
      throw new UserError(
        `${checkpoint.folder}: a ResNet of widths ${config.hidden_sizes.join(", ")}; only ${sizes.join(", ")} follow from its stem's ${width}`,
      );
    const weights = checkpoint.weights.under("resnet.");
    const names = (layer: string): LayerNames => [`${layer}.convolution`, `${layer}.normalization`];
    const found = adopted(
      weights,
      {
        stem: names("embedder.embedder"),
        path: (stage, block, layer) => names(`encoder.stages.${stage}.layers.${block}.layer.${layer}`),
        shortcut: (stage, block) => names(`encoder.stages.${stage}.layers.${block}.shortcut`),
      },
      { depths: config.depths, bottleneck, width, channels: config.num_channels },
    );
    checkpoint.weights.refuseOthers(HEADS);
    return found;
  },
};

/** The ResNets of torchvision and of timm, whose names are the same. https://pytorch.org/vision/stable/models/resnet.html */
export const torchResnet: Adopter = {
  types: [],
  recognises: (names) => names.includes("conv1.weight") && names.includes("layer1.0.conv1.weight"),
  read({ weights, names }) {
    const count = (stage: number) =>
      new Set(names.flatMap((name) => new RegExp(`^layer${stage}\\.(\\d+)\\.`).exec(name)?.[1] ?? [])).size;
    const depths = [1, 2, 3, 4].map(count);
    const [width = 0, channels = 0] = weights.shapeOf("conv1.weight");
    const found = adopted(
      weights,
      {
        stem: ["conv1", "bn1"],
        path: (stage, block, layer) => {
          const at = `layer${stage + 1}.${block}`;
          return [`${at}.conv${layer + 1}`, `${at}.bn${layer + 1}`];
        },
        shortcut: (stage, block) => {
          const at = `layer${stage + 1}.${block}.downsample`;
          return [`${at}.0`, `${at}.1`];
        },
      },
      { depths, bottleneck: weights.has("layer1.0.conv3.weight"), width, channels },
    );
    weights.refuseOthers(HEADS);
    return found;
  },
};
