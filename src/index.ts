/** Autodidact: learns from unlabeled data. Everything public, typed; docs/README.md is the guide. */
export { type Array, lax, nn, np, Rng, type Tensor, type TensorSpec } from "./array/index.ts";
export { encoder } from "./encoders/encoder.ts";
export { type Encoder, type EncoderDefinition, encoders, type Inputs } from "./encoders/index.ts";
export { compile, type Device, devices, type Program, read } from "./engine/index.ts";
export { BrokenSample, messageOf, UserError } from "./foundation/errors.ts";
export { closest, type Flag, flagsOf, kebab } from "./foundation/options.ts";
export { type Method, type MethodDefinition, methods } from "./methods/index.ts";
export { method } from "./methods/method.ts";
export { type Modality, type ModalityDefinition, modalities, type Source } from "./modalities/index.ts";
export { modality } from "./modalities/modality.ts";
export { TrainingOptions } from "./training/config.ts";
export { modalityFor, type PretrainOptions, type Progress, pretrain } from "./training/pretrain.ts";
export { openRun, type Run } from "./training/run.ts";
