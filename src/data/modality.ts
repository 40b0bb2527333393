import type * as z from "zod";
import type { Tensor, TensorSpec } from "../array/tensor.ts";
import type { MemoryBudget } from "../foundation/memory.ts";
import type { Publisher } from "../interop/publisher.ts";
import type { Ability, Offered } from "./ability.ts";
import type { Features } from "./features.ts";
import type { Frames, Media } from "./media.ts";
import type { PartOf } from "./parts/part.ts";
import type { Picture } from "./picture.ts";
import type { Reads } from "./reads.ts";
import type { OpenOptions, Source } from "./source.ts";

/** Named tensors of one sample, without a batch dimension: the encoder's input. */
export type TensorRecord = Readonly<Record<string, Tensor>>;

/** How a sample is shown to people. */
export interface Shown {
  /** One line, at most 300 characters. */
  readonly text: string;
  /** A drawing of samples that are better seen than read: a thumbnail, a spectrogram, a line. */
  readonly picture?: Picture;
  /** What pages play of it; made when they ask. */
  media?(): Media | Frames;
}

/** Size of a sample: 784 pixels (28 × 28), 12 characters, 1.5 s. */
export interface Size {
  readonly amount: number;
  /** The unit, in the plural: `pixels`. */
  readonly unit: string;
  /** A longer form, where the amount is not enough: `28 × 28 pixels`. */
  readonly text?: string;
}

/** Files stored next to a run's config.json because they were learned from the data (a tokenizer): texts by name. */
export type RunFiles = Readonly<Record<string, string>>;

/**
 * One kind of data with settled options. Anything else it offers (views, tiles, a vocabulary) is an ability: a method
 * lists those it needs, and is refused with a clear error when one is missing. Everything here runs in worker threads on
 * plain typed arrays and takes its randomness from the `rng` argument.
 */
export interface Modality<Sample = unknown> {
  readonly name: string;
  /** Shapes and types of `tensors`, per sample: encoders are built for them. */
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** The encoder's input for a sample; deterministic (an image is resized, centre-cropped and normalised). */
  tensors(sample: Sample): TensorRecord;
  /**
   * Why an encoder would see nothing of a sample with these tensors, such as a text of which no token is known; undefined if
   * it sees something. Such samples are not embedded: their vectors would all be the same.
   */
  unseen?(tensors: TensorRecord): string | undefined;
  /** A sample as pages and tables show it. */
  show(sample: Sample): Shown | Promise<Shown>;
}

/** Features that need neither labels nor a trained encoder: the baseline to beat. */
export interface Extractor {
  /** Its name in tables: `raw pixels`, `TF-IDF`. */
  readonly name: string;
  /** A remark for readers of its results. */
  readonly note?: string;
  /** Whether a probe standardises each dimension first; true by default, false for sparse counts. */
  readonly standardized?: boolean;
  /** Whether an expert would try a random forest on them, too: columns of a table, fingerprints. */
  readonly forest?: boolean;
  extract(source: Source<unknown>, onProgress?: (done: number, total: number) => void): Promise<Features>;
}

/** Places samples of either side of pairs into one space, in which those that belong together are near. */
export interface SideFeatures {
  /** Its name in tables. */
  readonly name: string;
  /** A remark for readers of its results. */
  readonly note?: string;
  readonly dim: number;
  /** @returns `[samples.length, dim]`, of any norm */
  of(side: string, samples: readonly unknown[]): Float32Array | Promise<Float32Array>;
}

export interface BaselineOptions {
  /** Number of samples in the largest source to extract features from. */
  readonly most: number;
}

/** How samples are read that are typed or sent instead of found on disk. */
export interface Accepts<Sample> {
  /** A source of one sample from typed text: a search query. */
  text?(text: string): Source<Sample>;
  /**
   * A source of one sample from the bytes of a file.
   * @param name for messages
   * @param type its media type as sent by the client, such as `image/png`; empty when unknown
   * @param memory what decoding it, and others at the same time, may take; by default as for files on disk
   */
  bytes?(bytes: Uint8Array, name: string, type: string, memory?: MemoryBudget): Source<Sample>;
  /** Media types of such files, `*` for any subtype: `image/*`. */
  readonly types?: readonly string[];
  /** Whether a name is that of such a file, so that one that is not there is not taken for a text. */
  named?(name: string): boolean;
}

/**
 * How sure a modality is that a path is of its kind; undefined if it is not. `proven`: it has read values that no other kind
 * of data has, such as sequences of residues in a column of a table, which is certain to be a table, too.
 */
export type Recognition = "proven" | "certain" | "possible" | undefined;

/** The options that a run inherits from the run it starts from. */
export type Inherit<Options> = (options: Options, files: RunFiles, folder: string) => Partial<Options>;

