import { type Array, np } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import { channelTokens, map, patches } from "../../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import { ofPatches } from "./tokens.ts";

/**
 * An encoder's last hidden state as a map `[batch, channels, ...extents]` on as many axes as its input: a ResNet's map
 * itself, a ViT's patch tokens arranged on their grid, or those of PatchTST's channels one after the other.
 * @param who name of the method, for the message
 * @throws UserError when the encoder has neither
 */
export function gridMap(encoder: Encoder, who: string) {
  const kept = offerOf(encoder, map);
  if (kept) {
    const [channels, ...extents] = kept;
    return { channels, extents, apply: encoder.hidden };
  }
  const apart = offerOf(encoder, channelTokens);
  if (apart) {
    const channels = apart.channels * apart.width;
    const joined = (params: Params, inputs: Inputs): Array =>
      np.reshape(np.transpose(apart.encode(params, inputs), [0, 1, 3, 2]), [-1, channels, apart.count]);
    return { channels, extents: [apart.count], apply: joined };
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
