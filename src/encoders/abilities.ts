import { encoderAbility } from "../data/ability.ts";
import type {
  ChannelAbility,
  LatentAbility,
  NodeAbility,
  PatchAbility,
  SequenceAbility,
  SharedSpaceAbility,
  TokenAbility,
  Tower,
} from "./encoder.ts";

/** The encoder turns its input into a sequence of token vectors: patches, or tokens of a vocabulary. */
export const tokens = encoderAbility<TokenAbility>()("tokens", "turns its input into a sequence of token vectors");

/** `tokens` whose input is cut into a grid of patches. */
export const patches = encoderAbility<PatchAbility>()("patches", "cuts its input into a grid of patches");

/** `tokens` made from local features of the input, which can be had by themselves. */
export const latents = encoderAbility<LatentAbility>()("latents", "makes local features before it gives them context");

/** `tokens` whose input is a sequence of a vocabulary's tokens. */
export const sequence = encoderAbility<SequenceAbility>()("sequence", "reads a sequence of a vocabulary's tokens");

/** The shape `[channels, ...extents]` of `hidden` for one sample, with as many axes as its input: where a decoder starts. */
export const map = encoderAbility<readonly [channels: number, ...extents: number[]]>()("map", "ends in a feature map");

/** `tokens` of each channel apart, which see nothing of the other channels. */
export const channelTokens = encoderAbility<ChannelAbility>()(
  "channelTokens",
  "turns each channel of its input into a sequence of token vectors of its own",
);

/** A vector for each node of a graph, by messages between neighbours. */
export const nodes = encoderAbility<NodeAbility>()("nodes", "makes a vector for each node of a graph");

/** Reads pairs, and each of their sides by itself: the encoder of each side by its kind. */
export const towers = encoderAbility<Readonly<Record<string, Tower>>>()(
  "towers",
  "reads each side of a pair by itself",
);

/** `towers` whose vectors are compared. */
export const sharedSpace = encoderAbility<SharedSpaceAbility>()(
  "sharedSpace",
  "places both sides of a pair into one space",
);
