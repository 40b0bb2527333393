import { type Array, np } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import { map, patches } from "../../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import { ofPatches } from "./tokens.ts";

/**
 * An encoder's last hidden state as a map `[batch, channels, ...extents]` on as many axes as its input: a ResNet's as it
 * is, a ViT's patch tokens put back in their places.
 * @param who the method that asks, for the message
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

/** The same of images, `[batch, channels, rows, columns]`. @throws UserError when the encoder has no such map */
export function featureMap(encoder: Encoder, who: string) {
  const { channels, extents, apply } = gridMap(encoder, who);
  const [rows, columns] = extents;
  if (!rows || !columns || extents.length !== 2)
    throw new UserError(`method ${who} needs an encoder that keeps a map of the image; try --encoder resnet`);
  return { shape: [channels, rows, columns] as const, apply };
}

/** `[channels, height, width]` that an encoder of pictures reads. @throws UserError when there are no pixels */
export function pixelShape(
  specs: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  who: string,
): readonly [channels: number, height: number, width: number] {
  const [channels, height, width] = specs.pixels?.shape ?? [];
  if (!channels || !height || !width) throw new UserError(`method ${who} works on images; this data has no pixels`);
  return [channels, height, width];
}
