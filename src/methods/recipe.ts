/** Defaults of the trainer for a method: the paper's recipe, scaled where the docstring says so. */
export interface Recipe {
  /** AdamW by default. `larc` is SwAV's LARS, which adapts and decays biases and norms too. */
  readonly optimizer?: "adamw" | "sgd" | "lars" | "larc";
  /** Peak rate for a batch of 256; scaled linearly with the batch. */
  readonly baseLearningRate?: number;
  /** 0.05 by default. Biases and norms are not decayed, save by `larc`. */
  readonly weightDecay?: number;
  /** Weight decay at the end, reached by half a cosine from the first step on (DINO, I-JEPA); constant by default. */
  readonly finalWeightDecay?: number;
  /** Of `adamw`: 0.999 by default. */
  readonly beta2?: number;
  /** Of `sgd`: Nesterov's momentum. */
  readonly nesterov?: boolean;
  readonly batchSize?: number;
  /**
   * Share of the training in which the rate rises linearly: the paper's epochs of warm-up over its epochs; 0 for none. By
   * default 0.1, at most 10 epochs.
   */
  readonly warmup?: number;
  /** Of the rate after the warm-up: `cosine` by default. */
  readonly schedule?: "cosine" | "step" | "constant";
  /** Of `step`: shares of the training after each of which the rate drops; 0.6 and 0.8 by default. */
  readonly milestones?: readonly number[];
  /** Of `step`: what a milestone leaves of the rate; 0.1 by default. */
  readonly drop?: number;
  /** Of `cosine`: the rate at the end, as a share of the peak; 0 by default. */
  readonly finalLearningRate?: number;
  /** Largest norm of the gradients; 0, by default, for no clipping. */
  readonly gradientClip?: number;
  /** Whether the norm is of all gradients together, by default, or each parameter's by itself (DINO, iBOT). */
  readonly clipBy?: "all" | "parameter";
  /** Parts of the parameters whose rate stays at the peak, by path: SimSiam's `predictor`. */
  readonly constantRate?: readonly string[];
}

/** What options of a method may follow, beside what it was published with. */
export interface Circumstances {
  readonly batchSize: number;
  /** Samples of an update: of several batches where they are accumulated. */
  readonly perUpdate: number;
  /** Number of training samples. */
  readonly samples: number;
  /** The method's settled options. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** An option that follows from the circumstances, where neither the user nor a preset decides it. */
export interface Followed {
  readonly option: string;
  readonly value: unknown;
  /** For the note: `batches of 256`. */
  readonly because: string;
}

/**
 * A named set of options for data or machines unlike the paper's. It overrides the recipe, and the user's options override
 * it. Options that the encoder or the modality does not have are ignored. Nearly every method has `small`, for few and
 * small samples on two cores. A method's `small` has what depends on the method; the modality's `small` adds what depends
 * on the kind of data (encoder size, strength of augmentation), also to presets whose name begins with `small-`.
 */
export interface Preset {
  /** One line for help and notes. */
  readonly summary: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Used if it reads the data. */
  readonly encoder?: string;
  /** Options of that encoder, or of the run's encoder if the preset names none. */
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  readonly modalityOptions?: Readonly<Record<string, unknown>>;
  readonly training?: Readonly<Record<string, unknown>>;
  /** The method does not compare strongly augmented views: `views` of the modality's `small` do not apply. */
  readonly lightViews?: boolean;
}
