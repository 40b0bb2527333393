import type * as z from "zod";
import type { Array, Rng, Tensor, Traced, TreeRecord } from "../array/index.ts";
import type { Ability, By, Offered } from "../data/ability.ts";
import type { Answers, LinearHead } from "../data/answers.ts";
import type { Modality } from "../data/modality.ts";
import type { Sample } from "../data/views.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../encoders/encoder.ts";
import type { FrozenFile, FrozenRun } from "./frozen.ts";
import type { Circumstances, Followed, Preset, Recipe } from "./recipe.ts";

/** Numbers that change from step to step and are fed to the compiled step. */
export interface Schedule {
  /** Fraction of the training done, float32 scalar in [0, 1]. */
  readonly progress: Array;
}

/** A sample's index and label. */
export interface Entry {
  /** Its index in the data, 0 … samples − 1: for instance discrimination and exemplars. */
  readonly index: number;
  /** Its class, or −1. Self-supervised methods ignore it; fine-tuning passes only labels that may be trained on. */
  readonly label: number;
}

/**
 * A self-supervised method, built for one encoder and one modality. All but `views` is traced and compiled.
 * Write the members in this order: TypeScript infers later ones from earlier ones.
 */
export interface Method<
  Views extends TreeRecord<Tensor> = TreeRecord<Tensor>,
  Initial extends MethodParams = MethodParams,
  Memory extends InitialParams = InitialParams,
> {
  /** Inputs and targets of the pretext task for one sample: a tree of tensors without batch dimension. Runs in a worker. */
  views(sample: Sample, rng: Rng, entry: Entry): Views;
  /**
   * Adds to a batch what a model outside the compiled step says of it. Before every step, on the host; it must depend on the
   * batch only, so that a resumed run repeats it.
   */
  ahead?(batch: Views): Promise<Views>;
  /** Initial parameters; `encoder` holds the encoder's, which evaluation and export use. */
  init(rng: Rng): Initial;
  /** State kept between steps and not trained: teacher, queue, centre. */
  initMemory?(rng: Rng, params: Initial): Memory;
  /** Scalar loss over the batch, further scalars to log, and the memory after the forward pass. */
  loss(
    params: Traced<Initial>,
    batch: Traced<Views>,
    memory: Traced<Memory>,
    schedule: Schedule,
  ): { loss: Array; metrics?: Readonly<Record<string, Array>>; memory?: Traced<Memory> };
  /**
   * Pictures of a batch and what the method makes of it, by name: `masked`, `reconstruction` … Each is
   * `[batch, channels, height, width]` in the encoder's normalised pixels. Traced in evaluation mode.
   */
  look?(
    params: Traced<Initial>,
    batch: Traced<Views>,
    memory: Traced<Memory>,
    schedule: Schedule,
  ): Readonly<Record<string, Array>>;
  /**
   * Similarity of samples to each of the method's prototypes, `[batch, prototypes]`, from their representations
   * `[batch, embedDim]`. Traced in evaluation mode; for pictures of prototypes with their nearest samples.
   */
  prototypes?(params: Traced<Initial>, features: Array, memory: Traced<Memory>): Array;
  /**
   * Token logits at every position, `[batch, length, vocabulary]`: of the token at that position (masked methods), or of
   * the next one (causal encoders). Used by `complete`, evaluation and export.
   */
  tokenLogits?(params: Traced<Initial>, inputs: Inputs): Array;
  /**
   * The picture among the inputs with some patches predicted from the others and from what else is there, such as a caption,
   * in the encoder's normalised pixels. Used by `complete`.
   * @param hidden `[batch, patches]`, 1 for a patch to predict
   */
  restore?(params: Traced<Initial>, inputs: Inputs, hidden: Array): Array;
  /** Where the thing is that the tokens name: a probability for each patch of the picture, `[batch, patches]`. */
  point?(params: Traced<Initial>, inputs: Inputs): Array;
  /**
   * Of a method that learned from outcomes which plans end well: a logit for each plan, `[plans]`. Traced in evaluation mode.
   * @param inputs the encoder's, of one sample for all plans, or of one for each
   * @param plans their actions, `[plans, steps × size]`
   */
  succeeds?(params: Traced<Initial>, inputs: Inputs, plans: Array): Array;
  /** Of a combination: the task that is exported as if it had been alone, and its parameters. */
  readonly exported?: {
    readonly task: Pick<Method, "tokenLogits" | "matching" | "writer">;
    params(params: MethodParams): MethodParams;
  };
  /** What a method that learns from labels predicts. */
  readonly answers?: Answers;
  /** Of a method that predicts something for each token: the encoder's tokens. */
  readonly places?: number;
  /**
   * Predictions for a batch of encoder inputs, `[batch, outputs]`, or `[batch, places, outputs]`: logits of classes or labels, or values in their own
   * units. Traced in evaluation mode.
   */
  predict?(params: Traced<Initial>, inputs: Inputs): Array;
  /**
   * The linear layer from the encoder's representation to `predict`'s outputs, in their own units: an export writes it
   * under published names.
   */
  linearHead?(params: Initial): LinearHead;
  /** Of a method that compares samples of two kinds in a shared space: whether they belong together. */
  readonly matching?: {
    /** How logits become probabilities: over all candidates, or each by itself. */
    readonly probability: "softmax" | "sigmoid";
    /** Logits from the cosines of vectors, of the same shape, `[rows, columns]`. */
    logits(params: Traced<Initial>, cosines: Array): Array;
  };
  /** Of a method that writes a text about a sample, token by token. */
  readonly writer?: Writer<Traced<Initial>>;
  /** After the optimiser's step: the teacher's moving average and the like. Returns the memory of the next step. */
  afterStep?(params: Traced<Initial>, memory: Traced<Memory>, schedule: Schedule): Traced<Memory>;
  /**
   * Before the first step of every epoch, on the host: k-means on the features of all samples and the like. Returns
   * parameters and memory of the same shapes. It must depend on its arguments only, so that a resumed run repeats it.
   */
  beforeEpoch?(context: EpochContext<Initial, Memory>): Promise<{ params: Initial; memory: Memory }>;
}

