import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";

/** Turc et al. 2019, https://arxiv.org/abs/1908.08962: BERT's miniatures, and BERT itself. */
export const sizes = {
  tiny: { width: 128, depth: 2, heads: 2 },
  mini: { width: 256, depth: 4, heads: 4 },
  small: { width: 512, depth: 4, heads: 8 },
  medium: { width: 512, depth: 8, heads: 8 },
  base: { width: 768, depth: 12, heads: 12 },
} as const;

/** Base of the frequencies of rotary positions: Su et al.'s. */
export const ROTARY_BASE = 10_000;

const rotaryBase = () => z.number().positive().max(1e12).default(ROTARY_BASE);

/** Options of encoder `transformer`. The second part is for models that others have published. */
export const TransformerOptions = z.object({
  size: z.enum(["tiny", "mini", "small", "medium", "base"]).default("mini").describe("width, depth and heads together"),
  width: bounds.width().optional().describe("width of a token; overrides the size's"),
  depth: bounds.depth().optional().describe("number of blocks; overrides the size's"),
  heads: bounds.width().optional().describe("attention heads; overrides the size's"),
  headDim: bounds.width().optional().describe("width of a head; the width over the heads by default"),
  mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward part over the width"),
  norm: z.enum(["pre", "post"]).default("post").describe("norms before each branch (GPT-2), or after it (BERT)"),
  positions: z.enum(["learned", "rotary"]).default("learned").describe("position embeddings"),
  pooling: z.enum(["mean", "first"]).default("mean").describe("representation: mean of the tokens, or the first token"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of activations dropped in training; 0.1 in BERT"),
  epsilon: z.number().positive().optional().describe("added to variances; by default 1e-12 post-norm, 1e-5 pre-norm"),
  causal: z.boolean().default(false).describe("let each token attend only to those before it"),
  mlp: z
    .enum(["gelu", "gelu-tanh", "geglu"])
    .default("gelu")
    .describe("feed-forward layers: GELU; its tanh approximation (GPT-2); or GeGLU, gated (ModernBERT)"),
  biases: z.boolean().default(true).describe("biases of layers and shifts of norms; without them in ModernBERT"),
  embeddingNorm: z
    .boolean()
    .optional()
    .describe(
      "norm of the embeddings: by default with norms behind (BERT); with norms in front it is instead of the first one (ModernBERT)",
    ),
  localWindow: bounds
    .count()
    .optional()
    .describe("tokens around each that local blocks attend to, half to each side (128 in ModernBERT); by default all"),
  globalEvery: bounds
    .depth()
    .default(3)
    .describe("of every how many blocks the first attends to all tokens, where there is a window"),
  rotaryBase: rotaryBase().describe("base of the frequencies of rotary positions"),
  localRotaryBase: rotaryBase().describe("the same of local blocks"),
});

export type TransformerOptions = z.infer<typeof TransformerOptions>;
