import type { Array, Tensor, TensorSpec, Traced, Tree } from "../array/index.ts";
import type { Answers, LinearHead } from "../data/answers.ts";
import type { VocabularySpec } from "../data/vocabulary.ts";
import type { Encoder, InitialParams, Inputs } from "../encoders/encoder.ts";
import type { FileInput, TokenInputs } from "../engine/index.ts";

/** A method's parameters, the encoder's under `encoder`. */
export type ModelParams = InitialParams & { readonly encoder: InitialParams };

type TracedParams = Traced<ModelParams>;

/** The head of a fine-tuned model: its task, its outputs and how it computes them. */
export interface ExportedHead extends Answers {
  /** Logits, or values, of a batch of inputs, `[batch, outputs]`. */
  predict(params: TracedParams, inputs: Inputs): Array;
  /** The layer from representation to outputs, if the head is a single layer. */
  readonly linear?: LinearHead | undefined;
}

/** A model to be published: its parameters, and how it reads samples. */
export interface PublishedModel {
  readonly encoder: Encoder;
  readonly params: ModelParams;
  /** The built modality; publishers may check its abilities. */
  readonly modality: { readonly name: string; readonly specs: Readonly<Record<string, TensorSpec>> };
  /** Options of the encoder and the modality, which they were built from. */
  readonly options?: Readonly<Record<"encoder" | "modality", Readonly<Record<string, unknown>>>> | undefined;
  /** Files of the run that were learned from its data: a tokenizer. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Logits at every position, if the method predicts tokens. */
  readonly tokenLogits?: ((params: TracedParams, inputs: Inputs) => Array) | undefined;
  readonly head?: ExportedHead | undefined;
  /** How the method judges whether samples of two kinds belong together. */
  readonly matching?: ExportedMatching | undefined;
  /** How the method writes texts about samples. */
  readonly writer?: ExportedWriter | undefined;
}

/** An encoder of samples and a decoder that writes about them, token by token. */
export interface ExportedWriter {
  /** The encoder, and where its parameters are among the model's encoder's. */
  readonly encoder: { readonly encoder: Encoder; readonly path: string };
  readonly decoder: { readonly width: number; readonly depth: number; readonly heads: number };
  /** What the decoder attends to, for one sample. */
  readonly memory: readonly [places: number, width: number];
  read(params: TracedParams, inputs: Inputs): Array;
  next(params: TracedParams, ids: Array, memory: Array): Array;
}

/** What a method makes of the cosines of samples of two kinds. */
export interface ExportedMatching {
  /** Whether its logits are compared with each other, or each stands by itself. */
  readonly probability: "softmax" | "sigmoid";
  /** @param cosines `[rows, columns]` @returns logits of the same shape */
  logits(params: TracedParams, cosines: Array): Array;
}

/** The function that becomes `model.onnx`: of the parameters and then the inputs. */
export interface Graph {
  fn(params: never, ...inputs: never[]): Tree<Array>;
  readonly params: Tree<Tensor>;
  /** With a leading batch dimension of any extent; it is free in the file. */
  readonly examples: readonly Tree<TensorSpec>[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** For inputs that are tokens: the file accepts sequences of any length. */
  readonly tokens?: TokenInputs;
  /** Names of the batches of inputs that come in batches of their own, by input: images and texts. */
  readonly batches?: Readonly<Record<string, string>>;
}

/** The parameters and `config.json` in the format of some library. */
export interface Layout {
  /** `config.json`; the head's labels and our hyperparameters are added. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [name: string, tensor: Tensor])[];
  /** A note on the names for the model card. */
  readonly note: string;
}

/** How to use the model, for its card. */
export interface Usage {
  /** Hugging Face's name of the task, if one of its pipelines reads such data. */
  readonly pipeline?: string;
  readonly library?: string;
  /** Runnable JavaScript. */
  readonly code: string;
  /** A caution that follows the code. */
  readonly warning?: string;
  /** The ONNX file's inputs and outputs. */
  readonly onnx: string;
}

/** The contents of an export's folder. */
export interface Publication {
  readonly graph: Graph;
  /** Further ONNX files by name: the same model with other inputs. */
  readonly graphs?: Readonly<Record<string, Graph>> | undefined;
  readonly layout: Layout;
  /** Further files by name: `preprocessor_config.json`, `tokenizer.json`. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly usage: Usage;
  /** Beside our hyperparameters in `config.json`: what a run needs to start from the export. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A model from another library, converted, for `--from`. */
export interface AdoptedModel {
  /** The method that continues its training, if it is not its kind of data's usual one. */
  readonly method?: string;
  readonly encoder: string;
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  readonly modalityOptions: Readonly<Record<string, unknown>>;
  /** Files for the modality's `build`. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Parameters by our paths: `encoder.…` and, if the model has one, `head.…`.
   * @param vocabulary of the new run
   * @throws UserError when the model has fewer tokens or positions than the run needs
   */
  tensors(vocabulary: VocabularySpec | undefined): ReadonlyMap<string, Tensor>;
}

/** Exports models of one kind of data, and imports published ones. */
export interface Publisher {
  describe(model: PublishedModel): Publication;
  /** The ONNX file's inputs from a batch of the modality's tensors; the file need not read all of them. */
  feeds(batch: Readonly<Record<string, Tensor>>): Readonly<Record<string, FileInput>>;
  /**
   * How a published model reads its data, of the files beside it (`preprocessor_config.json`): options of the kind of data.
   * For models that are only run, such as an ONNX file. @throws UserError when a file is not what it should be
   */
  prepares?(folder: string): Promise<Readonly<Record<string, unknown>>>;
  /** Kinds of models (`model_type` of `config.json`) that `adopt` reads. */
  readonly adopts?: readonly string[];
  /** Whether weights of these names are such a model's, where `config.json` names no kind, or there is none. */
  adoptsNames?(names: readonly string[]): boolean;
  /** Reads a folder with such a model. @throws UserError when it is incomplete */
  adopt?(folder: string): Promise<AdoptedModel>;
}
