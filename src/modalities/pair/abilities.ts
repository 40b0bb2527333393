import type { Array } from "../../array/index.ts";
import { ability, encoderAbility } from "../../data/ability.ts";
import type { Sample } from "../../data/views.ts";
import type { Inputs, Params, PatchAbility } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Box } from "./pair.ts";

interface Offers {
  boxes(sample: Sample): readonly Box[];
}

/** Where things are that captions name, in shares of the image as the encoder sees it when it is not cropped further. */
export const boxes = ability<Offers["boxes"]>()("boxes", "places of what captions name");

/** Which tokens of one side are seen. */
export interface Seen {
  /** Their places, int32 `[batch, seen]`, distinct; all by default. The others are dropped, and cost nothing. */
  readonly places?: Array;
  /** 1 for a token that is seen and 0 for one that is not, `[batch, seen]`; by default all but padding. */
  readonly used?: Array;
}

/** Tokens after the last norm, `[batch, seen, width]`, of each side that is among the inputs. */
export interface JointStates {
  readonly patches?: Array;
  readonly words?: Array;
}

/** Patches of an image and words of a caption as one sequence. An encoder that is built for one side has only that one. */
export interface JointTokens {
  readonly width: number;
  readonly patches?: Pick<PatchAbility, "input" | "count" | "grid" | "patchDim" | "patchify" | "unpatchify">;
  readonly words?: { readonly length: number; readonly vocabulary: number };
  encode(params: Params, inputs: Inputs, seen?: { readonly patches?: Seen; readonly words?: Seen }): JointStates;
}

/** Patches and words attend to each other from the first block on. */
export const jointTokens = encoderAbility<JointTokens>()(
  "jointTokens",
  "reads patches of an image and words of its caption as one sequence",
);

/** The two sides of an encoder. @throws UserError when it was built for one of them */
export function bothSides(
  { patches, words }: JointTokens,
  method: string,
): { patches: NonNullable<JointTokens["patches"]>; words: NonNullable<JointTokens["words"]> } {
  if (!patches || !words) throw new UserError(`method ${method} needs images with captions`);
  return { patches, words };
}
