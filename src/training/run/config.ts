import * as z from "zod";
import { devices } from "../../engine/index.ts";
import * as bounds from "../../foundation/bounds.ts";

/** Training options. Where a default is missing, the method's recipe decides. */
export const TrainingOptions = z.object({
  epochs: z.int().positive().max(1_000_000).default(100).describe("passes over the data"),
  batchSize: bounds.count().min(2).optional().describe("samples per batch; by default from the method's recipe"),
  accumulate: z
    .int()
    .positive()
    .max(100_000)
    .default(1)
    .describe(
      "batches of a step: their gradients are averaged for one update, in the memory of one batch; negatives and BatchNorm's statistics are of one batch",
    ),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe("peak learning rate; by default the recipe's, scaled by the samples of a step / 256"),
  schedule: z
    .enum(["cosine", "step", "constant"])
    .optional()
    .describe("of the learning rate after the warm-up; by default from the method's recipe, else cosine"),
  finalLearningRate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "of the schedule cosine: learning rate at the end, as a share of the peak; by default the recipe's, else 0",
    ),
  milestones: z
    .array(z.number().gt(0).lt(1))
    .max(100)
    .optional()
    .describe(
      "of the schedule step: shares of the training after which the rate drops; by default the recipe's, else 0.6,0.8",
    ),
  drop: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe("of the schedule step: what a milestone leaves of the rate; by default the recipe's, else 0.1"),
  warmup: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("share of the training with linear warm-up; by default the recipe's, else a tenth, at most 10 epochs"),
  warmupEpochs: z.number().nonnegative().optional().describe("the same in epochs, instead of --warmup"),
  constantRate: z
    .array(z.string().min(1))
    .max(100)
    .optional()
    .describe("parts of the parameters whose learning rate stays at its peak, by path; by default the recipe's"),
  optimizer: z
    .enum(["adamw", "sgd", "lars", "larc"])
    .optional()
    .describe("optimiser; by default from the method's recipe"),
  beta2: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe("of adamw: decay of the squared gradients; by default the recipe's"),
  nesterov: z.boolean().optional().describe("of sgd: Nesterov's momentum; by default the recipe's"),
  weightDecay: z
    .number()
    .nonnegative()
    .optional()
    .describe("weight decay, by default the recipe's; not applied to biases and norms, except by larc"),
  finalWeightDecay: z
    .number()
    .nonnegative()
    .optional()
    .describe("weight decay at the end, reached by half a cosine; by default the recipe's, else the same throughout"),
  gradientClip: z
    .number()
    .nonnegative()
    .optional()
    .describe("largest norm of the gradients, 0 for no clipping; by default the recipe's, else 0"),
  clipBy: z
    .enum(["all", "parameter"])
    .optional()
    .describe(
      "whether that norm is of all gradients, or each parameter's by itself; by default the recipe's, else all",
    ),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      "layer-wise decay: learning rate of an encoder layer, relative to the layer above; 0.75 is usual in fine-tuning",
    ),
  frozenLayers: z
    .int()
    .nonnegative()
    .max(1000)
    .default(0)
    .describe("encoder layers to freeze, counted from the input: 1 for the embedding, 2 also for the first block …"),
  freeze: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .describe("parts of the encoder that are not trained, by name: image or text of an encoder of pairs"),
  frozenStatistics: z
    .boolean()
    .default(false)
    .describe("keep the running statistics of BatchNorm and normalise by them; batches are too small for their own"),
  loraRank: z
    .int()
    .nonnegative()
    .max(16_384)
    .default(0)
    .describe("rank of LoRA adapters in the encoder's linear layers, the only encoder weights trained; 0: no LoRA"),
  ema: z.number().min(0).lt(1).default(0).describe("momentum of a running average of the weights; 0 for none"),
  seed: z.int().nonnegative().default(0).describe("seed of all randomness; runs are bit-identical on the same machine"),
  workers: z
    .int()
    .nonnegative()
    .max(256)
    .default(Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1)))
    .describe("worker threads that decode and augment the data; 0: none"),
  threads: z.int().positive().max(1024).optional().describe("threads within an operator; all cores by default"),
  device: z.enum(devices).default("cpu").describe("device to compute on"),
  checkpointEvery: z.int().positive().default(200).describe("steps between checkpoints"),
  logEvery: z.int().positive().default(10).describe("steps per row of metrics.jsonl"),
});

/** The training options that are set. */
export type TrainingChoices = Readonly<Partial<z.input<typeof TrainingOptions>>>;

/** Training options with everything decided. */
export const SettledTraining = TrainingOptions.required({
  batchSize: true,
  learningRate: true,
  schedule: true,
  finalLearningRate: true,
  milestones: true,
  warmupEpochs: true,
  constantRate: true,
  optimizer: true,
  beta2: true,
  nesterov: true,
  weightDecay: true,
  finalWeightDecay: true,
  gradientClip: true,
  clipBy: true,
})
  // In epochs.
  .omit({ warmup: true })
  // One part of a large graph is a batch of nodes; a user is asked for two samples.
  .extend({ batchSize: bounds.count(), drop: TrainingOptions.shape.drop.unwrap().default(0.1) });

export type Training = z.infer<typeof SettledTraining>;

