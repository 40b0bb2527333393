/**
 * Autodidact: learns from unlabeled data. These are its verbs, and what one needs around them; what methods, encoders and
 * kinds of data are written with is in `autodidact/methods`, `autodidact/layers` …: docs/api.md.
 * @module autodidact
 */
export { type AgentDefinition, type AgentOptions, agents, findAgent } from "./agents/index.ts";
export { type Array, float32, int32, lax, nn, np, Rng, type Tensor, type TensorSpec, tree } from "./array/index.ts";
export { type LabelTask, labelTasks } from "./data/answers.ts";
export {
  augment,
  crop,
  describeLeftOut,
  type Extractor,
  type Features,
  type LeftOut,
  type Modality,
  type ModalityDefinition,
  type ModalityOptions,
  modalities,
  type OpenOptions,
  type Paths,
  type Picture,
  perturb,
  type Source,
  type TableOptions,
  tableOptionsOf,
} from "./data/index.ts";
export { type Labels, labelsFromFolders, labelsFromTable, labelsOf } from "./data/labels.ts";
export { modality } from "./data/modality.ts";
export { openPaths } from "./data/paths/open.ts";
export { modalityFor, usualEncoder } from "./data/recognise.ts";
export { encoder } from "./encoders/encoder.ts";
export {
  type Encoder,
  type EncoderDefinition,
  type EncoderOptions,
  encoders,
  type Inputs,
  reads,
} from "./encoders/index.ts";
export { compile, type Device, devices, type Program, read } from "./engine/index.ts";
export {
  type Environment,
  type EnvironmentDefinition,
  environment,
  type Policy,
  type Step,
} from "./environments/environment.ts";
export { type EnvironmentOptions, environments } from "./environments/index.ts";
export {
  type ActionSpace,
  type Observation,
  type ObservationSpace,
  randomAction,
  spaceText,
} from "./environments/space.ts";
export {
  type Acted,
  type AgentEvaluation,
  type AgentEvaluationOptions,
  agentReport,
  agentRows,
  evaluateAgent,
} from "./evaluation/agents/evaluate-agent.ts";
export {
  type Duplicate,
  type Duplicates,
  type DuplicatesOptions,
  duplicates,
  type Outlier,
} from "./evaluation/collection/duplicates.ts";
export { type EmbedOptions, type EmbedResult, embed } from "./evaluation/collection/embed.ts";
export { type DataReport, inspect, type RunReport } from "./evaluation/collection/inspect.ts";
export { type Look, type LookOptions, look } from "./evaluation/collection/look.ts";
export { type SearchOptions, search } from "./evaluation/collection/search.ts";
export {
  type StrategyName,
  type Suggestion,
  type Suggestions,
  type SuggestOptions,
  strategies,
  suggest,
} from "./evaluation/collection/suggest.ts";
export { segment } from "./evaluation/dense/segment.ts";
export type { Segmentation, SegmentOptions, SegmentScore, ShownImage } from "./evaluation/dense/segmentation.ts";
export { writeSegmentation } from "./evaluation/dense/segmentation-page.ts";
export { segmentationTable } from "./evaluation/dense/segmentation-table.ts";
export { neighbourSheet, type SheetRow } from "./evaluation/drawing/sheet.ts";
export { type ReportTask, reportTasks } from "./evaluation/label-efficiency/label-cells.ts";
export {
  type LabelEfficiency,
  type LabelEfficiencyOptions,
  labelEfficiency,
} from "./evaluation/label-efficiency/label-efficiency.ts";
export { labelTable } from "./evaluation/label-efficiency/label-table.ts";
export { savingHeadline, savingSummary } from "./evaluation/label-efficiency/label-text.ts";
export { measureText } from "./evaluation/label-efficiency/measure-text.ts";
export {
  type Curve,
  type CurvePoint,
  labelsSaved,
  labelsToReach,
  type Saving,
  savings,
} from "./evaluation/label-efficiency/savings/label-curves.ts";
export {
  type FinetuneOptions,
  finetune,
  methodWith,
  resumeFinetuning,
} from "./evaluation/labels/finetune.ts";
export { type Folds, foldsLine } from "./evaluation/labels/folds.ts";
export { type JudgeOptions, judge, type Verdict } from "./evaluation/labels/judge.ts";
export type { TrainAndTest } from "./evaluation/labels/labelled-sources.ts";
export { type PredictOptions, type PredictResult, predict } from "./evaluation/labels/predict.ts";
export { type Predictor, type PredictorOptions, predictor } from "./evaluation/labels/predictor.ts";
export { finetuneDefaults } from "./evaluation/labels/recipe.ts";
export { type Split, splitLine } from "./evaluation/labels/split.ts";
export {
  type CompleteOptions,
  type Completion,
  complete,
  type TokenPrediction,
} from "./evaluation/language/complete.ts";
export {
  evaluateLanguage,
  type LanguageEvaluation,
  type LanguageOptions,
  type LanguageScore,
} from "./evaluation/language/language.ts";
export { languageTable } from "./evaluation/language/language-table.ts";
export { classificationTable } from "./evaluation/retrieval/classification-table.ts";
export {
  type Classification,
  type ClassifyOptions,
  classify,
  type ZeroShotScore,
} from "./evaluation/retrieval/classify.ts";
export { evaluatePairs } from "./evaluation/retrieval/evaluate-pairs.ts";
export type {
  Direction,
  PairEvaluation,
  PairEvaluationOptions,
  RetrievalScore,
} from "./evaluation/retrieval/pair-evaluation.ts";
export { pairEvaluationTable } from "./evaluation/retrieval/pair-table.ts";
export type { PromptOptions } from "./evaluation/retrieval/prompts.ts";
export type { Recall } from "./evaluation/retrieval/ranked.ts";
export { type Prediction, prediction } from "./evaluation/scores/predictions.ts";
export {
  type DistillResult,
  type DistillRunOptions,
  distillRun,
  encoderNamed,
} from "./evaluation/smaller/distill-run.ts";
export { exportRun } from "./evaluation/smaller/export-run.ts";
export { type PruneResult, type PruneRunOptions, pruneRun } from "./evaluation/smaller/prune-run.ts";
export { type QuantizeResult, type QuantizeRunOptions, quantizeRun } from "./evaluation/smaller/quantize-run.ts";
export { resumeDistillation, resumePruning } from "./evaluation/smaller/resume.ts";
export { type LabelledPair, measureShipped, type Shipped, type ShippedWorth } from "./evaluation/smaller/shipped.ts";
export { shippedTable } from "./evaluation/smaller/shipped-table.ts";
export { type Neighbour, type NeighbourIndex, neighbourIndex } from "./evaluation/vectors/neighbour-index.ts";
export { matchOneShot, type OneShotTrial, oneShotAccuracy } from "./evaluation/vectors/oneshot.ts";
export { evaluate } from "./evaluation/worth/evaluate.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  type EvaluationTask,
  evaluationTasks,
} from "./evaluation/worth/evaluation.ts";
export { rawValues } from "./evaluation/worth/features.ts";
export { type FewShot, type FewShotOptions, type FewShotScore, fewShot } from "./evaluation/worth/few-shot.ts";
export { fewShotTable } from "./evaluation/worth/few-shot-table.ts";
export { evaluationTable, verdictTable } from "./evaluation/worth/table.ts";
export { writeReport } from "./evaluation/worth/write.ts";
export { optionOwners } from "./foundation/combination.ts";
export { BrokenSample, messageOf, UserError } from "./foundation/errors.ts";
export { writeAtomically } from "./foundation/files.ts";
export { allowDecoding } from "./foundation/memory.ts";
export { closest, type Flag, flagsOf, kebab } from "./foundation/options.ts";
export { prepareOutput, writeOutput } from "./foundation/outputs.ts";
export { trustCode } from "./foundation/user-file.ts";
export { type Method, type MethodDefinition, type MethodOptions, methods, type Preset } from "./methods/index.ts";
export { method } from "./methods/method.ts";
export { type RunningServer, type ServeOptions, serve } from "./serving/serve.ts";
export {
  type AgentChoices,
  type AgentConfig,
  agentOptions,
  LearningOptions,
} from "./training/agents/config.ts";
export type { Episodes } from "./training/agents/evaluate.ts";
export { type LearnedAgent, type LearnOptions, learn } from "./training/agents/learn.ts";
export type { LearningProgress } from "./training/agents/loop.ts";
export { isAgentRun, type OpenedAgent, openAgent } from "./training/agents/open.ts";
export { extractFeatures } from "./training/features.ts";
export type { Progress, Scores } from "./training/loop/options.ts";
export { type PretrainOptions, pretrain } from "./training/pretrain.ts";
export type { ProbeOptions } from "./training/probe/options.ts";
export { type TrainingChoices, TrainingOptions } from "./training/run/config.ts";
export { type ProbeRow, readProbes } from "./training/run/metrics.ts";
export { openRun, type Run } from "./training/run/run.ts";
export { encoderOf } from "./training/run/settle/encoder.ts";
export { presetOf } from "./training/run/settle/presets.ts";
export { type Matching, matchingOf, type SharedSides, sharedSides } from "./training/run/shared-space.ts";
export { untrainedParams } from "./training/untrained.ts";
