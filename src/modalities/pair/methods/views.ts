import * as z from "zod";
import type { Rng } from "../../../array/rng.ts";
import { offerOf } from "../../../data/ability.ts";
import type { Modality, TensorRecord } from "../../../data/modality.ts";
import type { Sides } from "../../../data/sides.ts";
import { augment, perturb, type Sample } from "../../../data/views.ts";

/** Option of methods that compare images with captions. */
export const viewsOption = z
  .enum(["light", "strong"])
  .default("light")
  .describe("how images are changed: lightly (a crop), or strongly, as methods do that compare views");

/** The tensors of a pair: a view of its image, and one of its captions. Captions stay whole: each word may be what is shown. */
export function viewOfPair(
  { sides }: Modality & { readonly sides: Sides },
  sample: Sample,
  rng: Rng,
  { views }: { readonly views: z.infer<typeof viewsOption> },
): TensorRecord {
  const [ofImages, ofTexts] = [sides.modality("image"), sides.modality("text")];
  const [image] = sides.samples(sample, "image");
  const change = offerOf(ofImages, views === "strong" ? augment : perturb);
  const captions = sides.samples(sample, "text");
  const caption = captions[rng.split("caption").integer(0, captions.length - 1)];
  return {
    ...ofImages.tensors(change ? change(image, rng.split("image")) : image),
    ...ofTexts.tensors(caption),
  };
}
