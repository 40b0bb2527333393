import { offerOf } from "../../../data/ability.ts";
import { sharedSpace } from "../../../encoders/abilities.ts";
import { plainPublisher } from "../../../interop/plain.ts";
import type { Publisher } from "../../../interop/publisher.ts";
import { captionerPublication } from "./captioner.ts";
import { contrastivePublication } from "./contrastive.ts";
import { sidePublication, sidePublishers, towerOf } from "./sides.ts";

/**
 * Models of images with captions: those that write captions as a `vision-encoder-decoder`; those that compare both sides in a shared
 * space as CLIP or SigLIP; others as plain ONNX, with the files that prepare both sides. A side by itself, `runs/clip/image`, is
 * published as its own kind of data.
 */
export async function pairPublisher(): Promise<Publisher> {
  const publishers = await sidePublishers();
  return {
    describe(model) {
      const { encoder, matching, writer, head } = model;
      if (writer && !head) return captionerPublication(model, writer, publishers);
      // Without the method's say the space may be untrained.
      if (matching && !head && offerOf(encoder, sharedSpace))
        return contrastivePublication(model, matching, publishers);
      const files = (["image", "text"] as const).map(
        (side) => sidePublication(model, side, towerOf(model, side), publishers).files,
      );
      return { ...plainPublisher.describe(model), files: Object.assign({}, ...files) };
    },
    feeds({ pixels, ids, mask, ...others }) {
      return {
        ...others,
        ...(pixels ? { pixels, ...publishers.image.feeds({ pixels }) } : {}),
        ...(ids && mask ? { ids, mask, ...publishers.text.feeds({ ids, mask }) } : {}),
      };
    },
  };
}
