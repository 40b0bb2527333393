import * as z from "zod";
import * as bounds from "../../../../foundation/bounds.ts";
import type { Adopter } from "./adopted.ts";
import { HEADS, settled } from "./checkpoint.ts";
import { sizesOf, vitFields } from "./vit.ts";
import { type VitShape, vitTensors } from "./vit-tensors.ts";

const Config = z.object({
  ...vitFields,
  model_type: z.enum(["dinov2", "dinov2_with_registers"]),
  mlp_ratio: bounds.ratio().default(4),
  hidden_act: z.literal("gelu").default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-6),
  use_swiglu_ffn: z.boolean().default(false),
  num_register_tokens: z.int().nonnegative().max(256).default(4),
});

/**
 * Dinov2Model and Dinov2WithRegistersModel, with or without a classifier.
 * https://huggingface.co/docs/transformers/model_doc/dinov2
 */
export const dinov2: Adopter = {
  types: ["dinov2", "dinov2_with_registers"],
  read(checkpoint) {
    const config = settled(Config, checkpoint.config, checkpoint.folder);
    const { hidden_size: width, patch_size: patch, image_size: imageSize, num_channels: channels } = config;
    const weights = checkpoint.weights.under("dinov2.", "dinov2_with_registers.");
    const isGated = config.use_swiglu_ffn;
    const whole = Math.floor(width * config.mlp_ratio);
    const side = Math.floor(imageSize / patch);
    const hasRegisters = config.model_type === "dinov2_with_registers";
    const shape: VitShape = {
      ...{ width, patch, channels, isGated, depth: config.num_hidden_layers, grid: [side, side] },
      // Two thirds, so that gates cost nothing, as a multiple of 8.
      hidden: isGated ? Math.ceil(Math.floor((whole * 2) / 3) / 8) * 8 : whole,
      registers: hasRegisters ? config.num_register_tokens : 0,
    };
    const tensors = vitTensors(
      weights,
      {
        patch: "embeddings.patch_embeddings.projection",
        classToken: "embeddings.cls_token",
        registers: "embeddings.register_tokens",
        positions: "embeddings.position_embeddings",
        norm: "layernorm",
        block(index) {
          const layer = `encoder.layer.${index}`;
          const attention = `${layer}.attention.attention`;
          return {
            norm1: `${layer}.norm1`,
            qkv: [`${attention}.query`, `${attention}.key`, `${attention}.value`],
            output: `${layer}.attention.output.dense`,
            scale1: `${layer}.layer_scale1.lambda1`,
            norm2: `${layer}.norm2`,
            up: isGated ? `${layer}.mlp.weights_in` : `${layer}.mlp.fc1`,
            down: isGated ? `${layer}.mlp.weights_out` : `${layer}.mlp.fc2`,
            scale2: `${layer}.layer_scale2.lambda1`,
          };
        },
      },
      shape,
    );
    if (weights.has("embeddings.mask_token")) tensors.set("maskToken", weights.at("embeddings.mask_token", [width]));
    checkpoint.weights.refuseOthers(HEADS);
    return {
      encoder: "vit",
      encoderOptions: {
        ...sizesOf(shape, config.num_attention_heads),
        ...{ pooling: "class", positions: "learned", positionGrid: side, epsilon: config.layer_norm_eps },
        ...(isGated ? { mlp: "swiglu" } : {}),
        // The weights have the factors; this is that there are any.
        layerScale: 1,
        ...(hasRegisters ? { registers: shape.registers, antialias: true } : {}),
      },
      ...{ imageSize, channels, multiple: patch, tensors },
    };
  },
};
