import * as z from "zod";
import { devices } from "../../engine/index.ts";

/** How to train. Where a default is missing, the method's recipe decides. */
export const TrainingOptions = z.object({
  epochs: z.int().positive().default(100).describe("passes over the data"),
  batchSize: z.int().min(2).optional().describe("samples per step; the method's recipe by default"),
  learningRate: z.number().positive().optional().describe("peak learning rate; the recipe's, scaled by batch / 256"),
  minLearningRate: z.number().nonnegative().default(0).describe("learning rate that the cosine ends at"),
  optimizer: z.enum(["adamw", "sgd", "lars"]).optional().describe("optimiser; the recipe's by default"),
  weightDecay: z.number().nonnegative().optional().describe("on weights, not on biases and norms"),
  warmupEpochs: z.number().nonnegative().optional().describe("linear rise of the learning rate; a tenth, at most 10"),
  gradientClip: z.number().nonnegative().default(0).describe("largest global norm of the gradients; 0 for none"),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("learning rate of each layer of the encoder over that of the layer above; 0.75 is usual in fine-tuning"),
  frozenLayers: z
    .int()
    .nonnegative()
    .default(0)
    .describe("layers of the encoder that stay as they are, from the input: 1 for the embedding, 2 and a block …"),
  loraRank: z
    .int()
    .nonnegative()
    .default(0)
    .describe("train additions of this rank to the encoder's linear layers, and nothing else of it; 0 for all of it"),
  ema: z.number().min(0).lt(1).default(0).describe("keep an average of the weights with this momentum; 0 for none"),
  seed: z.int().nonnegative().default(0).describe("same seed, same machine: same bits"),
  workers: z
    .int()
    .nonnegative()
    .default(Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1)))
    .describe("threads that decode and augment ahead of the step; 0: none"),
  threads: z.int().positive().optional().describe("threads within an operator; all cores by default"),
  device: z.enum(devices).default("cpu").describe("where to compute"),
  checkpointEvery: z.int().positive().default(200).describe("steps between checkpoints"),
  logEvery: z.int().positive().default(10).describe("steps per row of metrics.jsonl"),
});

/** Those of the training's options that somebody decides. */
export type TrainingChoices = Readonly<Partial<z.input<typeof TrainingOptions>>>;

/** Training options with everything decided. */
export const SettledTraining = TrainingOptions.required({
  batchSize: true,
  learningRate: true,
  optimizer: true,
  weightDecay: true,
  warmupEpochs: true,
}).extend({ beta2: z.number().gt(0).lt(1) });

export type Training = z.infer<typeof SettledTraining>;

/** Version of the run folder; another version is another program's. */
export const RUN_VERSION = 3;

const choice = z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) });

const amount = z.union([z.number(), z.array(z.number())]);

/** An option that goes from one value to another while a run learns. */
export const CurriculumEntry = z.object({
  option: z.string(),
  /** Whose option it is. */
  group: z.enum(["method", "modality", "training"]),
  from: amount,
  to: amount,
  pace: z.enum(["linear", "cosine", "step", "competence"]),
  /** Values that it takes on the way, both ends included. */
  stages: z.int().min(2),
  /** Only whole numbers will do. */
  whole: z.boolean(),
  /** Competence: what must be reached, mean over a window of steps; a loss that falls no more when not given. */
  metric: z.object({ name: z.string(), atLeast: z.number() }).optional(),
});
export type CurriculumEntry = z.infer<typeof CurriculumEntry>;

/** What fine-tuning is told beside what any run is. */
export const Supervision = z.object({
  /** Use only so many labels, drawn evenly over the classes with this seed. */
  labels: z.int().positive().optional(),
  /** Share of the labelled entries that judge after every epoch and are not learned from; 0 for none. */
  validation: z.number().min(0).max(0.5),
  /** Epochs without a better score after which training stops. */
  patience: z.int().positive(),
  /** Whether entries without a label take part. */
  unlabelled: z.boolean(),
  seed: z.int().nonnegative(),
  /** Of the labels and what they are called, so that training is not resumed on others. */
  digest: z.string().optional(),
  /** Run or model that it began with; absent when it began with random numbers. */
  from: z.string().optional(),
});
export type Supervision = z.infer<typeof Supervision>;

/** Of a pruned run: what it was before, and how what stayed was chosen. */
export const Pruning = z.object({
  from: z.string(),
  step: z.int(),
  keep: z.number(),
  importance: z.enum(["taylor", "magnitude"]),
  /** Batches, and data if not the run's own, that `taylor` looked at. */
  batches: z.int(),
  data: z.string().optional(),
});
export type Pruning = z.infer<typeof Pruning>;

/** `config.json` of a run folder. */
export const RunConfig = z.object({
  version: z.literal(RUN_VERSION),
  data: z.object({
    path: z.string(),
    labels: z.string().optional(),
    column: z.string().optional(),
    labelColumn: z.string().optional(),
    entries: z.int().positive(),
    /** Of the entries' names, so that a run is not resumed on other data. */
    fingerprint: z.string(),
  }),
  /** The method's preset that was asked for; what it came to stands in the options below. */
  preset: z.string().optional(),
  /** `files` are kept beside config.json (a tokenizer): there by their SHA-256, in memory by their texts. */
  modality: choice.extend({ files: z.record(z.string(), z.string()).optional() }),
  encoder: choice,
  method: choice,
  training: SettledTraining,
  /** Of fine-tuning: which labelled entries are learned from and which judge, when to stop, what it began with. */
  supervision: Supervision.optional(),
  pruning: Pruning.optional(),
  /** Options above that change during the run; there they have the values they end at. */
  curriculum: z.array(CurriculumEntry).optional(),
});

export type RunConfig = z.infer<typeof RunConfig>;