/** Settings for few and small samples, independent of the method; a method's preset `small` overrides them. */
export interface SmallSettings {
  /** One line for notes: the encoders used for such data. */
  readonly summary: string;
  /** By the encoder's name. */
  readonly encoderOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Options for the strength of augmentation, for methods that compare augmented views. */
  readonly views?: Readonly<Record<string, unknown>>;
  readonly training?: Readonly<Record<string, unknown>>;
}

/** One kind of data: how to recognise, open and prepare it. One folder under `src/modalities/`. */
export interface ModalityDefinition<Sample = unknown, Options extends z.ZodObject = z.ZodObject> {
  readonly kind: "modality";
  readonly name: string;
  /** Its file formats, for help: `folder, .zip, IDX (.gz), CIFAR binary`. */
  readonly summary: string;
  /** Options of preparation and augmentation; every one has a default and a `.describe`. */
  readonly options: Options;
  readonly defaultMethod: string;
  readonly defaultEncoder: string;
  /** The default encoder for these data, where it depends on them: what robots see may be images or numbers. */
  encoderFor?(source: Source<Sample>): Promise<string>;
  /** The modality's part of every preset `small`. */
  readonly small?: SmallSettings;
  /** What a built modality may offer, in part depending on its options (colours, a mask token). */
  readonly abilities: readonly Ability[];
  /**
   * The encoder's inputs by name, with their number of axes (without the batch): `{ pixels: 3 }`. Options may choose among
   * them: `specs` has those of one choice.
   */
  readonly inputs: Readonly<Record<string, number>>;
  /**
   * Reads names and first bytes only. The surest of all kinds wins; two that are certain are an error.
   * @throws UserError when it looks like this kind and cannot be read: a broken archive, files that are not decodable
   * here. The reason is shown if no other kind recognises the path.
   */
  recognises(path: string): Promise<Recognition>;
  /** @throws UserError when there is nothing to read. */
  open(path: string, options?: OpenOptions): Promise<Source<Sample>>;
  /** Reopens the source of a manifest; with options, samples are read no larger than they need. */
  reopen(manifest: unknown, options?: z.infer<Options>): Promise<Source<Sample>>;
  /**
   * Options that follow from the data (size, channels), inferred from a few samples.
   * @param reads what the run's encoder reads, for kinds that can be read in several ways (a waveform, its spectrogram)
   */
  infer(source: Source<Sample>, reads?: Reads): Promise<Partial<z.infer<Options>>>;
  /**
   * Learns from the data once, with settled options, and returns files for the run folder: a tokenizer. `build` and
   * `arrange` receive them, in this run and whenever it is opened again.
   */
  learn?(source: Source<Sample>, options: z.infer<Options>, onNote?: (note: string) => void): Promise<RunFiles>;
  /**
   * The entries that the encoder reads, where those found are longer: windows of recordings, each with its recording's
   * label. Applied wherever data are read with settled options, for training and evaluation. The result does not close `source`,
   * and may be `source` itself.
   */
  cut?(source: Source<Sample>, options: z.infer<Options>, onNote?: (note: string) => void): Promise<Source<Sample>>;
  /** The training samples, where they are not the source's entries: windows of a corpus. */
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
  /** The features an expert would try first: raw pixels, TF-IDF, MFCC, ECFP. Fitted to `source`, without labels. */
  baseline(modality: Modality<Sample>, source: Source<Sample>, options: BaselineOptions): Promise<Extractor>;
  /**
   * Options for a run that starts from this one, so that what this one learned from its data is reused (a tokenizer).
   * By default all of them.
   * @param folder of this run, with `files` in it
   */
  inherit?(options: z.infer<Options>, files: RunFiles, folder: string): Partial<z.infer<Options>>;
  /**
   * The group that must not be split between training and validation: the speaker, the machine, the scaffold. By default
   * every entry is its own group.
   */
  group?(source: Source<Sample>, index: number): Promise<string>;
  /**
   * Ways of its own to split data, beside `random` and `group`, by name: from the group of every entry (−1 for those that
   * cannot be read) to its part.
   */
  readonly splits?: Readonly<Record<string, (groups: Int32Array) => PartOf>>;
  /** Of pairs: the kinds of their sides, and each one's options among the pair's. Its files are the pair's. */
  readonly sides?: {
    readonly names: readonly string[];
    options(options: z.infer<Options>, side: string): Readonly<Record<string, unknown>>;
    /** Options that pairs take over from a run of one side that they start from; by default all that it hands on. */
    inherit?(options: Readonly<Record<string, unknown>>, side: string): Readonly<Record<string, unknown>>;
    /** Features of both sides in one space without a trained encoder, fitted to pairs: the baseline of retrieval. */
    baseline?(modality: Modality<Sample>, pairs: Source<Sample>): Promise<SideFeatures>;
  };
  /** How models of such data are exported; by default as plain ONNX with named inputs. Loaded on export. */
  publish?(): Promise<Publisher>;
}

/**
 * Declares a modality; gives it types, and checks that `build` returns the offers of its `abilities`.
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
