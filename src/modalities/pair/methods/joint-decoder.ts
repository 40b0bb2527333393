import { type Array, constant, filled, nn, np, type Rng, sizeOf, type Traced } from "../../../array/index.ts";
import type { ParamsOf } from "../../../layers/layer.ts";
import { linear } from "../../../layers/linear.ts";
import { layerNorm } from "../../../layers/norms/layer-norm.ts";
import { attentionBias } from "../../../layers/transformer/attention-bias.ts";
import { refuseWidth, sinCosPositions } from "../../../layers/transformer/positions.ts";
import { transformerBlock } from "../../../layers/transformer/transformer.ts";
import type { JointStates, Seen } from "../abilities.ts";

export interface JointDecoderOptions {
  /** The method's name, for errors. */
  readonly name: string;
  /** Width of the encoder's tokens. */
  readonly input: number;
  /** Patches along each axis of an image, and words of a caption. */
  readonly grid: readonly number[];
  readonly length: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
}

/**
 * M3AE's decoder: a narrow Transformer over all patches and all words, with a mask token for each that the encoder did not
 * see. Parameters: `project`, `image.{maskToken,type}`, `text.{maskToken,type}`, `blocks.N`, `norm`.
 * @throws UserError when the width fits neither the heads nor the sine–cosine positions
 */
export function jointDecoder({ name, input, grid, length, width, depth, heads }: JointDecoderOptions) {
  refuseWidth(`${name}: a decoder width`, width, heads);
  const project = linear(input, width);
  const blocks = globalThis.Array.from({ length: depth }, () => transformerBlock({ width, heads, mlpRatio: 4 }));
  const norm = layerNorm(width);
  const side = (rng: Rng) => ({
    maskToken: rng.split("maskToken").truncatedNormal([1, width], 0.02),
    type: rng.split("type").truncatedNormal([width], 0.02),
  });
  const init = (rng: Rng) => ({
    project: project.init(rng.split("project")),
    image: side(rng.split("image")),
    text: side(rng.split("text")),
    blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    norm: norm.init(),
  });
  type DecoderParams = Traced<ParamsOf<{ init: typeof init }>>;

  /** Every token back in its place, the mask token in all others; with positions and type, `[batch, count, width]`. */
  const placed = (
    params: DecoderParams,
    which: "image" | "text",
    extents: readonly number[],
    tokens: Array,
    { places, used }: Seen = {},
  ): Array => {
    const { maskToken, type } = params[which];
    const projected = project.apply(params.project, tokens);
    const weighted = used ? np.multiply(projected, np.expandDims(used, 2)) : projected;
    const positions = np.add(constant(sinCosPositions(extents, width)), type);
    if (!places && !used) return np.add(projected, positions);
    const rows = places && nn.oneHot(places, sizeOf(extents));
    const visible = rows ? np.sum(used ? np.multiply(rows, np.expandDims(used, 2)) : rows, 1) : used!;
    const back = rows ? np.matmul(np.transpose(rows, [0, 2, 1]), weighted) : weighted;
    const missing = np.multiply(np.expandDims(np.subtract(1, visible), 2), maskToken);
    return np.add(np.add(back, missing), positions);
  };

  return {
    init,
    /**
     * All patches and all words, `[batch, count, width]` and `[batch, length, width]`, after the last norm.
     * @param states of the encoder @param seen those that it saw @param mask of the words, 0 for padding
     */
    apply(
      params: DecoderParams,
      { patches, words }: JointStates,
      seen: { readonly patches?: Seen; readonly words?: Seen },
      mask: Array,
    ): { patches: Array; words: Array } {
      if (!patches || !words) throw new Error("the decoder needs images and captions");
      const image = placed(params, "image", grid, patches, seen.patches);
      const text = placed(params, "text", [length], words, seen.words);
      const [batch = 0, count = 0] = image.shape;
      const every = np.broadcastTo(constant(filled([1, count], 1)), [batch, count]);
      const bias = np.concatenate([attentionBias(every), attentionBias(mask)], 3);
      const first = np.concatenate([image, text], 1);
      const last = blocks.reduce((x, block, index) => block.apply(params.blocks[index]!, x, { bias }), first);
      const [decoded, told] = np.split(norm.apply(params.norm, last), [count], 1);
      return { patches: decoded!, words: told! };
    },
  };
}
