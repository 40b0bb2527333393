import { type Array, np, type Rng, type Traced } from "../../../array/index.ts";
import type { Encoder, Inputs } from "../../../encoders/encoder.ts";
import { UserError } from "../../../foundation/errors.ts";
import { linear } from "../../../layers/linear.ts";
import { withPatches } from "../../../methods/parts/pictures.ts";
import { markedAt } from "../../../methods/parts/tokens.ts";
import {
  maskedReconstruction,
  normalizePatches,
  patchMoments,
} from "../../../objectives/restoration/masked-reconstruction.ts";
import { bothSides, type JointTokens, type Seen } from "../abilities.ts";
import { jointDecoder } from "./joint-decoder.ts";

export interface JointAutoencoderOptions {
  /** The method's name, for errors. */
  readonly name: string;
  /** The id of a word that is hidden. */
  readonly maskToken: number;
  readonly decoderWidth: number;
  readonly decoderDepth: number;
  readonly decoderHeads: number;
  readonly normalizeTarget: boolean;
}

/**
 * A joint encoder with M3AE's decoder, and a linear layer from decoded patches to their pixels.
 * @throws UserError when the encoder was built for one side, or an image is a single patch
 */
export function jointAutoencoder(
  encoder: Encoder & { readonly jointTokens: JointTokens },
  {
    name,
    maskToken,
    decoderWidth: width,
    decoderDepth: depth,
    decoderHeads: heads,
    ...options
  }: JointAutoencoderOptions,
) {
  const { encode, width: input } = encoder.jointTokens;
  const { patches, words } = bothSides(encoder.jointTokens, name);
  if (patches.count < 2)
    throw new UserError(`${name}: an image of a single patch leaves nothing to mask; use a smaller patch size`);
  const decoder = jointDecoder({ name, input, grid: patches.grid, length: words.length, width, depth, heads });
  const pixels = linear(width, patches.patchDim);
  const init = (rng: Rng) => ({
    encoder: encoder.init(rng.split("encoder")),
    decoder: decoder.init(rng.split("decoder")),
    pixels: pixels.init(rng.split("pixels")),
  });
  type Parameters = Traced<ReturnType<typeof init>>;

  const decode = (params: Parameters, inputs: Inputs, seen: { readonly patches?: Seen; readonly words?: Seen }) =>
    decoder.apply(params.decoder, encode(params.encoder, inputs, seen), seen, inputs.mask!);

  /** All patches from their decoded states; a normalised prediction takes the mean and deviation of the true patches. */
  const reconstruct = (params: Parameters, inputs: Inputs, states: Array): Array => {
    const prediction = pixels.apply(params.pixels, states);
    if (!options.normalizeTarget) return prediction;
    const { mean, deviation } = patchMoments(patches.patchify(inputs));
    return np.add(np.multiply(prediction, deviation), mean);
  };

  /** All words but those whose id is the mask token's. */
  const written = ({ ids, mask }: Inputs): Seen => ({
    used: np.where(np.equal(ids!, maskToken), 0, np.where(np.equal(mask!, 0), 0, 1)),
  });

  return {
    ...{ patches, words, init, decode, written },
    /** The patches that are not kept, `[batch, count]`, 1 for those. @param keep int32 `[batch, kept]` */
    others: (keep: Array): Array => np.subtract(1, markedAt(keep, patches.count)),
    /** Squared error of the hidden patches. @param hidden `[batch, count]`, 1 for those */
    loss(params: Parameters, inputs: Inputs, states: Array, hidden: Array): Array {
      const raw = patches.patchify(inputs);
      const target = options.normalizeTarget ? normalizePatches(raw) : raw;
      return maskedReconstruction(pixels.apply(params.pixels, states), target, hidden);
    },
    /** The image with its hidden patches grey, and as predicted. */
    pictures: (params: Parameters, inputs: Inputs, states: Array, hidden: Array) => ({
      masked: withPatches(patches, inputs, hidden, 0),
      reconstruction: withPatches(patches, inputs, hidden, reconstruct(params, inputs, states)),
    }),
    /** The image with its hidden patches predicted from the others and from the words that are not hidden. */
    restore(params: Parameters, inputs: Inputs, hidden: Array): Array {
      const seen = { patches: { used: np.subtract(1, hidden) }, words: written(inputs) };
      return withPatches(patches, inputs, hidden, reconstruct(params, inputs, decode(params, inputs, seen).patches));
    },
  };
}
