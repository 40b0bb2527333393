import type * as z from "zod";
import type { Array, Rng, Tensor, TensorSpec, TreeRecord } from "../array/index.ts";
import type { Ability, Offered } from "../data/ability.ts";
import type { Reads } from "../data/reads.ts";
import type { VocabularySpec } from "../data/vocabulary.ts";

/** Parameters while a function is traced: a tree of arrays. */
export type Params = TreeRecord<Array>;
/** Parameters on the host: the same tree, of tensors. */
export type InitialParams = TreeRecord<Tensor>;
/** Batched inputs while traced: `{ pixels: [batch, 3, height, width] }`. */
export type Inputs = Readonly<Record<string, Array>>;

/**
 * Turns a batch into vectors. Pure: running statistics go through `layers/scope.ts`. Everything else that it offers
 * (tokens, patches, a feature map) is an ability.
 */
export interface Encoder {
  readonly name: string;
  /** Width of the representation. */
  readonly embedDim: number;
  init(rng: Rng): InitialParams;
  /** The representation, `[batch, embedDim]`. */
  apply(params: Params, inputs: Inputs): Array;
  /** The graph's last hidden state for export: `[batch, tokens, width]` (ViT) or a map `[batch, channels, ...]` (ResNet). */
  hidden(params: Params, inputs: Inputs): Array;
  /** The settled hyperparameters, for export and tables: width, depth, patchSize … */
  readonly hyperparameters: Readonly<Record<string, number | string>>;
}

/** A sequence of vectors in, a sequence of vectors out: what ViTs and text Transformers share. */
export interface TokenAbility {
  /** Tokens per sample: padding included, class token not. */
  readonly count: number;
  /** Width of a token. */
  readonly width: number;
  /** Width of the embeddings that a mask's token replaces, where it is not `width`. */
  readonly embeddingWidth?: number;
  /** Tokens in front of the others: 1 for a class token, 2 with a distillation token, more with registers, else 0. */
  readonly prefix: number;
  /** Those of the prefix that stand for the whole sample, which come first; the others are registers. By default all. */
  readonly classTokens?: number;
  /** Tokens after the last norm, `[batch, prefix + kept, width]`. */
  encode(params: Params, inputs: Inputs, options?: EncodeOptions): Array;
  /**
   * The output of each block of the tokens' width, first to last, `[batch, prefix + kept, width]`, before the last norm:
   * data2vec averages them.
   */
  blocks(params: Params, inputs: Inputs, options?: EncodeOptions): Array[];
}

/** Local features that a context is then made of: wav2vec 2.0's, which are masked, predicted or quantised. */
export interface LatentAbility extends TokenAbility {
  /** Values of a local feature. */
  readonly latentDim: number;
  /** Whether a token sees only itself and those before it. */
  readonly causal: boolean;
  /** The window of the input that each local feature sees, where it has one axis: every `stride` values, of `field` values. */
  readonly windows?: { readonly input: string; readonly stride: number; readonly field: number };
  /** Local features, `[batch, count, latentDim]`: each sees only its own part of the input. */
  latents(params: Params, inputs: Inputs): Array;
  /** Tokens from the local features of an input of usual size: `encode` is `context` of `latents`. */
  context(params: Params, latents: Array, options?: EncodeOptions): Array;
}

/** Every channel by itself, with the same weights for all: what is forecast of one depends on nothing but its own past. */
export interface ChannelAbility {
  readonly channels: number;
  /** Tokens of a channel. */
  readonly count: number;
  readonly width: number;
  /** `[batch, channels, count, width]` */
  encode(params: Params, inputs: Inputs): Array;
}

