import type { Rng } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import type { TensorRecord } from "../../../data/modality.ts";
import type { Sides } from "../../../data/sides.ts";
import { perturb, type Sample } from "../../../data/views.ts";
import { maskToken, type TokenSequence, vocabulary } from "../../../data/vocabulary.ts";
import { UserError } from "../../../foundation/errors.ts";

/**
 * What methods read of images with captions: a lightly changed view of the image, and one of its captions, drawn.
 * @param method for errors @throws UserError when the captions' vocabulary has no mask token
 */
export function drawnPairs(sides: Sides, method: string) {
  const [image, text] = [sides.modality("image"), sides.modality("text")];
  const words = offerOf(text, vocabulary);
  const mask = offerOf(text, maskToken);
  const change = offerOf(image, perturb);
  if (!words || mask === undefined)
    throw new UserError(`method ${method} needs captions with a mask token; their tokenizer has none`);
  return {
    vocabulary: words,
    maskToken: mask,
    /** The image as the encoder sees it when it is not changed. */
    whole: (pair: Sample): TensorRecord => image.tensors(sides.samples(pair, "image")[0]),
    draw(pair: Sample, rng: Rng): { image: TensorRecord; caption: TokenSequence } {
      const [picture] = sides.samples(pair, "image");
      const captions = sides.samples(pair, "text");
      const caption = captions[captions.length > 1 ? rng.integer(0, captions.length - 1) : 0];
      const view = change ? change(picture, rng) : picture;
      return { image: image.tensors(view), caption: words.tokens(caption, rng) };
    },
  };
}
