import { type Array, np } from "../../array/index.ts";
import type { Inputs, PatchAbility } from "../../encoders/encoder.ts";

/**
 * Images with some patches replaced, `[batch, channels, height, width]`.
 * @param mask `[batch, count]`, 1 where a patch is replaced
 * @param replacement `[batch, count, patchDim]`, or one value: 0 is the mean colour
 */
export const withPatches = (
  tokens: Pick<PatchAbility, "count" | "patchify" | "unpatchify">,
  image: Inputs,
  mask: Array,
  replacement: Array | number,
): Array =>
  tokens.unpatchify(
    np.where(np.equal(np.reshape(mask, [-1, tokens.count, 1]), 1), replacement, tokens.patchify(image)),
  );
