import { encoderAbility } from "../data/ability.ts";
import type { PatchAbility, TokenAbility, WordAbility } from "./encoder.ts";

/** The encoder sees its input as a sequence of tokens, patches or a vocabulary's. */
export const tokens = encoderAbility<TokenAbility>()("tokens", "sees its input as a sequence of tokens");

/** The same with what patches of a grid add. */
export const patches = encoderAbility<PatchAbility>()("patches", "sees its input as a grid of patches");

/** The same with what tokens of a vocabulary add. */
export const words = encoderAbility<WordAbility>()("words", "reads the tokens of a vocabulary");

/** `[channels, ...extents]` of `hidden` for one sample, on as many axes as its input: what a decoder starts from. */
export const map = encoderAbility<readonly [channels: number, ...extents: number[]]>()(
  "map",
  "keeps a map of its input",
);
