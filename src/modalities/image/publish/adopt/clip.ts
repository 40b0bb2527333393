import * as z from "zod";
import type { Adopter } from "./adopted.ts";
import { HEADS, settled } from "./checkpoint.ts";
import { hiddenWidth, sizesOf, square, vitFields } from "./vit.ts";
import { type VitShape, vitTensors } from "./vit-tensors.ts";

const Vision = z.object({
  ...vitFields,
  patch_size: square(32),
  intermediate_size: hiddenWidth(3072),
  hidden_act: z.enum(["quick_gelu", "gelu"]).default("quick_gelu"),
  layer_norm_eps: z.number().positive().default(1e-5),
});

/** CLIPModel has the vision half's configuration in its own; CLIPVisionModel's is that. */
const Config = z.union([
  z.object({ model_type: z.literal("clip"), vision_config: Vision }).transform(({ vision_config: vision }) => vision),
  z.object({ model_type: z.enum(["clip_vision_model"]) }).and(Vision),
]);

/**
 * CLIPVisionModel, with or without the projection into the space of texts, and the vision half of CLIPModel. The
 * representation is the class token before that projection. https://huggingface.co/docs/transformers/model_doc/clip
 */
export const clip: Adopter = {
  types: ["clip", "clip_vision_model"],
  read(checkpoint) {
    const config = settled(Config, checkpoint.config, checkpoint.folder);
    const { hidden_size: width, patch_size: patch, image_size: imageSize, num_channels: channels } = config;
    const weights = checkpoint.weights.under("vision_model.");
    const side = Math.floor(imageSize / patch);
    const shape: VitShape = {
      ...{ width, patch, channels, depth: config.num_hidden_layers, hidden: config.intermediate_size },
      grid: [side, side],
    };
    const tensors = vitTensors(
      weights,
      {
        patch: "embeddings.patch_embedding",
        classToken: "embeddings.class_embedding",
        positions: "embeddings.position_embedding.weight",
        embeddingNorm: "pre_layrnorm",
        norm: "post_layernorm",
        block(index) {
          const layer = `encoder.layers.${index}`;
          return {
            norm1: `${layer}.layer_norm1`,
            qkv: ["q_proj", "k_proj", "v_proj"].map((role) => `${layer}.self_attn.${role}`),
            output: `${layer}.self_attn.out_proj`,
            norm2: `${layer}.layer_norm2`,
            up: `${layer}.mlp.fc1`,
            down: `${layer}.mlp.fc2`,
          };
        },
      },
      shape,
    );
    checkpoint.weights.refuseOthers(new RegExp(`${HEADS.source}|^text_model\\.|_projection\\.weight$|^logit_scale$`));
    return {
      encoder: "vit",
      encoderOptions: {
        ...sizesOf(shape, config.num_attention_heads),
        ...{ pooling: "class", positions: "learned", positionGrid: side, epsilon: config.layer_norm_eps },
        ...{ preNorm: true, mlp: config.hidden_act === "gelu" ? "gelu" : "quick-gelu" },
      },
      ...{ imageSize, channels, multiple: patch, tensors },
    };
  },
};