export interface PatchAbility extends TokenAbility {
  /** Name of the input that is cut into patches, `[batch, channels, ...extents]`: `pixels`. */
  readonly input: string;
  /**
   * Patches along each axis of the input, at least one axis: `[steps]` of a series, `[rows, columns]` of an image,
   * `[frames, rows, columns]` of a video; `[channels, steps]` where each channel is cut by itself. A patch's index is its place in row-major order.
   */
  readonly grid: readonly number[];
  /** Values per raw patch: its extents and the channels, multiplied. */
  readonly patchDim: number;
  /** Raw patches, `[batch, count, patchDim]`; the values of a patch are ordered row, column, channel, as in MAE's code. */
  patchify(inputs: Inputs): Array;
  /** The inverse: all patches of the grid to `[batch, channels, ...extents]`. */
  unpatchify(patches: Array): Array;
  /** The patches' position embeddings `[count, width]`, where they are fixed and not among the parameters. */
  fixedPositions?(): Tensor;
  /**
   * The last block's attention of the class token to every patch, `[batch, heads, count]`; a head's row and the class
   * token's attention to itself sum to 1. Only with a class token. A forward pass of its own, apart from `encode`.
   */
  classAttention?(params: Params, inputs: Inputs): Array;
}

/** Reads `ids` and `mask`, int32 `[batch, length]`. It adds no class token: the sequence's first token is one. */
export interface SequenceAbility extends TokenAbility {
  /** Ids run from 0 to `vocabulary` − 1. */
  readonly vocabulary: number;
  /** Whether a token attends only to itself and those before it. */
  readonly causal: boolean;
  readonly dropout: number;
  /** Added to variances in norms; heads use the same. */
  readonly epsilon: number;
  /** Attention heads that fill the width: a decoder's number of heads, even if some of the encoder's were pruned. */
  readonly wholeHeads: number;
  /** The representation, `[batch, embedDim]`, from the output of `encode` for the same inputs. */
  pool(hidden: Array, inputs: Inputs): Array;
  /** The token embeddings, `[vocabulary, width]`, to which output layers are tied. */
  table(params: Params): Array;
  /** An encoder of the same depth and this share of the width: ELECTRA's generator. */
  narrowed(share: number): Encoder & { readonly sequence: SequenceAbility };
}

/**
 * A vector for each node of a graph: see `data/graph.ts` for the inputs. Where there is an input `readout` (int32 `[rows]`,
 * places of nodes), the representation is that of these nodes, `[batch × rows, embedDim]`; else it is pooled over each graph.
 */
export interface NodeAbility {
  readonly width: number;
  /** Vectors of nodes after the last layer, `[batch, N, width]`; 0 for padding. `masked.at` is `[batch, N]`. */
  encode(params: Params, inputs: Inputs, options?: Pick<EncodeOptions, "masked">): Array;
  /** The representation from them, `[batch, embedDim]`: a sum, mean or maximum over nodes that are there. */
  pool(nodes: Array, inputs: Inputs): Array;
  /** Number of layers: how many edges away a node sees. */
  readonly depth: number;
  /** Another encoder of the same kind and width, of so many layers: the one for contexts. */
  deep(depth: number): Encoder & { readonly nodes: NodeAbility };
  /** One layer of the encoder's kind from its nodes' vectors to others of this width, without norm and activation: a decoder. */
  decoder(dim: number): NodeLayer;
}

/** A layer in which nodes exchange messages. */
export interface NodeLayer {
  init(rng: Rng): InitialParams;
  /**
   * @param nodes `[batch, N, width]`, 0 for padding
   * @param inputs of the encoder: the edges
   * @returns `[batch, N, dim]`; padding's are to be left out
   */
  apply(params: Params, nodes: Array, inputs: Inputs): Array;
}

/** The encoder of one side of a pair, among that of the pair. */
export interface Tower {
  /** Reads this side's inputs alone. */
  readonly encoder: Encoder;
  /** Its name and options in the registry of encoders: a run of this side alone is built from them. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Where its parameters are among the pair's: `image` for `image.patch.weight`; empty where they are the same. */
  readonly path: string;
}

/** One space for the samples of both sides, in which those that belong together are near. */
export interface SharedSpaceAbility {
  readonly dim: number;
  /** A side's vectors of length 1, `[batch, dim]`. @param side its kind @param inputs those of this side, perhaps among others */
  embed(params: Params, side: string, inputs: Inputs): Array;
}

