import type { Encoder } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import { gridMap } from "../../methods/parts/feature-map.ts";

/** An encoder's last hidden state as a map of the image, `[batch, channels, rows, columns]`. @throws UserError when the encoder has no such map */
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
  const { shape = [] } = specs.pixels ?? {};
  const [channels, height, width] = shape;
  if (!channels || !height || !width || shape.length !== 3)
    throw new UserError(
      `method ${who} works on images; this data has ${shape.length === 4 ? "clips of several frames" : "no pixels"}`,
    );
  return [channels, height, width];
}
