import { type Array, nn, np, type Rng, sizeOf, type Traced } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { gridOfPatches, patchify, unpatchify } from "../layers/transformer/patches.ts";
import type { Rotation } from "../layers/transformer/rotary.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { latents, patches, tokens } from "./abilities.ts";
import { type EncodeOptions, encoder, type Inputs } from "./encoder.ts";
import { gridInput } from "./grid-input.ts";
import { countOfPatches, oneOrAll, patchOf } from "./patch-size.ts";
import { classTokens, sizes, VitOptions } from "./vit/options.ts";
import { vitPositions } from "./vit/positions.ts";

/**
 * Vision Transformer, pre-norm, as in timm. Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929
 *
 * Reads one tensor `[batch, channels, ...extents]` of one axis (a series), two (an image, a spectrogram) or three (a
 * video: frames, rows, columns), of the extents it was built for or, as in DINO's multi-crop, of any others that the
 * patches divide: learned positions and those by number are then interpolated, those of axes computed at scaled coordinates. Parameters:
 * `patch.{weight,bias}` (a linear layer over the axes of a patch and its channels), `classToken`, `registers`, `positions`
 * (when learned), `embeddingNorm` (with `preNorm`), `blocks.N.{norm1,attention.{qkv,output},scale1,norm2,up,down,scale2}`,
 * `norm.{scale,shift}`. The representation is the class token, its mean with a distillation token (as in AST; both are
 * `classToken`), or the mean of the patches, after the last norm.
 *
 * With other options it is the ViT of DINOv2 (LayerScale, registers), DINOv3 (rotary positions, no bias of keys) or CLIP.
 */
