import * as z from "zod";
import type { Adopter } from "./adopted.ts";
import { HEADS, settled } from "./checkpoint.ts";
import { hiddenWidth, sizesOf, vitFields } from "./vit.ts";
import { type VitShape, vitTensors } from "./vit-tensors.ts";

const Config = z
  .object({
    ...vitFields,
    intermediate_size: hiddenWidth(1536),
    hidden_act: z.enum(["gelu", "silu"]).default("gelu"),
    layer_norm_eps: z.number().positive().default(1e-5),
    rope_theta: z.literal(100).default(100),
    query_bias: z.boolean().default(true),
    key_bias: z.boolean().default(false),
    value_bias: z.boolean().default(true),
    use_gated_mlp: z.boolean().default(false),
    num_register_tokens: z.int().nonnegative().max(256).default(0),
  })
  .refine(({ hidden_act, use_gated_mlp }) => (hidden_act === "silu") === use_gated_mlp, {
    path: ["hidden_act"],
    message: "must be silu with gated feed-forward layers, and gelu without",
  });

/** DINOv3ViTModel. https://huggingface.co/docs/transformers/model_doc/dinov3 */
export const dinov3: Adopter = {
  types: ["dinov3_vit"],
  read(checkpoint) {
    const config = settled(Config, checkpoint.config, checkpoint.folder);
    const { hidden_size: width, patch_size: patch, image_size: imageSize, num_channels: channels } = config;
    const weights = checkpoint.weights.under("dinov3_vit.", "model.");
    const isGated = config.use_gated_mlp;
    const side = Math.floor(imageSize / patch);
    const shape: VitShape = {
      ...{ width, patch, channels, isGated, depth: config.num_hidden_layers, grid: [side, side] },
      ...{ hidden: config.intermediate_size, keyBias: config.key_bias, registers: config.num_register_tokens },
    };
    const layers = weights.has("model.layer.0.norm1.weight") ? "model.layer" : "layer";
    const tensors = vitTensors(
      weights,
      {
        patch: "embeddings.patch_embeddings",
        classToken: "embeddings.cls_token",
        registers: "embeddings.register_tokens",
        norm: "norm",
        block(index) {
          const layer = `${layers}.${index}`;
          return {
            norm1: `${layer}.norm1`,
            qkv: ["q_proj", "k_proj", "v_proj"].map((role) => `${layer}.attention.${role}`),
            output: `${layer}.attention.o_proj`,
            scale1: `${layer}.layer_scale1.lambda1`,
            norm2: `${layer}.norm2`,
            up: isGated ? [`${layer}.mlp.gate_proj`, `${layer}.mlp.up_proj`] : `${layer}.mlp.up_proj`,
            down: `${layer}.mlp.down_proj`,
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
        ...{ pooling: "class", positions: "rotary", epsilon: config.layer_norm_eps, keyBias: config.key_bias },
        ...{ layerScale: 1, mlp: isGated ? "swiglu" : "gelu", registers: shape.registers },
      },
      ...{ imageSize, channels, multiple: patch, tensors },
    };
  },
};
