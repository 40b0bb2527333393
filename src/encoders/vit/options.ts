import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";
import { MOST_AXES } from "../grid-input.ts";

/** Width, depth and heads of the usual sizes. */
export const sizes = {
  tiny: { width: 192, depth: 12, heads: 3 },
  small: { width: 384, depth: 12, heads: 6 },
  base: { width: 768, depth: 12, heads: 12 },
} as const;

/** Class and distillation tokens in front of the patches, by the pooling. */
export const classTokens = { mean: 0, patches: 1, class: 1, "class+mean": 1, distilled: 2 } as const;

const extents = () => z.union([bounds.count(), z.array(bounds.count()).min(1).max(MOST_AXES)]).optional();

/** Options of encoder `vit`. The second part is for models that others have published. */
export const VitOptions = z.object({
  size: z.enum(["tiny", "small", "base"]).default("tiny").describe("width, depth and heads together"),
  width: bounds.width().optional().describe("width of a token; overrides the size's"),
  depth: bounds.depth().optional().describe("number of blocks; overrides the size's"),
  heads: bounds.width().optional().describe("attention heads; overrides the size's"),
  headDim: bounds.width().optional().describe("width of a head; by default the width divided by the heads"),
  mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward layers over the width"),
  patchSize: extents().describe(
    "extent of a patch along every axis, or one number per axis; chosen by the input's size",
  ),
  pooling: z
    .enum(["class", "mean", "patches", "class+mean", "distilled"])
    .default("mean")
    .describe(
      "representation: class token; mean of the tokens, without a class token (mean) or beside one (patches); class token and mean, one after the other; or mean of class and distillation token (DeiT, AST)",
    ),
  positions: z
    .enum(["learned", "sincos", "videomae", "rotary"])
    .default("sincos")
    .describe(
      "position embeddings: learned; fixed ones of the axes (MAE); fixed ones of the patch's number (VideoMAE); rotations of queries and keys by the axes (DINOv3)",
    ),
  dropPath: z.number().min(0).lt(1).default(0).describe("stochastic depth of the last block; rises from 0"),
  layerScale: z
    .number()
    .nonnegative()
    .max(1e3)
    .default(0)
    .describe("initial value of LayerScale, a trained factor for each value of a branch (1e-5 in DINOv2); 0: none"),
  registers: z
    .int()
    .nonnegative()
    .max(256)
    .default(0)
    .describe("tokens beside the patches that nothing reads (DINOv2)"),
  mlp: z
    .enum(["gelu", "quick-gelu", "swiglu"])
    .default("gelu")
    .describe("feed-forward layers: GELU; CLIP's approximation of it; or SwiGLU, gated (DINOv2's largest, DINOv3)"),
  initialisation: z
    .enum(["truncated-normal", "xavier", "xavier-apart"])
    .default("truncated-normal")
    .describe(
      "initial weights of the blocks: a normal of deviation 0.02 (timm), Xavier's uniform (MAE), or that with queries, keys and values each by itself (MoCo v3)",
    ),
  epsilon: z.number().positive().max(1).default(1e-6).describe("added to variances in norms"),
  keyBias: z.boolean().default(true).describe("give keys a bias; without one in DINOv3"),
  preNorm: z.boolean().default(false).describe("a norm before the first block, too, as in CLIP"),
  positionGrid: extents().describe(
    "patches along every axis that learned positions are for, where the input has others: they are resized",
  ),
  antialias: z
    .boolean()
    .default(false)
    .describe("average over more positions where they are resized to fewer (timm, DINOv2 with registers)"),
});

export type VitOptions = z.infer<typeof VitOptions>;