/** Where neither user, preset nor recipe decide. */
export const DEFAULTS = {
  optimizer: "adamw",
  beta2: 0.999,
  nesterov: false,
  schedule: "cosine",
  finalLearningRate: 0,
  milestones: [0.6, 0.8],
  drop: 0.1,
  constantRate: [],
  gradientClip: 0,
  clipBy: "all",
} as const satisfies Partial<Training>;

/** Version of the run folder's format; other versions are refused. */
export const RUN_VERSION = 5;

const choice = z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) });

/** A file next to config.json: not one elsewhere, by a path. */
const fileName = z.string().regex(/^[\w-][\w.-]*$/, "must be the name of a file in the run folder");

const amount = z.union([z.number(), z.array(z.number()).min(1).max(100)]);

/** Most values that an option takes in turn. */
export const MOST_STAGES = 1000;

/** An option that changes from one value to another during training. */
export const CurriculumEntry = z.object({
  option: z.string(),
  /** The owner of the option. */
  group: z.enum(["method", "modality", "training"]),
  from: amount,
  to: amount,
  pace: z.enum(["linear", "cosine", "step", "competence"]),
  /** Number of values that it takes, both ends included. */
  stages: z.int().min(2).max(MOST_STAGES),
  /** Whether only whole numbers are allowed. */
  whole: z.boolean(),
  /** Competence: the metric's mean over a window of steps to reach; without one, the loss must stop falling. */
  metric: z.object({ name: z.string(), atLeast: z.number() }).optional(),
});
export type CurriculumEntry = z.infer<typeof CurriculumEntry>;

/** Additional configuration of a fine-tuning. */
export const Supervision = z.object({
  /** Number of labels to use, drawn evenly over the classes with this seed. */
  labels: z.int().positive().optional(),
  /** Share of the labelled entries held out for validation after every epoch; 0 for none. */
  validation: z.number().min(0).max(0.5),
  /** Epochs without improvement before training stops. */
  patience: z.int().positive(),
  /** Whether unlabelled entries are used too. */
  unlabelled: z.boolean(),
  seed: z.int().nonnegative(),
  /** Digest of the labels and class names, so that training is not resumed on others. */
  digest: z.string().optional(),
  /** How the data were split, if split.csv says which entries are for training, validation and test. */
  split: z.object({ by: z.string(), seed: z.int().nonnegative().optional() }).optional(),
  /** Run or model that it started from; absent when it started from random weights. */
  from: z.string().optional(),
});
export type Supervision = z.infer<typeof Supervision>;

/** Where data lie: one path, or several. */
const Paths = z.union([z.string(), z.array(z.string()).min(2)]);

/** Of a pruned run: the original run, and how the kept structures were chosen. */
export const Pruning = z.object({
  from: z.string(),
  step: z.int(),
  keep: z.number(),
  importance: z.enum(["taylor", "magnitude"]),
  /** Batches of the `taylor` scores, and their data if not the run's. */
  batches: z.int(),
  data: Paths.optional(),
});
export type Pruning = z.infer<typeof Pruning>;

/** How weights are probed while they train: every so many steps or epochs, else as often as it is cheap; or not at all. */
export const ProbeConfig = z.union([
  z.literal("off"),
  z.object({
    steps: z.int().positive().optional(),
    epochs: z.int().positive().optional(),
    /** Labelled data and their labels, if not the run's. */
    data: z.string().optional(),
    labels: z.string().optional(),
  }),
]);
export type ProbeConfig = z.infer<typeof ProbeConfig>;

/** `config.json` of a run folder. */
export const RunConfig = z.object({
  version: z.literal(RUN_VERSION),
  data: z.object({
    path: Paths,
    labels: z.string().optional(),
    column: z.string().optional(),
    labelColumn: z.string().optional(),
    by: z.string().optional(),
    time: z.string().optional(),
    group: z.string().optional(),
    entries: z
      .int()
      .positive()
      .max(2 ** 31),
    /** Digest of the entries' names, so that a run is not resumed on other data. */
    fingerprint: z.string(),
    /** Digest of the entries' contents: see `digestOfFiles`. */
    contents: z.string(),
  }),
  /** Of an opened run: the side of its pairs that the encoder is of. Its method needs both; see `sideOf`. */
  side: z.string().optional(),
  /** Of an opened model that was published elsewhere: its folder, or `owner/name@commit`. It has no method; see `publishedRun`. */
  published: z.string().optional(),
  /** What pre-training began from instead of random weights: a folder, or `owner/name@commit` on the Hub. */
  from: z.string().optional(),
  /** The chosen preset; its settings are in the options below. */
  preset: z.string().optional(),
  /** `files` are stored next to config.json (a tokenizer): here by SHA-256, in memory as texts. */
  modality: choice.extend({ files: z.record(fileName, z.string()).optional() }),
  encoder: choice,
  method: choice,
  training: SettledTraining,
  /** Of fine-tuning: the split into training and validation, when to stop, what it started from. */
  supervision: Supervision.optional(),
  pruning: Pruning.optional(),
  /** Options above that change during training; above are their final values. */
  curriculum: z.array(CurriculumEntry).optional(),
  probe: ProbeConfig.optional(),
});

export type RunConfig = z.infer<typeof RunConfig>;
