import type * as z from "zod";
import type { Array, Rng, Tensor, Traced, TreeRecord } from "../array/index.ts";
import type { Ability, By, Offered } from "../data/ability.ts";
import type { Answers, LinearHead } from "../data/answers.ts";
import type { Modality } from "../data/modality.ts";
import type { Sample } from "../data/views.ts";
import type { Encoder, InitialParams, Inputs } from "../encoders/encoder.ts";

/** Numbers that change from step to step and are fed to the compiled step. */
export interface Schedule {
  /** Fraction of the training done, float32 scalar in [0, 1]. */
  readonly progress: Array;
}

/** What is known of a sample beside its content. */
export interface Entry {
  /** Its place in the data, 0 … samples − 1: instance discrimination and exemplars are about it. */
  readonly index: number;
  /** Its class, or −1; a self-supervised method has no use for it. Fine-tuning shows only those that it may learn from. */
  readonly label: number;
}

/**
 * One way to learn without labels, built for one encoder and one modality. All but `views` is traced and compiled.
 * Write the members in this order, so that TypeScript can infer the later ones from the earlier.
 */
export interface Method<
  Views extends TreeRecord<Tensor> = TreeRecord<Tensor>,
  Initial extends MethodParams = MethodParams,
  Memory extends InitialParams = InitialParams,
> {
  /** The exercise and its answer for one sample: a tree of tensors without batch dimension. Runs in a worker. */
  views(sample: Sample, rng: Rng, entry: Entry): Views;
  /** Initial parameters; `encoder` holds the encoder's, which is what evaluation and export take. */
  init(rng: Rng): Initial;
  /** What is remembered between steps and not trained: teacher, queue, centre. */
  initMemory?(rng: Rng, params: Initial): Memory;
  /** Scalar loss over the batch, scalars to log beside it, and the memory as the forward pass leaves it. */
  loss(
    params: Traced<Initial>,
    batch: Traced<Views>,
    memory: Traced<Memory>,
    schedule: Schedule,
  ): { loss: Array; metrics?: Readonly<Record<string, Array>>; memory?: Traced<Memory> };
  /**
   * Pictures of what the method does with a batch, by name: `masked`, `reconstruction` … Each is
   * `[batch, channels, height, width]` in the encoder's normalised pixels. Traced as in evaluation.
   */
  look?(
    params: Traced<Initial>,
    batch: Traced<Views>,
    memory: Traced<Memory>,
    schedule: Schedule,
  ): Readonly<Record<string, Array>>;
  /**
   * How near samples are to each of the method's prototypes, `[batch, prototypes]`, higher is nearer, from their
   * representations `[batch, embedDim]`. Traced as in evaluation; for pictures of prototypes with their members.
   */
  prototypes?(params: Traced<Initial>, features: Array, memory: Traced<Memory>): Array;
  /**
   * Logits of every word at every place, `[batch, length, vocabulary]`: of the word that stands there (masked methods),
   * or of the next one where the encoder is causal. What `complete`, evaluation and export look at.
   */
  tokenLogits?(params: Traced<Initial>, inputs: Inputs): Array;
  /** Of methods that learn from labels: what they answer. */
  readonly answers?: Answers;
  /**
   * The answers to a batch of inputs as the encoder reads them, `[batch, outputs]`: logits of classes or labels, or the
   * value in its own units. Traced as in evaluation.
   */
  predict?(params: Traced<Initial>, inputs: Inputs): Array;
  /**
   * The linear layer that makes `predict`'s answers of the encoder's representation, in the answers' own units: what an
   * export writes under published names.
   */
  linearHead?(params: Initial): LinearHead;
  /** After the optimiser: EMA of the teacher and the like. Returns the memory of the next step. */
  afterStep?(params: Traced<Initial>, memory: Traced<Memory>, schedule: Schedule): Traced<Memory>;
  /**
   * Before the first step of every epoch, on the host: k-means on the features of the whole data and the like. Returns
   * parameters and memory of the same shapes. What it does may depend on its arguments only, so that a resumed run does
   * the same.
   */
  beforeEpoch?(context: EpochContext<Initial, Memory>): Promise<{ params: Initial; memory: Memory }>;
}

/** What a method is given between two epochs. */
export interface EpochContext<Initial, Memory> {
  /** 0 for the first. */
  readonly epoch: number;
  /**
   * What the encoder, as it is now and in evaluation mode, makes of every sample: `[rows, dim]`, row-major. `indices` are
   * the rows' samples, as in `Entry`; samples that cannot be read have no row.
   */
  features(): Promise<{ data: Float32Array; rows: number; dim: number; indices: Int32Array }>;
  readonly params: Initial;
  readonly memory: Memory;
  /** Of this epoch. */
  readonly rng: Rng;
}

