import * as z from "zod";
import type { Tensor } from "../../../../array/index.ts";
import * as bounds from "../../../../foundation/bounds.ts";
import { sinCosPositions } from "../../../../layers/transformer/positions.ts";
import type { AdoptedEncoder, Adopter } from "./adopted.ts";
import { type Checkpoint, HEADS, settled } from "./checkpoint.ts";
import { type BlockNames, blocksOf, linearOf, normOf, type VitShape, vitTensors } from "./vit-tensors.ts";

/** A side, or height and width, which must be equal. */
export const square = (side: number) =>
  z
    .union([bounds.side(), z.tuple([bounds.side(), bounds.side()])])
    .default(side)
    .transform((sides) => [sides].flat())
    .refine(([height, width = height]) => height === width, "height and width differ")
    .transform(([height]) => height!);

/** The parts of `config.json` that Hugging Face's ViTs share, with its defaults. */
export const vitFields = {
  hidden_size: bounds.width().default(768),
  num_hidden_layers: bounds.depth().default(12),
  num_attention_heads: bounds.width().default(12),
  image_size: square(224),
  patch_size: square(16),
  num_channels: z.int().positive().max(64).default(3),
};

/** Hidden width of feed-forward layers. */
export const hiddenWidth = (width: number) =>
  z
    .int()
    .positive()
    .max(2 ** 17)
    .default(width);

const Config = z.object({
  ...vitFields,
  model_type: z.enum(["vit", "deit", "vit_mae"]),
  intermediate_size: hiddenWidth(3072),
  hidden_act: z.literal("gelu").default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-12),
});

/** Names of a block of Hugging Face's ViT, DeiT and ViTMAE. */
export const hfBlock =
  (layers: string) =>
  (index: number): BlockNames => {
    const layer = `${layers}.${index}`;
    const attention = `${layer}.attention.attention`;
    return {
      norm1: `${layer}.layernorm_before`,
      qkv: [`${attention}.query`, `${attention}.key`, `${attention}.value`],
      output: `${layer}.attention.output.dense`,
      norm2: `${layer}.layernorm_after`,
      up: `${layer}.intermediate.dense`,
      down: `${layer}.output.dense`,
    };
  };

/**
 * ViTModel, DeiTModel and ViTMAEModel of Hugging Face's transformers, with or without a classifier or MAE's decoder.
 * https://huggingface.co/docs/transformers/model_doc/vit
 */
export const hfVit: Adopter = {
  types: ["vit", "deit", "vit_mae"],
  read(checkpoint) {
    const config = settled(Config, checkpoint.config, checkpoint.folder);
    const { hidden_size: width, patch_size: patch, image_size: imageSize, num_channels: channels } = config;
    const weights = checkpoint.weights.under("vit.", "deit.");
    const side = Math.floor(imageSize / patch);
    const shape: VitShape = {
      ...{ width, patch, channels, depth: config.num_hidden_layers, hidden: config.intermediate_size },
      grid: [side, side],
      ...(checkpoint.config.autodidact
        ? { inner: weights.shapeOf("encoder.layer.0.attention.attention.query.weight")[0] }
        : {}),
    };
    const isDistilled = config.model_type === "deit" && weights.has("embeddings.distillation_token");
    // Exports of ours may have no class token, and fewer heads.
    const isClassless = !weights.has("embeddings.cls_token");
    const all = vitTensors(
      weights,
      {
        patch: "embeddings.patch_embeddings.projection",
        classToken: isClassless ? undefined : "embeddings.cls_token",
        distillation: isDistilled ? "embeddings.distillation_token" : undefined,
        positions: "embeddings.position_embeddings",
        norm: "layernorm",
        block: hfBlock("encoder.layer"),
      },
      shape,
    );
    const isFixed = config.model_type === "vit_mae" && hasSinCos(all, shape);
    if (isFixed) all.delete("encoder.positions");
    if (weights.has("embeddings.mask_token")) all.set("maskToken", weights.at("embeddings.mask_token", [width]));
    if (config.model_type === "vit_mae") takeDecoder(all, checkpoint, shape);
    checkpoint.weights.refuseOthers(new RegExp(`${HEADS.source}|^decoder\\.`));
    return {
      encoder: "vit",
      encoderOptions: {
        ...sizesOf(shape, config.num_attention_heads),
        pooling: isDistilled ? "distilled" : isClassless ? "mean" : "class",
        epsilon: config.layer_norm_eps,
        ...(isFixed ? { positions: "sincos" } : { positions: "learned", positionGrid: side }),
      },
      ...{ imageSize, channels, multiple: patch, tensors: all },
    };
  },
};

/** Options for the size of encoder `vit`. */
export const sizesOf = (
  { width, depth, hidden, patch }: VitShape,
  heads: number,
): AdoptedEncoder["encoderOptions"] => ({
  ...{ width, depth, heads, patchSize: patch },
  mlpRatio: hidden / width,
});

/** Whether the positions are MAE's fixed ones, with none of the class token. */
function hasSinCos(tensors: ReadonlyMap<string, Tensor>, { width, grid }: VitShape): boolean {
  const given = tensors.get("encoder.positions");
  if (!given || width % 4 !== 0) return false;
  const fixed = sinCosPositions(grid, width).data;
  return given.data.every((value, at) => Math.abs(value - (at < width ? 0 : fixed[at - width]!)) < 1e-4);
}

/** MAE's decoder, where the file has it, by the paths of method `mae`. */
function takeDecoder(into: Map<string, Tensor>, { weights, config: raw, folder }: Checkpoint, encoder: VitShape): void {
  if (!weights.has("decoder.decoder_embed.weight")) return;
  const config = settled(DecoderConfig, raw, folder);
  const { decoder_hidden_size: width, decoder_num_hidden_layers: depth, decoder_intermediate_size: hidden } = config;
  const output = encoder.patch ** 2 * encoder.channels;
  const found: [string, Tensor][] = [
    ...linearOf(weights, "project", "decoder.decoder_embed", [width, encoder.width]),
    ["maskToken", weights.at("decoder.mask_token", [1, width])],
    ...blocksOf(weights, hfBlock("decoder.decoder_layers"), { width, depth, hidden }),
    ...normOf(weights, "norm", "decoder.decoder_norm", width),
    ...linearOf(weights, "predict", "decoder.decoder_pred", [output, width]),
  ];
  for (const [path, tensor] of found) into.set(path, tensor);
}

const DecoderConfig = z.object({
  decoder_hidden_size: bounds.width().default(512),
  decoder_num_hidden_layers: bounds.depth().default(8),
  decoder_intermediate_size: hiddenWidth(2048),
});