/** Which of its tokens an encoder sees. */
export interface EncodeOptions {
  /**
   * int32 `[batch, kept]`, indices of patches: the others are dropped before the first layer and cost nothing (MAE,
   * I-JEPA, MSN). Encoders of text do not support it.
   */
  readonly keep?: Array;
  /**
   * Where `at` (`[batch, count]`, float32) is 1, `token` (`[width]`, the method's parameter, or `[embeddingWidth]`)
   * replaces the embedding of the patch or token, before positions are added (BEiT, SimMIM, iBOT, data2vec).
   */
  readonly masked?: { readonly at: Array; readonly token: Array };
  /**
   * Added to the attention scores of every block: `[tokens, tokens]` from query (row) to key, or
   * `[batch, 1, tokens, tokens]`; large and negative where attention is masked (AIM).
   */
  readonly attentionBias?: Array;
}

export interface EncoderDefinition<Options extends z.ZodObject = z.ZodObject> {
  readonly kind: "encoder";
  readonly name: string;
  readonly paper: string;
  readonly reads: Reads;
  readonly abilities: readonly Ability[];
  readonly options: Options;
  /**
   * @param specs the tensors of a sample
   * @param vocabulary of the modality, if it has one
   * @throws UserError when the options do not fit the inputs (a patch size that does not divide the image)
   */
  build(options: z.infer<Options>, specs: Readonly<Record<string, TensorSpec>>, vocabulary?: VocabularySpec): Encoder;
}

type Build<Options extends z.ZodObject, Offers extends Ability> = (
  options: z.infer<Options>,
  specs: Readonly<Record<string, TensorSpec>>,
  vocabulary?: VocabularySpec,
) => Encoder & Offered<Offers>;

/** Declares an encoder. Returns it as it is: the call is for type inference, and checks that `build` offers `abilities`. */
export const encoder = <Options extends z.ZodObject, const Offers extends Ability = never>(
  definition: Omit<EncoderDefinition<Options>, "kind" | "abilities" | "build"> & {
    readonly abilities: readonly Offers[];
    readonly build: Build<Options, Offers>;
  },
): { readonly build: Build<Options, Offers> } & EncoderDefinition<Options> => ({ kind: "encoder", ...definition });

/**
 * Whether an encoder reads these inputs.
 * @param inputs number of axes of each, by name, without the batch
 */
export function reads(
  { reads: wanted }: Pick<EncoderDefinition, "reads">,
  inputs: Readonly<Record<string, number>>,
): boolean {
  // Nodes of graphs are in no order: they are no grid.
  const grids = "edges" in inputs ? [] : Object.values(inputs);
  const found = Object.entries(wanted).map(([name, axes]) => {
    const allowed = [axes].flat();
    const candidates = name === "*" ? grids : name in inputs ? [inputs[name]!] : [];
    if (candidates.length === 0) return allowed.includes(ABSENT) ? ABSENT : undefined;
    return candidates.find((count) => allowed.includes(count));
  });
  // Something must be there, where each may be missing.
  return !found.includes(undefined) && found.some((count) => count !== ABSENT);
}

/** In `reads`, for an input that may be missing. */
export const ABSENT = 0;

/** Number of axes of each input, by name. */
export const axesOf = (specs: Readonly<Record<string, TensorSpec>>): Record<string, number> =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, shape.length]));

function axesInWords(name: string, axes: number | readonly number[]): string {
  const counts = [axes].flat().filter((count) => count !== ABSENT);
  const text = `${name === "*" ? "one array" : name} of ${counts.join(" or ")} ${counts.join() === "1" ? "axis" : "axes"}`;
  return [axes].flat().includes(ABSENT) ? `${text} if there is one` : text;
}

/** `one array of 3 axes`, `ids of 1 axis and mask of 1 axis`. */
export const readsInWords = ({ reads: wanted }: Pick<EncoderDefinition, "reads">): string =>
  Object.entries(wanted)
    .map(([name, axes]) => axesInWords(name, axes))
    .join(" and ");

/** The same for the inputs of a modality. */
export const inputsInWords = (inputs: Readonly<Record<string, number>>): string => readsInWords({ reads: inputs });
