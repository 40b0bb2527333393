/**
 * What networks are made of. A layer has `init(rng)` for its parameters and `apply(params, x)`.
 * @module autodidact/layers
 */
export * from "./attention.ts";
export * from "./attention-bias.ts";
export * from "./batch-norm.ts";
export * from "./codebook.ts";
export * from "./conv.ts";
export * from "./decoder.ts";
export * from "./dino-head.ts";
export * from "./drop-path.ts";
export * from "./dropout.ts";
export * from "./gelu.ts";
export * from "./gelu-mlp.ts";
export * from "./layer.ts";
export * from "./layer-norm.ts";
export * from "./linear.ts";
export * from "./mlp.ts";
export * from "./one-hot.ts";
export * from "./patches.ts";
export * from "./positions.ts";
export * from "./prototypes.ts";
export * from "./relu.ts";
export * from "./rotary.ts";
export { drawUniforms, inEvaluation, trainingScope, withoutDropping } from "./scope.ts";
export * from "./softmax.ts";
export * from "./transformer.ts";
export * from "./word-head.ts";
