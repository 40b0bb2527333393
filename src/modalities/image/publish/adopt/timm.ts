import * as z from "zod";
import * as bounds from "../../../../foundation/bounds.ts";
import { UserError } from "../../../../foundation/errors.ts";
import type { Adopter } from "./adopted.ts";
import { type Checkpoint, HEADS, settled, type Weights } from "./checkpoint.ts";
import { sizesOf } from "./vit.ts";
import { type VitShape, vitTensors } from "./vit-tensors.ts";

/** timm's `config.json`, as far as it says what the weights do not. */
const Config = z.object({
  architecture: z.string().default(""),
  model_args: z.object({ num_heads: bounds.width().optional() }).optional(),
});

/** Heads of the widths whose heads are not 64 wide. */
const HEADS_OF: Readonly<Record<number, number>> = { 1152: 16, 1280: 16, 1408: 16, 1664: 16 };

/**
 * Attention heads: of the configuration, or by the model's width, as files of weights do not tell them.
 * @throws UserError when it is not a usual one
 */
export function headsOf(width: number, { config, folder }: Checkpoint): number {
  const heads = settled(Config, config, folder).model_args?.num_heads ?? HEADS_OF[width] ?? width / 64;
  if (Number.isInteger(heads) && heads > 0) return heads;
  throw new UserError(
    `${folder}: the weights do not tell the number of attention heads for a width of ${width}; write it into config.json: {"model_args": {"num_heads": …}}`,
  );
}

/** Positions that are for a square of patches and so many tokens in front. @throws UserError when it is no square */
export function gridOf(weights: Weights, name: string, count: number): readonly [number, number] {
  const side = Math.round(Math.sqrt(count));
  if (side * side !== count)
    throw new UserError(`${weights.file}: ${name} has ${count} positions of patches, which are no square`);
  return [side, side];
}

/** Blocks `0` to the last in the names. */
export const depthOf = (names: readonly string[], block: RegExp): number =>
  new Set(names.flatMap((name) => block.exec(name)?.[1] ?? [])).size;

/**
 * The ViTs of timm, by the names in their weights: plain ones, DINOv2's with and without registers, CLIP's and DeiT's.
 * https://github.com/huggingface/pytorch-image-models
 */
export const timmVit: Adopter = {
  types: [],
  recognises: (names) => names.includes("patch_embed.proj.weight") && names.includes("blocks.0.attn.qkv.weight"),
  read(checkpoint) {
    const { weights, names } = checkpoint;
    const { architecture } = settled(Config, checkpoint.config, checkpoint.folder);
    const [width = 0, channels = 0, patch = 0] = weights.shapeOf("patch_embed.proj.weight");
    const has = {
      class: weights.has("cls_token"),
      distilled: weights.has("dist_token"),
      pre: weights.has("norm_pre.weight"),
    };
    if (!weights.has("norm.weight"))
      throw new UserError(
        `${weights.file}: normalises after the mean of its tokens (fc_norm), which encoder vit does before`,
      );
    const front = (has.class ? 1 : 0) + (has.distilled ? 1 : 0);
    const registers = weights.has("reg_token") ? weights.shapeOf("reg_token").at(-2)! : 0;
    const positions = weights.shapeOf("pos_embed").at(-2)!;
    // Since DINOv2 with registers, positions may be those of the patches alone.
    const placed = Number.isInteger(Math.sqrt(positions)) ? 0 : front;
    const grid = gridOf(weights, "pos_embed", positions - placed);
    const [raised = 0] = weights.shapeOf("blocks.0.mlp.fc1.weight");
    const [, hidden = 0] = weights.shapeOf("blocks.0.mlp.fc2.weight");
    const hasScale = weights.has("blocks.0.ls1.gamma");
    const shape: VitShape = {
      ...{ width, patch, channels, hidden, registers, grid, placed, isGated: raised === 2 * hidden },
      depth: depthOf(names, /^blocks\.(\d+)\./),
    };
    const tensors = vitTensors(
      weights,
      {
        patch: "patch_embed.proj",
        classToken: has.class ? "cls_token" : undefined,
        distillation: has.distilled ? "dist_token" : undefined,
        registers: "reg_token",
        positions: "pos_embed",
        embeddingNorm: has.pre ? "norm_pre" : undefined,
        norm: "norm",
        block(index) {
          const block = `blocks.${index}`;
          return {
            norm1: `${block}.norm1`,
            qkv: `${block}.attn.qkv`,
            output: `${block}.attn.proj`,
            scale1: hasScale ? `${block}.ls1.gamma` : undefined,
            norm2: `${block}.norm2`,
            up: `${block}.mlp.fc1`,
            down: `${block}.mlp.fc2`,
            scale2: hasScale ? `${block}.ls2.gamma` : undefined,
          };
        },
      },
      shape,
    );
    weights.refuseOthers(HEADS);
    const isQuick = /quickgelu/.test(architecture);
    return {
      encoder: "vit",
      encoderOptions: {
        ...sizesOf(shape, headsOf(width, checkpoint)),
        pooling: has.distilled ? "distilled" : has.class ? "class" : "mean",
        ...{ positions: "learned", positionGrid: grid[0], antialias: true, epsilon: has.pre ? 1e-5 : 1e-6 },
        ...(shape.isGated ? { mlp: "swiglu" } : isQuick ? { mlp: "quick-gelu" } : {}),
        ...(has.pre ? { preNorm: true } : {}),
        ...(hasScale ? { layerScale: 1 } : {}),
        ...(registers > 0 ? { registers } : {}),
      },
      ...{ imageSize: grid[0] * patch, channels, multiple: patch, tensors },
    };
  },
};
