import { UserError } from "../../../../foundation/errors.ts";
import type { AdoptedModel } from "../../../../interop/publisher.ts";
import type { Adopter } from "./adopted.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { clip } from "./clip.ts";
import { dinov2 } from "./dinov2.ts";
import { dinov3 } from "./dinov3.ts";
import { adoptOwn, isOwn } from "./own.ts";
import { imageOptions } from "./preprocessing.ts";
import { hfResnet, torchResnet } from "./resnet.ts";
import { timmVit } from "./timm.ts";
import { torchVit } from "./torchvision.ts";
import { hfVit } from "./vit.ts";

const adopters: readonly Adopter[] = [hfVit, dinov2, dinov3, clip, hfResnet, timmVit, torchVit, torchResnet];

/** Values of `model_type` of image encoders that can be adopted. */
export const IMAGE_MODELS: readonly string[] = adopters.flatMap(({ types }) => types);

/** Whether weights of these names, without a `model_type`, are an image encoder's that can be adopted. */
export const hasImageNames = (names: readonly string[]): boolean =>
  adopters.some(({ recognises }) => recognises?.(names) ?? false);

/**
 * A folder with a published image encoder as the start of a run: Hugging Face's `config.json` and `model.safetensors`, or
 * weights of timm or torchvision, which are known by their names. Size and normalisation are those of
 * `preprocessor_config.json`. @throws UserError when it is none of them, or something does not fit
 */
export async function adoptImages(folder: string): Promise<AdoptedModel> {
  const checkpoint = await openCheckpoint(folder);
  if (isOwn(checkpoint)) return adoptOwn(checkpoint);
  const type = checkpoint.config.model_type;
  const adopter = adopters.find(({ types, recognises }) =>
    typeof type === "string" ? types.includes(type) : (recognises?.(checkpoint.names) ?? false),
  );
  if (!adopter)
    throw new UserError(
      `${folder}: not an image encoder that is supported: ${IMAGE_MODELS.join(", ")}, or timm's and torchvision's ViTs and ResNets`,
    );
  const found = adopter.read(checkpoint);
  return {
    ...{ encoder: found.encoder, encoderOptions: found.encoderOptions, files: {} },
    modalityOptions: await imageOptions(checkpoint, found),
    tensors: () => found.tensors,
  };
}
