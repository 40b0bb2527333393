/** Autodidact: learns from unlabeled data. Everything public, typed; docs/README.md is the guide. */
export { type Array, float32, int32, lax, nn, np, Rng, type Tensor, type TensorSpec, tree } from "./array/index.ts";
export { encoder } from "./encoders/encoder.ts";
export { type Encoder, type EncoderDefinition, encoders, type Inputs } from "./encoders/index.ts";
export { compile, type Device, devices, type Program, read } from "./engine/index.ts";
export { type CompleteOptions, type Completion, complete, type Guess } from "./evaluation/complete.ts";
export { type DistillResult, type DistillRunOptions, distillRun, encoderNamed } from "./evaluation/distill-run.ts";
export {
  type Duplicate,
  type Duplicates,
  type DuplicatesOptions,
  duplicates,
  type Outlier,
} from "./evaluation/duplicates.ts";
export { type EmbedOptions, type EmbedResult, embed } from "./evaluation/embed.ts";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluation/evaluate.ts";
export { exportRun } from "./evaluation/export-run.ts";
export { rawFeatures, untrainedParams } from "./evaluation/features.ts";
export { type FewShot, type FewShotOptions, type FewShotScore, fewShot } from "./evaluation/few-shot.ts";
export {
  type FinetuneOptions,
  finetune,
  finetuneDefaults,
  methodWith,
  resumeFinetuning,
} from "./evaluation/finetune.ts";
export { type DataReport, inspect, type RunReport } from "./evaluation/inspect.ts";
export { type JudgeOptions, judge, type Verdict } from "./evaluation/judge.ts";
export { type ReportTask, reportTasks } from "./evaluation/label-cells.ts";
export {
  type Curve,
  type CurvePoint,
  labelsSaved,
  labelsToReach,
  type Saving,
  savings,
} from "./evaluation/label-curves.ts";
export { type LabelEfficiency, type LabelEfficiencyOptions, labelEfficiency } from "./evaluation/label-efficiency.ts";
export type { TrainAndTest } from "./evaluation/labelled-sources.ts";
export { evaluateLanguage, type LanguageEvaluation, type LanguageOptions } from "./evaluation/language.ts";
export { type Look, type LookOptions, look } from "./evaluation/look.ts";
export { type Neighbour, type NeighbourIndex, neighbourIndex } from "./evaluation/neighbour-index.ts";
export { matchOneShot, type OneShotTrial, oneShotAccuracy } from "./evaluation/oneshot.ts";
export { type PredictOptions, type PredictResult, predict } from "./evaluation/predict.ts";
export { type Prediction, prediction } from "./evaluation/predictions.ts";
export { type Predictor, type PredictorOptions, predictor } from "./evaluation/predictor.ts";
export { type PruneResult, type PruneRunOptions, pruneRun } from "./evaluation/prune-run.ts";
export { type QuantizeResult, type QuantizeRunOptions, quantizeRun } from "./evaluation/quantize-run.ts";
export { fewShotTable } from "./evaluation/report/few-shot-table.ts";
export { labelTable } from "./evaluation/report/label-table.ts";
export { headlineInWords, savedInWords } from "./evaluation/report/label-words.ts";
export { languageTable } from "./evaluation/report/language-table.ts";
export { measureWords } from "./evaluation/report/measure-words.ts";
export { neighbourSheet, type SheetRow } from "./evaluation/report/sheet.ts";
export { shippedTable } from "./evaluation/report/shipped-table.ts";
export { evaluationTable, verdictTable } from "./evaluation/report/table.ts";
export { writeReport } from "./evaluation/report/write.ts";
export { type SearchOptions, search } from "./evaluation/search.ts";
export { type LabelledPair, measureShipped, type Shipped, type ShippedWorth } from "./evaluation/shipped.ts";
export {
  type StrategyName,
  type Suggestion,
  type Suggestions,
  type SuggestOptions,
  strategies,
  suggest,
} from "./evaluation/suggest.ts";
export { BrokenSample, messageOf, UserError } from "./foundation/errors.ts";
export { writeAtomically } from "./foundation/files.ts";
export { closest, type Flag, flagsOf, kebab } from "./foundation/options.ts";
export { linear } from "./layers/linear.ts";
export { optionOwners } from "./methods/combine.ts";
export { type Method, type MethodDefinition, methods, type Preset } from "./methods/index.ts";
export { method } from "./methods/method.ts";
export { type LabelTask, labelTasks } from "./modalities/answers.ts";
export {
  type Modality,
  type ModalityDefinition,
  modalities,
  type OpenOptions,
  type Source,
} from "./modalities/index.ts";
export { modality } from "./modalities/modality.ts";
export { tokenize } from "./modalities/text/tokenizers/learn.ts";
export { tokenizerKinds } from "./modalities/text/tokenizers/train.ts";
export * as objectives from "./objectives/index.ts";
export { type RunningServer, type ServeOptions, serve } from "./serving/serve.ts";
export { TrainingOptions } from "./training/config.ts";
export { extractFeatures, type Features } from "./training/features.ts";
export { type PretrainOptions, type Progress, pretrain } from "./training/pretrain.ts";
export { openRun, type Run } from "./training/run.ts";
export { encoderOf, modalityFor, presetOf } from "./training/settle.ts";
