import { type Array, np } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import { map, patches } from "../../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";

/**
 * An encoder's last hidden state as a map `[batch, channels, rows, columns]`: a ResNet's as it is, a ViT's patch tokens
 * put back in their places.
 * @param who the method that asks, for the message
 * @throws UserError when the encoder has neither
 */
export function featureMap(encoder: Encoder, who: string) {
  const kept = offerOf(encoder, map);
  if (kept) return { shape: kept, apply: encoder.hidden };
  const tokens = offerOf(encoder, patches);
  const [rows, columns] = tokens?.grid ?? [];
  if (!tokens || !rows || !columns)
    throw new UserError(`method ${who} needs an encoder that keeps a map of the picture; try --encoder resnet`);
  const shape = [tokens.width, rows, columns] as const;
  const apply = (params: Params, inputs: Inputs): Array => {
    const all = tokens.encode(params, inputs);
    const patches = tokens.prefix ? np.split(all, [tokens.prefix], 1)[1]! : all;
    return np.reshape(np.transpose(patches, [0, 2, 1]), [all.shape[0]!, ...shape]);
  };
  return { shape, apply };
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
