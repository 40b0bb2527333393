/**
 * What networks are made of. A layer has `init(rng)` for its parameters and `apply(params, x)`.
 * @module autodidact/layers
 */

export * from "./codebook.ts";
export * from "./conv.ts";
export * from "./decoder.ts";
export * from "./functions/column-codes.ts";
export * from "./functions/drop-path.ts";
export * from "./functions/dropout.ts";
export * from "./functions/gelu.ts";
export * from "./functions/gelu-tanh.ts";
export * from "./functions/one-hot.ts";
export * from "./functions/relu.ts";
export * from "./functions/silu.ts";
export * from "./functions/softmax.ts";
export * from "./functions/uniforms.ts";
export * from "./gumbel-codebook.ts";
export * from "./heads/dino-head.ts";
export * from "./heads/gelu-mlp.ts";
export * from "./heads/mlp.ts";
export * from "./heads/prototypes.ts";
export * from "./heads/token-head.ts";
export * from "./layer.ts";
export * from "./linear.ts";
export * from "./message-passing.ts";
export * from "./norms/batch-norm.ts";
export * from "./norms/group-norm.ts";
export * from "./norms/layer-norm.ts";
export { drawUniforms, inEvaluation, trainingScope, withoutDropping } from "./scope.ts";
export * from "./transformer/attention.ts";
export * from "./transformer/attention-bias.ts";
export * from "./transformer/feed-forward.ts";
export * from "./transformer/patches.ts";
export * from "./transformer/positions.ts";
export * from "./transformer/rotary.ts";
export * from "./transformer/transformer.ts";
