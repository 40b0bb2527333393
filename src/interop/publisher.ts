import type { Array, Tensor, TensorSpec, Traced, Tree } from "../array/index.ts";
import type { Answers, LinearHead } from "../data/answers.ts";
import type { VocabularySpec } from "../data/vocabulary.ts";
import type { Encoder, InitialParams, Inputs } from "../encoders/encoder.ts";
import type { FileInput, TokenInputs } from "../engine/index.ts";

/** All parameters of a method, the encoder's under `encoder`. */
export type ModelParams = InitialParams & { readonly encoder: InitialParams };

type TracedParams = Traced<ModelParams>;

/** What a fine-tuned model answers, beside its representation. */
export interface ExportedHead extends Answers {
  /** The answers to a batch of inputs, `[batch, outputs]`. */
  predict(params: TracedParams, inputs: Inputs): Array;
  /** The layer that makes the answers of the representation, where it is one. */
  readonly linear?: LinearHead | undefined;
}

/** A model that is to be published: what was learned, and how it reads its samples. */
export interface PublishedModel {
  readonly encoder: Encoder;
  readonly params: ModelParams;
  /** The built modality: what it offers may matter for how it is published. */
  readonly modality: { readonly name: string; readonly specs: Readonly<Record<string, TensorSpec>> };
  /** Files of the run that were made from its data: a tokenizer. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Logits at every place, where the method predicts tokens. */
  readonly tokenLogits?: ((params: TracedParams, inputs: Inputs) => Array) | undefined;
  readonly head?: ExportedHead | undefined;
}

/** What becomes `model.onnx`: a program of the parameters and, in order, of the inputs. */
export interface Graph {
  fn(params: never, ...inputs: never[]): Tree<Array>;
  readonly params: Tree<Tensor>;
  /** With any batch in front; it is free in the file. */
  readonly examples: readonly Tree<TensorSpec>[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Where the inputs are tokens: any number of them in the file. */
  readonly tokens?: TokenInputs;
}

/** How the parameters are written in somebody's terms. */
export interface Layout {
  /** `config.json`; answers and our own hyperparameters are added. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [name: string, tensor: Tensor])[];
  /** What a reader of the model card should know about the names. */
  readonly note: string;
}

/** How the model is used, for its card. */
export interface Usage {
  /** Hugging Face's name of what the model is for, where a pipeline of theirs reads such data. */
  readonly pipeline?: string;
  readonly library?: string;
  /** JavaScript that runs as it stands. */
  readonly code: string;
  /** Something to say before the code's explanation. */
  readonly warning?: string;
  /** What the ONNX file reads and gives. */
  readonly onnx: string;
}

/** All that an export's folder is made of. */
export interface Publication {
  readonly graph: Graph;
  readonly layout: Layout;
  /** Further files by name: `preprocessor_config.json`, `tokenizer.json`. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly usage: Usage;
}

/** A model of somebody else's, in our terms: what `--from` begins with. */
export interface AdoptedModel {
  readonly encoder: string;
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  readonly modalityOptions: Readonly<Record<string, unknown>>;
  /** What `build` of the modality gets. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Parameters by our paths: `encoder.…` and, where the model has one, `head.…`.
   * @param vocabulary of the run that begins
   * @throws UserError when the model does not reach so far
   */
  tensors(vocabulary: VocabularySpec | undefined): ReadonlyMap<string, Tensor>;
}

/** How models of one kind of data are published, and read where others have published them. */
export interface Publisher {
  describe(model: PublishedModel): Publication;
  /**
   * The inputs of the ONNX file from a batch of the modality's tensors; names that the file does not have are not
   * used.
   */
  feeds(batch: Readonly<Record<string, Tensor>>): Readonly<Record<string, FileInput>>;
  /** Kinds of models (`model_type` of `config.json`) that `adopt` reads. */
  readonly adopts?: readonly string[];
  /** Reads a folder with such a model. @throws UserError when it is not whole */
  adopt?(folder: string): Promise<AdoptedModel>;
}
