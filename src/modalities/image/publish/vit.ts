import { float32, type Tensor, tree } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patches } from "../../../encoders/abilities.ts";
import type { LayoutOf } from "../../../interop/huggingface/layout.ts";
import { lookup } from "../../../interop/huggingface/pieces.ts";
import {
  positionEmbeddings,
  toConvolution,
  unusualPart,
  vitBlocks,
  vitConfig,
} from "../../../interop/huggingface/vit-names.ts";

/**
 * ViT as `ViTModel`, or with a classifier as `ViTForImageClassification`.
 * https://huggingface.co/docs/transformers/model_doc/vit
 */
export const vitLayout: LayoutOf = (encoder) => {
  const { patchSize, size, channels, pooling, positionGrid } = encoder.hyperparameters;
  const cut = offerOf(encoder, patches);
  if (typeof patchSize !== "number" || typeof size !== "number" || cut?.grid.length !== 2) return undefined;
  const { width, depth, prefix, isPruned, config } = vitConfig(encoder);
  // ViTModel has no distillation token.
  if (prefix > 1 || unusualPart(encoder) || typeof positionGrid === "string") return undefined;
  return {
    config: {
      model_type: "vit",
      ...config,
      // Of the positions, which are resized where images are of another size.
      image_size: typeof positionGrid === "number" ? positionGrid * patchSize : size,
      patch_size: patchSize,
      num_channels: channels,
    },
    model: "ViTModel",
    classifier: { model: "ViTForImageClassification", prefix: "vit.", layer: "classifier" },
    note(model) {
      const names = `\`model.safetensors\` has the names of Hugging Face's \`${model}\``;
      if (isPruned)
        return `Heads were pruned: ${names}, which cannot have heads that are together narrower than the width; use the ONNX file.`;
      if (pooling === "patches") return `${names}; the representation is \`last_hidden_state[:, 1:].mean(1)\`.`;
      if (pooling === "class+mean")
        return `${names}; the representation is \`last_hidden_state[:, 0]\` and \`last_hidden_state[:, 1:].mean(1)\`, one after the other.`;
      if (prefix) return `${names}; the representation is \`last_hidden_state[:, 0]\`.`;
      const absent = "its representation is the mean of the patch tokens, and `embeddings.cls_token` is absent";
      return model === "ViTModel"
        ? `${names}. This encoder has no class token: ${absent}.`
        : `${names}, which classifies by a class token. This encoder has none: ${absent}; use the ONNX file.`;
    },
    tensors(params) {
      const byPath = new Map(tree.entries<Tensor>(params));
      const at = lookup(params);
      const classToken = byPath.get("classToken");
      const named: [string, Tensor][] = [
        ["embeddings.patch_embeddings.projection.weight", toConvolution(at("patch.weight"), [patchSize, patchSize])],
        ["embeddings.patch_embeddings.projection.bias", at("patch.bias")],
      ];
      if (classToken) named.push(["embeddings.cls_token", float32(Float32Array.from(classToken.data), [1, 1, width])]);
      named.push(["embeddings.position_embeddings", positionEmbeddings(params, cut.fixedPositions?.(), prefix)]);
      named.push(...vitBlocks(at, depth));
      return named;
    },
  };
};
