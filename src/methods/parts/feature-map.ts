import { type Array, np } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import { map, patches } from "../../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import { ofPatches } from "./tokens.ts";

/**
 * An encoder's last hidden state as a map `[batch, channels, ...extents]` on as many axes as its input: a ResNet's map
 * itself, or a ViT's patch tokens arranged on their grid.
 * @param who name of the method, for the message
 * @throws UserError when the encoder has neither
 */
export function gridMap(encoder: Encoder, who: string) {
  const kept = offerOf(encoder, map);
  if (kept) {
    const [channels, ...extents] = kept;
    return { channels, extents, apply: encoder.hidden };
  }
  const tokens = offerOf(encoder, patches);
  if (!tokens)
    throw new UserError(`method ${who} needs an encoder that keeps a map of its input; try --encoder vit or resnet`);
  const apply = (params: Params, inputs: Inputs): Array => {
    const patches = ofPatches(tokens.encode(params, inputs), tokens);
    return np.reshape(np.transpose(patches, [0, 2, 1]), [patches.shape[0]!, tokens.width, ...tokens.grid]);
  };
  return { channels: tokens.width, extents: tokens.grid, apply };
}
