/**
 * What an encoder is, what one may offer to methods, and the built-in ones by name.
 * @module autodidact/encoders
 */
export { channelTokens, latents, map, nodes, patches, sequence, sharedSpace, tokens, towers } from "./abilities.ts";
export { encoder } from "./encoder.ts";
export { nodesAt } from "./graph-input.ts";
export { type GridInput, gridInput, MOST_AXES } from "./grid-input.ts";
export * from "./index.ts";