/** A method's parameters: whatever it needs beside the encoder's. */
export type MethodParams = InitialParams & { readonly encoder: InitialParams };

/** What the trainer uses when the user does not say otherwise: the paper's recipe, scaled where the docstring says so. */
export interface Recipe {
  readonly optimizer?: "adamw" | "sgd" | "lars";
  /** For a batch of 256; scaled linearly with the batch. */
  readonly baseLearningRate?: number;
  readonly weightDecay?: number;
  readonly beta2?: number;
  readonly batchSize?: number;
}

/**
 * A named set of choices for data or machines unlike the paper's; it stands between the recipe and what the user says.
 * What the encoder or the kind of data at hand has no option for is passed over. Nearly every method has `small`, for few
 * and small samples on two cores. It says what follows from the method; what follows from the kind of data (the size of
 * an encoder, how far views are distorted) the modality adds by its own `small`, to this preset and to any other whose name
 * begins with `small-`.
 */
export interface Preset {
  /** One line for help and notes. */
  readonly summary: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Taken where it reads such data. */
  readonly encoder?: string;
  /** Of that encoder, or of the one that is trained where none is named. */
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  readonly modalityOptions?: Readonly<Record<string, unknown>>;
  readonly training?: Readonly<Record<string, unknown>>;
  /** The method does not compare strongly distorted views: `views` of the modality's `small` are not for it. */
  readonly lightViews?: boolean;
}

/** A finished run that a method builds on, such as BEiT's tokenizer. Put its parameters into the memory to use them. */
export interface FrozenRun {
  readonly path: string;
  /** Name and settled options of its method. */
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly encoder: Encoder;
  /** All of its method's parameters, `encoder` among them: their running average where the run kept one. */
  readonly params: MethodParams;
}

/** What a method is built with; the abilities in `Needs` are certainly there. */
export interface MethodContext<Options, Needs extends Ability = never> {
  readonly encoder: Encoder & Offered<By<Needs, "encoder">>;
  readonly modality: Modality & Offered<By<Needs, "modality">>;
  readonly options: Options;
  /** How many samples there are to learn from: the rows of a memory bank. */
  readonly samples: number;
  /** The runs that the options in the definition's `runs` name, by option. */
  readonly runs?: Readonly<Record<string, FrozenRun>>;
}

export interface MethodDefinition<Options extends z.ZodObject = z.ZodObject> {
  readonly kind: "method";
  readonly name: string;
  readonly family:
    | "contrastive"
    | "non-contrastive"
    | "masked"
    | "predictive"
    | "distillation"
    | "clustering"
    | "restoration"
    | "generative"
    | "supervised";
  readonly paper: string;
  /** One line for `autodidact methods`. */
  readonly summary: string;
  readonly needs: readonly Ability[];
  /** Whether the encoder must let each word see only those before it (true), or must not (false); else either will do. */
  readonly causal?: boolean;
  readonly options: Options;
  /** Options that are paths of runs to build on; the trainer opens them and sees that they read the same data alike. */
  readonly runs?: readonly string[];
  readonly recipe: Recipe;
  readonly presets?: Readonly<Record<string, Preset>>;
  /**
   * The branch of the memory that a run is judged by and that others read, as papers do that publish their teacher: an
   * encoder, and heads of the same names as among the parameters, in whose place they come.
   */
  readonly learned?: string;
  /** The encoder a user gets when none is named, where the modality's default would not do. */
  readonly defaultEncoder?: string;
  /** Of a combination: what it is made of. */
  readonly tasks?: readonly { readonly definition: MethodDefinition; readonly weight: number }[];
  /** Options that the default encoder has with this method unless the user says otherwise: a causal one, a class token. */
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  /** The same of the data; what a modality does not have is passed over. */
  readonly modalityOptions?: Readonly<Record<string, unknown>>;
  /** Options of the data that do nothing here, and what the method has in their place. */
  readonly replaces?: Readonly<Record<string, string>>;
  /** Call it only when every ability in `needs` is there. */
  build(context: MethodContext<z.infer<Options>>): Method;
}

/** Declares a method; only gives the types something to hold on to. */
export function method<
  Options extends z.ZodObject,
  const Needs extends Ability,
  Views extends TreeRecord<Tensor>,
  Initial extends MethodParams,
  Memory extends InitialParams = InitialParams,
>(
  definition: Omit<MethodDefinition<Options>, "kind" | "build" | "needs"> & {
    needs: readonly Needs[];
    build(context: MethodContext<z.infer<Options>, Needs>): Method<Views, Initial, Memory>;
  },
): MethodDefinition<Options> {
  // The trainer only hands back to a method the trees that the same method made, so their exact types may be forgotten.
  return { kind: "method", ...definition } as unknown as MethodDefinition<Options>;
}
