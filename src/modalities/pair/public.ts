/**
 * What images with captions are, for methods and programs that read both.
 * @module autodidact/pair
 */
export { boxes, type JointStates, type JointTokens, jointTokens, type Seen } from "./abilities.ts";
export { coveredPatches } from "./boxes.ts";
export { branchAt } from "./branch.ts";
export { type Captions, type CaptionsOptions, captions } from "./captions.ts";
export { drawnPairs } from "./methods/drawn.ts";
export { inReverse } from "./methods/in-reverse.ts";
export { jointAutoencoder } from "./methods/joint-autoencoder.ts";
export { smallPairs } from "./methods/small.ts";
export { viewOfPair, viewsOption } from "./methods/views.ts";
export { PairOptions } from "./options.ts";
export type { Box, PairSample } from "./pair.ts";