export const vit = encoder({
  name: "vit",
  paper: "https://arxiv.org/abs/2010.11929",
  reads: { "*": [2, 3, 4] },
  abilities: [tokens, patches, latents],
  options: VitOptions,

  build(options, specs) {
    const { name, channels, extents } = gridInput(specs, "encoder vit");
    const { width, depth, heads } = { ...sizes[options.size], ...definedOnly(options) };
    const patch = patchOf(options.patchSize, extents);
    const { headDim, pooling, registers } = options;
    if (headDim === undefined && width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);

    const grid = gridOfPatches(extents, patch);
    const count = countOfPatches(extents, patch);
    const patchDim = sizeOf(patch) * channels;
    const front = classTokens[pooling];
    const prefix = front + registers;
    const positions = vitPositions(options, { width, headDim: headDim ?? width / heads, grid, classTokens: front });
    // Xavier's uniform, as in MAE and MoCo v3: at the other layers' 0.02 the positions would drown the image.
    const embed = linear(patchDim, width, { initial: "xavier" });
    const blocks = globalThis.Array.from({ length: depth }, (_, index) =>
      transformerBlock({
        width,
        heads,
        headDim,
        mlpRatio: options.mlpRatio,
        ...{ mlp: options.mlp, layerScale: options.layerScale, keyBias: options.keyBias },
        ...{ epsilon: options.epsilon, initial: options.initialisation },
        dropPath: depth > 1 ? (options.dropPath * index) / (depth - 1) : options.dropPath,
      }),
    );
    const norm = layerNorm(width, options.epsilon);

    const init = (rng: Rng) => {
      const learned = positions.init(rng.split("positions"));
      return {
        patch: embed.init(rng.split("patch")),
        ...(front ? { classToken: rng.split("classToken").truncatedNormal([front, width], 0.02) } : {}),
        ...(registers ? { registers: rng.split("registers").truncatedNormal([registers, width], 0.02) } : {}),
        ...(learned ? { positions: learned } : {}),
        ...(options.preNorm ? { embeddingNorm: norm.init() } : {}),
        blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
        norm: norm.init(),
      };
    };
    type VitParams = Traced<ParamsOf<{ init: typeof init }>>;

    const read = (inputs: Inputs): Array => {
      const x = inputs[name];
      if (!x) throw new Error(`vit: no ${name} among the inputs`);
      return x;
    };

    /** The input of the first block, and the rotations in all of them. */
    interface Begun {
      /** `[batch, prefix + kept, width]` */
      readonly x: Array;
      readonly rotation: Rotation | undefined;
    }

    /** From the embeddings of patches; `only` drops rows. */
    const placed = (
      params: VitParams,
      seen: Array,
      { masked }: EncodeOptions,
      target: readonly number[] = grid,
      only: (rows: Array) => Array = (rows) => rows,
    ): Begun => {
      const [batch] = seen.shape as [number];
      const { ofClass, ofPatches } = positions.embeddings(params.positions, target);
      const hidden = masked && only(np.reshape(masked.at, [...masked.at.shape, 1]));
      const visible = hidden
        ? np.add(np.multiply(np.subtract(1, hidden), seen), np.multiply(hidden, masked.token))
        : seen;
      const repeated = (token: Array) => np.broadcastTo(token, [batch, ...token.shape]);
      const tokens = [
        ...(params.classToken ? [repeated(np.add(params.classToken, ofClass))] : []),
        ...(params.registers ? [repeated(params.registers)] : []),
        typeof ofPatches === "number" ? visible : np.add(visible, only(ofPatches)),
      ];
      const all = tokens.length > 1 ? np.concatenate(tokens, 1) : tokens[0]!;
      const x = params.embeddingNorm ? norm.apply(params.embeddingNorm, all) : all;
      return { x, rotation: positions.rotation(prefix, target, only) };
    };

    const embedded = (params: VitParams, inputs: Inputs, options: EncodeOptions): Begun => {
      const x = read(inputs);
      const patches = patchify(x, patch);
      // Choosing rows is a product with a one-hot matrix: small, and its gradient needs no scatter.
      const chosen = options.keep && nn.oneHot(options.keep, patches.shape[1]!);
      const only = (rows: Array) => (chosen ? np.matmul(chosen, rows) : rows);
      // A crop may have another grid than the encoder was built for.
      const target = gridOfPatches(x.shape.slice(2), patch);
      return placed(params, embed.apply(params.patch, only(patches)), options, target, only);
    };

    const through = (
      params: VitParams,
      { x: first, rotation }: Begun,
      { attentionBias: bias }: EncodeOptions,
    ): Array[] => {
      let x = first;
      return blocks.map((block, index) => {
        x = block.apply(params.blocks[index]!, x, { bias, rotation });
        return x;
      });
    };
    const outputs = (params: VitParams, inputs: Inputs, options: EncodeOptions = {}): Array[] =>
      through(params, embedded(params, inputs, options), options);

    const encode = (params: VitParams, inputs: Inputs, options?: EncodeOptions): Array =>
      norm.apply(params.norm, outputs(params, inputs, options).at(-1)!);

    const context = (params: VitParams, embeddings: Array, options: EncodeOptions = {}): Array => {
      if (options.keep) throw new Error("vit: the context of embeddings has all of them; mask them");
      return norm.apply(params.norm, through(params, placed(params, embeddings, options), options).at(-1)!);
    };

    const classAttention = (params: VitParams, inputs: Inputs): Array => {
      const begun = embedded(params, inputs, {});
      const before = through(params, begun, {}).at(-2) ?? begun.x;
      const weights = blocks.at(-1)!.attention(params.blocks.at(-1)!, before, { rotation: begun.rotation });
      const [ofClass] = np.split(weights, [1], 2);
      const [, toPatches] = np.split(ofClass!, [prefix], 3);
      return np.reshape(toPatches!, [toPatches!.shape[0]!, heads, -1]);
    };

    const pool = (tokens: Array): Array => {
      const [ofClass] = front ? np.split(tokens, [front], 1) : [];
      const mean = () => np.mean(prefix ? np.split(tokens, [prefix], 1)[1]! : tokens, 1);
      if (!ofClass || pooling === "patches") return mean();
      const first = np.mean(ofClass, 1);
      return pooling === "class+mean" ? np.concatenate([first, mean()], 1) : first;
    };

    const tokenAbility = { count, width, prefix, classTokens: front, encode, blocks: outputs };
    return {
      name: "vit",
      embedDim: pooling === "class+mean" ? 2 * width : width,
      init,
      apply: (params: VitParams, inputs: Inputs) => pool(encode(params, inputs)),
      hidden: (params: VitParams, inputs: Inputs) => encode(params, inputs),
      tokens: tokenAbility,
      patches: {
        ...tokenAbility,
        input: name,
        grid,
        patchDim,
        patchify: (inputs: Inputs) => patchify(read(inputs), patch),
        unpatchify: (patches: Array) => unpatchify(patches, channels, grid, patch),
        ...(positions.fixed ? { fixedPositions: positions.fixed } : {}),
        ...(front ? { classAttention } : {}),
      },
      latents: {
        ...tokenAbility,
        ...{ latentDim: width, causal: false, context },
        latents: (params: VitParams, inputs: Inputs) => embed.apply(params.patch, patchify(read(inputs), patch)),
      },
      hyperparameters: {
        width,
        depth,
        heads,
        ...(headDim === undefined ? {} : { headDim }),
        mlpRatio: options.mlpRatio,
        patchSize: oneOrAll(patch),
        prefix: front,
        positions: options.positions,
        ...unusual(options),
        channels,
        size: oneOrAll(extents),
      },
    };
  },
});

/** What a plain ViT does not have. */
const unusual = ({ pooling, registers, layerScale, mlp, keyBias, preNorm, epsilon, positionGrid }: VitOptions) => ({
  ...(pooling === "patches" || pooling === "class+mean" ? { pooling } : {}),
  ...(registers ? { registers } : {}),
  ...(layerScale ? { layerScale } : {}),
  ...(mlp === "gelu" ? {} : { mlp }),
  ...(keyBias ? {} : { keyBias: "none" }),
  ...(preNorm ? { preNorm: "yes" } : {}),
  ...(epsilon === 1e-6 ? {} : { epsilon }),
  ...(positionGrid === undefined ? {} : { positionGrid: oneOrAll([positionGrid].flat()) }),
});

const definedOnly = ({ width, depth, heads }: { width?: number; depth?: number; heads?: number }) => ({
  ...(width ? { width } : {}),
  ...(depth ? { depth } : {}),
  ...(heads ? { heads } : {}),
});
