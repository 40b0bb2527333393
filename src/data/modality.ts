import type * as z from "zod";
import type { Tensor, TensorSpec } from "../array/tensor.ts";
import type { Publisher } from "../interop/publisher.ts";
import type { Ability, Offered } from "./ability.ts";
import type { Features } from "./features.ts";
import type { Picture } from "./picture.ts";
import type { OpenOptions, Source } from "./source.ts";

/** Named tensors of one sample, without a batch dimension: what an encoder reads. */
export type TensorRecord = Readonly<Record<string, Tensor>>;

/** What there is to see of a sample. */
export interface Shown {
  /** One line, at most 300 characters. */
  readonly text: string;
  /** Where people would rather look than read: a thumbnail, a spectrogram, a line, a drawing. */
  readonly picture?: Picture;
}

/** How large a sample is: 784 pixels (28 × 28), 12 characters, 1.5 s. */
export interface Size {
  readonly amount: number;
  /** What is counted, in the plural: `pixels`. */
  readonly unit: string;
  /** The same in words, where the amount says too little: `28 × 28 pixels`. */
  readonly text?: string;
}

/** Files that a run keeps beside its config.json because they were made from the data once (a tokenizer): texts by name. */
export type RunFiles = Readonly<Record<string, string>>;

/**
 * One kind of data with its options settled. What else it offers (views, tiles, a vocabulary) are abilities: a method
 * lists those it needs, and the pair is refused with a clear error when one is missing. Everything here runs in worker
 * threads on plain typed arrays and takes its randomness from the `rng` that it is given.
 */
export interface Modality<Sample = unknown> {
  readonly name: string;
  /** What `tensors` gives, per sample: encoders are built for these shapes. */
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** The sample as the encoder reads it; deterministic (an image is resized, centre-cropped and normalised). */
  tensors(sample: Sample): TensorRecord;
  /** What pages and tables show of a sample. */
  show(sample: Sample): Shown;
}

/** A way to make vectors of samples that needs no labels and no learned encoder: the baseline that must be beaten. */
export interface Extractor {
  /** What tables call it: `raw pixels`, `TF-IDF`. */
  readonly name: string;
  /** What readers of its numbers must know. */
  readonly note?: string;
  /** Whether a probe is to standardise each of its dimensions first; true by default. Sparse counts are left as they are. */
  readonly standardized?: boolean;
  extract(source: Source<unknown>, onProgress?: (done: number, total: number) => void): Promise<Features>;
}

export interface BaselineOptions {
  /** Samples of the largest source that vectors will be made of. */
  readonly most: number;
}

/** How samples come in that are sent or typed rather than found on disk. */
export interface Accepts<Sample> {
  /** A source of one sample, typed in: what to search for. */
  text?(text: string): Source<Sample>;
  /**
   * A source of one sample from the bytes of a file.
   * @param name for messages
   * @param type its media type as the client gave it, such as `image/png`; empty when unknown
   */
  bytes?(bytes: Uint8Array, name: string, type: string): Source<Sample>;
  /** Media types of such files, `*` for any subtype: `image/*`. */
  readonly types?: readonly string[];
}

/** How sure a kind of data is that a path is of its kind; nothing where it is not. */
export type Recognition = "certain" | "possible" | undefined;

/** What a run begun from another takes over in its options. */
export type Inherit<Options> = (options: Options, files: RunFiles, folder: string) => Partial<Options>;

/** What few and small samples of a kind of data ask for, whatever the method; a method's preset `small` comes on top. */
export interface SmallSettings {
  /** One line for notes: the encoders that such data are given. */
  readonly summary: string;
  /** By the encoder's name. */
  readonly encoderOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Options of the modality that say how far a view is distorted, for methods that compare such views. */
  readonly views?: Readonly<Record<string, unknown>>;
  readonly training?: Readonly<Record<string, unknown>>;
}

/** One kind of data: how to recognise, open and prepare it. One folder under `src/modalities/`. */
export interface ModalityDefinition<Sample = unknown, Options extends z.ZodObject = z.ZodObject> {
  readonly kind: "modality";
  readonly name: string;
  /** What its files are, for help: `folder, .zip, IDX (.gz), CIFAR binary`. */
  readonly summary: string;
  /** Options of preparation and augmentation; every one has a default and a `.describe`. */
  readonly options: Options;
  readonly defaultMethod: string;
  readonly defaultEncoder: string;
  /** The modality's part of every preset `small`. */
  readonly small?: SmallSettings;
  /** What a built modality may offer, some of it perhaps for some options only (colours, a mask token). */
  readonly abilities: readonly Ability[];
  /** Inputs that its samples give, by name, with their axes (without the batch): `{ pixels: 3 }`. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Looks at names and first bytes only. The best answer among all kinds wins; two that are certain are an error. */
  recognises(path: string): Promise<Recognition>;
  /** @throws UserError when there is nothing to read. */
  open(path: string, options?: OpenOptions): Promise<Source<Sample>>;
  /** The source of that manifest again; given the options, it reads samples no larger than they call for. */
  reopen(manifest: unknown, options?: z.infer<Options>): Promise<Source<Sample>>;
  /** Options that follow from the data itself (size, channels), from a look at a few samples. */
  infer(source: Source<Sample>): Promise<Partial<z.infer<Options>>>;
  /**
   * What is made from the data once, given the settled options, and kept in the run folder: a tokenizer. `build` and
   * `arrange` get it back, in this run and whenever it is opened again.
   */
  learn?(source: Source<Sample>, options: z.infer<Options>, onNote?: (note: string) => void): Promise<RunFiles>;
  /** The samples to learn from, where they are not the source's own entries: windows of a corpus. */
  arrange?(
    source: Source<Sample>,
    options: z.infer<Options>,
    files: RunFiles,
    onNote?: (note: string) => void,
  ): Promise<Source<Sample>>;
  size(sample: Sample): Size;
  /** Pure: the same options and files give the same modality, in every thread. */
  build(options: z.infer<Options>, files?: RunFiles): Modality<Sample>;
  readonly accepts: Accepts<Sample>;
  /** What an expert of the field would try first: raw pixels, TF-IDF, MFCC, ECFP. Learned from `source`, without labels. */
  baseline(modality: Modality<Sample>, source: Source<Sample>, options: BaselineOptions): Promise<Extractor>;
  /**
   * Options that a run begun from another takes over: what that run made of its data is not made again (a tokenizer).
   * All of them by default.
   * @param folder of the run, where `files` lie
   */
  inherit?(options: z.infer<Options>, files: RunFiles, folder: string): Partial<z.infer<Options>>;
  /**
   * What must not be split between train and validation: the speaker, the machine, the scaffold. Entries are their own
   * groups by default.
   */
  group?(source: Source<Sample>, index: number): Promise<string>;
  /** How models of such data are published; plain ONNX with named inputs by default. Loaded when something is exported. */
  publish?(): Promise<Publisher>;
}

/**
 * Declares a modality; only gives the types something to hold on to, and sees that `build` offers what `abilities` say.
 */
export const modality = <
  Sample,
  Options extends z.ZodObject,
  const Offers extends Ability,
  Built extends Modality<Sample> & Partial<Offered<Offers>>,
>(
  definition: Omit<ModalityDefinition<Sample, Options>, "kind" | "abilities" | "build"> & {
    readonly abilities: readonly Offers[];
    build(options: z.infer<Options>, files?: RunFiles): Built;
  },
): { build(options: z.infer<Options>, files?: RunFiles): Built } & ModalityDefinition<Sample, Options> => ({
  kind: "modality",
  ...definition,
});