/** Writes texts about samples of another kind: an encoder of the sample, and a causal decoder that attends to it. */
export interface Writer<Params> {
  /** The kind of data that it writes about. */
  readonly about: string;
  /** The encoder of what is written about, and where its parameters are among the encoder's. */
  readonly encoder: { readonly encoder: Encoder; readonly path: string };
  /** Of the Transformer that writes. */
  readonly decoder: { readonly width: number; readonly depth: number; readonly heads: number };
  /** What it attends to, for one sample. */
  readonly memory: readonly [places: number, width: number];
  /** `[batch, places, width]` */
  read(params: Params, inputs: Inputs): Array;
  /** Logits of the token after each of `ids` (int32 `[batch, length]`, the first is `begin`), `[batch, length, vocabulary]`. */
  next(params: Params, ids: Array, memory: Array): Array;
}

export interface OutputsWanted {
  /** Any shape with `dim` values for each sample. */
  apply(params: Params, inputs: Inputs): Array;
  readonly dim: number;
  /** The samples, as in `Entry`. */
  readonly indices: Int32Array;
}

/** What `beforeEpoch` receives. */
export interface EpochContext<Initial, Memory> {
  /** 0 for the first. */
  readonly epoch: number;
  /**
   * The current encoder's features of all samples, in evaluation mode: `[rows, dim]`, row-major. `indices` are the rows'
   * samples, as in `Entry`; samples that cannot be read have no row.
   */
  features(): Promise<{ data: Float32Array; rows: number; dim: number; indices: Int32Array }>;
  /**
   * What a function of the current encoder's parameters gives of some samples, in evaluation mode, `[rows, dim]`. Samples
   * that cannot be read have no row.
   */
  outputs(wanted: OutputsWanted): Promise<{ data: Float32Array; rows: number; dim: number }>;
  readonly params: Initial;
  readonly memory: Memory;
  /** Of this epoch. */
  readonly rng: Rng;
}

/** A method's parameters: the encoder's, and those of its heads. */
export type MethodParams = InitialParams & { readonly encoder: InitialParams };

/** What a method is built with; encoder and modality offer the abilities in `Needs`. */
export interface MethodContext<Options, Needs extends Ability = never> {
  readonly encoder: Encoder & Offered<By<Needs, "encoder">>;
  readonly modality: Modality & Offered<By<Needs, "modality">>;
  readonly options: Options;
  /** Number of training samples: the rows of a memory bank. */
  readonly samples: number;
  /** The runs named by the options in the definition's `runs`, by option. */
  readonly runs?: Readonly<Record<string, FrozenRun>>;
  /** The same of options that name an ONNX file. In threads that only make views, it has no features and cannot be run. */
  readonly files?: Readonly<Record<string, FrozenFile>>;
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
  /** Whether a token encoder must be causal (true) or must not be (false); either way if undefined. */
  readonly causal?: boolean;
  readonly options: Options;
  /** Options that are paths of runs to build on; the trainer opens them and checks that they read the same inputs. */
  readonly runs?: readonly string[];
  readonly recipe: Recipe;
  /** Options that are otherwise where batches are smaller than the paper's, or samples fewer; each is noted. */
  readonly follow?: (circumstances: Circumstances) => readonly Followed[];
  readonly presets?: Readonly<Record<string, Preset>>;
  /**
   * The branch of the memory whose encoder is evaluated and exported, for methods that publish their teacher. Its heads
   * replace the parameters of the same names. Of a combination, with the task before it: `dino.teacher`.
   */
  readonly learned?: string;
  /** Default encoder, if the modality's default does not fit. */
  readonly defaultEncoder?: string;
  /** The tasks of a combination. */
  readonly tasks?: readonly { readonly definition: MethodDefinition; readonly weight: number }[];
  /** Defaults for the default encoder's options: `causal`, a class token. */
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  /** The same of what the paper's encoder has and a run or model that training starts from may not: LayerScale. */
  readonly encoderRecipe?: Readonly<Record<string, unknown>>;
  /** Defaults for the modality's options; those it does not have are ignored. */
  readonly modalityOptions?: Readonly<Record<string, unknown>>;
  /** Options of the modality that have no effect with this method, and the method's options that replace them. */
  readonly replaces?: Readonly<Record<string, string>>;
  /** Call it only if every ability in `needs` is offered. */
  build(context: MethodContext<z.infer<Options>>): Method;
}

/** Declares a method: the call is for type inference. */
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
  // The trainer passes a method only trees that the same method made, so their exact types may be forgotten.
  return { kind: "method", ...definition } as unknown as MethodDefinition<Options>;
}
