import type { Adopter } from "./adopted.ts";
import { HEADS } from "./checkpoint.ts";
import { depthOf, gridOf, headsOf } from "./timm.ts";
import { sizesOf } from "./vit.ts";
import { type VitShape, vitTensors } from "./vit-tensors.ts";

/** The ViTs of torchvision: `vit_b_16` and its kind. https://pytorch.org/vision/stable/models/vision_transformer.html */
export const torchVit: Adopter = {
  types: [],
  recognises: (names) => names.includes("conv_proj.weight") && names.includes("encoder.pos_embedding"),
  read(checkpoint) {
    const { weights, names } = checkpoint;
    const [width = 0, channels = 0, patch = 0] = weights.shapeOf("conv_proj.weight");
    const grid = gridOf(weights, "encoder.pos_embedding", weights.shapeOf("encoder.pos_embedding").at(-2)! - 1);
    const layer = (index: number) => `encoder.layers.encoder_layer_${index}`;
    // Once `linear_1` and `linear_2`.
    const isOld = weights.has(`${layer(0)}.mlp.linear_1.weight`);
    const [up, down] = isOld ? ["linear_1", "linear_2"] : ["0", "3"];
    const shape: VitShape = {
      ...{ width, patch, channels, grid, depth: depthOf(names, /^encoder\.layers\.encoder_layer_(\d+)\./) },
      hidden: weights.shapeOf(`${layer(0)}.mlp.${up}.weight`)[0]!,
    };
    // PyTorch's attention has one weight for queries, keys and values, with an underscore in its name.
    const underscored = {
      ...weights,
      at: (name: string, extents: readonly number[]) => weights.at(name.replace("in_proj.", "in_proj_"), extents),
    };
    const fused = {
      ...underscored,
      orZeros: (name: string, extents: readonly number[]) => underscored.at(name, extents),
    };
    const tensors = vitTensors(
      fused,
      {
        patch: "conv_proj",
        classToken: "class_token",
        positions: "encoder.pos_embedding",
        norm: "encoder.ln",
        block: (index) => ({
          norm1: `${layer(index)}.ln_1`,
          qkv: `${layer(index)}.self_attention.in_proj`,
          output: `${layer(index)}.self_attention.out_proj`,
          norm2: `${layer(index)}.ln_2`,
          up: `${layer(index)}.mlp.${up}`,
          down: `${layer(index)}.mlp.${down}`,
        }),
      },
      shape,
    );
    weights.refuseOthers(HEADS);
    return {
      encoder: "vit",
      encoderOptions: {
        ...sizesOf(shape, headsOf(width, checkpoint)),
        ...{ pooling: "class", positions: "learned", positionGrid: grid[0], epsilon: 1e-6 },
      },
      ...{ imageSize: grid[0] * patch, channels, multiple: patch, tensors },
    };
  },
};
