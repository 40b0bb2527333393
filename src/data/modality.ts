import type { z } from "zod";
import type { Rng } from "../array/rng.ts";
import type { Tensor, TensorSpec } from "../array/tensor.ts";

/** Named tensors of one sample, without a batch dimension: what an encoder reads. */
export type TensorRecord = Readonly<Record<string, Tensor>>;

/** Samples on disk (or in memory), decoded one at a time when read. */
export interface Source<Sample> {
  /** How many entries there are, broken ones included: what is broken is found out by reading. */
  readonly length: number;
  /** Rows of a table that have nothing to read and are no entries. */
  readonly skipped?: number | undefined;
  /** Names of the classes, sorted; absent when nothing is labelled. */
  readonly classes?: readonly string[];
  /** Class of each entry as an index into `classes`; −1 for an entry without a label. */
  readonly labels?: Int32Array;
  /** Where entry `index` comes from, for messages and tables: `cats/0031.jpg`. */
  name(index: number): string;
  /** Decodes one entry. @throws BrokenSample, never anything else, when the entry cannot be decoded. */
  read(index: number): Promise<Sample>;
  /** Structured-cloneable; `definition.reopen(manifest)` gives the same source in a worker without a second scan. */
  readonly manifest: unknown;
  close(): Promise<void>;
}

/** What part of a sample a view shows and how large it comes out, in shares: nobody but the modality knows of pixels. */
export interface CropOptions {
  /** Extent of the view over what the encoder usually sees, along every axis, in (0, 1]. */
  readonly extent: number;
  /** The usual input has this many patches along each axis, and the view must have a whole number of the same. */
  readonly grid?: readonly number[];
  /** Smallest and largest part that is shown, as a share of the sample; the modality's own by default. */
  readonly scale?: readonly [number, number];
}

/** How a picture is cut into a grid of tiles (jigsaw, relative position). Lengths are in pixels of the encoder's picture. */
export interface TileOptions {
  readonly rows: number;
  readonly columns: number;
  /** Side of a tile over the side of its cell, in (0, 1]; what is left is the gap. */
  readonly share: number;
  /** Farthest that a tile lies from the middle of its cell, over the cell's side; anywhere in the cell by default. */
  readonly jitter?: number;
  /** The side of a tile is rounded down to a multiple of this: a patch size. 1 by default. */
  readonly multipleOf?: number;
  /** Against shortcuts through colour; all are 0 by default. Probability that all tiles lose their colours. */
  readonly greyscale?: number;
  /** Farthest that a colour channel of a tile is shifted against the others. */
  readonly channelShift?: number;
  /** Probability that noise takes the place of two of a tile's three channels. */
  readonly dropColours?: number;
  /** Probability that a tile is shrunk to as few as 100 pixels and blown up again. */
  readonly pixelate?: number;
}

/** How a region is cut out (cropped-region prediction). */
export interface RegionOptions {
  /** Side that the region is resized to, over the side that the encoder usually sees, in (0, 1]. */
  readonly side: number;
  /** The side in pixels is rounded to a multiple of this. 1 by default. */
  readonly multipleOf?: number;
  /** Smallest and largest area of the region, as a share of the picture. */
  readonly scale: readonly [number, number];
}

/** What a model must know of a vocabulary before it sees a text. */
export interface VocabularySpec {
  /** Ids run from 0 to `size` − 1. */
  readonly size: number;
  /** Most tokens of a sample, `begin` and `end` included; every tensor has this length. */
  readonly length: number;
  readonly ids: {
    readonly pad: number;
    readonly unknown: number;
    /** First token of every sample: BERT's `[CLS]`, RoBERTa's `<s>`. */
    readonly begin: number;
    /** Last token of every sample, and what stands between two segments: BERT's `[SEP]`, RoBERTa's `</s>`. */
    readonly end: number;
  };
}

/** A text as a model sees it, not padded. */
export interface TokenSequence {
  /** `begin`, the text (at most `length` − 2 tokens), `end`. */
  readonly ids: Int32Array;
  /** For each token 1 where a word starts; 0 inside of words and for special tokens. */
  readonly wordStarts: Uint8Array;
  /** Positions in `ids` at which sentences start, ascending; the first is 1. Empty for an empty text. */
  readonly sentences: Int32Array;
  /** The first of these sentences began in front of what is here. */
  readonly startsInside: boolean;
  /** The text goes on behind what is here, and `end` is not its end. */
  readonly isCut: boolean;
}

/** A sequence of discrete tokens (BERT, ELECTRA, BART, causal language models). */
export interface Vocabulary<Sample> extends VocabularySpec {
  /** Ids that stand for no text: never masked, never drawn. */
  isSpecial(id: number): boolean;
  tokens(sample: Sample): TokenSequence;
  /**
   * Padded (or cut, keeping the last token) to `length`: `ids` int32 `[length]`, `mask` int32 `[length]` (1: a token,
   * 0: padding), as the encoder reads them.
   */
  encode(ids: ArrayLike<number>): { readonly ids: Tensor; readonly mask: Tensor };
  /** The ids of a piece of text, without `begin` and `end`; `[MASK]` and the like in it are the special tokens. */
  parse(text: string): Int32Array;
  /** The text of ids, special tokens left out. */
  decode(ids: ArrayLike<number>): string;
  /** One id as it stands in the vocabulary: `##ing`, `Ġthe`, `[MASK]`. */
  token(id: number): string;
}

/** Files that a run keeps beside its config.json because they were made from the data once (a tokenizer): texts by name. */
export type RunFiles = Readonly<Record<string, string>>;

/**
 * One kind of data with its options settled. Each ability is optional: a method lists those it needs,
 * and the pair is refused with a clear error when one is missing. Everything here runs in worker threads on plain
 * typed arrays and takes its randomness from `rng`.
 */
export interface Modality<Sample> {
  readonly name: string;
  /** What `tensors` gives, per sample: encoders are built for these shapes. */
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /**
   * The sample as the encoder reads it; deterministic (an image is resized, centre-cropped and normalised). What the
   * abilities below return is ready already and keeps its size, which may be a crop's own.
   */
  tensors(sample: Sample): TensorRecord;
  /**
   * A strongly distorted view that a person would still call the same thing (SimCLR, BYOL, DINO …).
   * @param view number of this view among the sample's, 0 by default: a modality may distort views unequally, as BYOL
   *   blurs the first of two images and rarely the second
   */
  augment?(sample: Sample, rng: Rng, view?: number): Sample;
  /**
   * A strongly distorted view of a part of the sample, of extents of its own (multi-crop: SwAV, DINO …).
   * @param view 0 for the first view of much of the sample, 1 for the others, 2 for those of small parts
   */
  crop?(sample: Sample, rng: Rng, options: CropOptions, view?: number): Sample;
  /** A lightly changed view: crop and flip (MAE, supervised training, FixMatch's weak view). */
  perturb?(sample: Sample, rng: Rng): Sample;
  /** The sample turned by `quarters` × 90° counter-clockwise (rotation prediction). */
  rotate?(sample: Sample, quarters: number): Sample;
  /** `rows × columns` tiles of a random crop of the sample, row by row; no two overlap. */
  tiles?(sample: Sample, rng: Rng, options: TileOptions): Sample[];
  /**
   * The sample as the encoder sees it, a random region of it with its colours distorted, and where the region lies:
   * centre x, centre y, width and height as shares of the whole.
   */
  region?(
    sample: Sample,
    rng: Rng,
    options: RegionOptions,
  ): { whole: Sample; region: Sample; box: readonly [x: number, y: number, width: number, height: number] };
  /**
   * The sample's lightness as a picture (all channels alike), and its CIELAB values: float32 `[3, height, width]`, L in
   * [0, 100], a and b in about ±110 (colourisation). Data without colours do not offer it.
   */
  lab?(sample: Sample): { lightness: Sample; values: Tensor };
  /** How `pixels` were made of values in [0, 1]: minus `mean`, over `std`, for each channel. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** A small picture of the sample as RGB bytes, for sheets of neighbours. */
  preview?(sample: Sample): { width: number; height: number; rgb: Uint8Array };
  /** The sample as a sequence of discrete tokens; `tensors` is then `encode(tokens(sample).ids)`. */
  readonly vocabulary?: Vocabulary<Sample>;
  /** Id of the token that stands for a hidden word: BERT's `[MASK]`. Tokenizers of models that write, as GPT-2's, have none. */
  readonly maskToken?: number;
  /** Ids of the sample's tokens without `begin` and `end`, also those behind what the encoder reads: for bags of words. */
  allTokens?(sample: Sample): Int32Array;
  /** Bytes of the sample's text in UTF-8: what bits are counted over. */
  byteLength?(sample: Sample): number;
  /** The sample in a line of text, for pages of neighbours. */
  excerpt?(sample: Sample): string;
  /** What a deployed model must do before the encoder, in the terms of Hugging Face's `preprocessor_config.json`. */
  readonly preprocessor?: Readonly<Record<string, unknown>>;
}

/** Names of the optional abilities of encoders that a method may ask for. */
export type EncoderAbility = "tokens" | "patches" | "words";

/** Names of the optional abilities that a method may ask for: the modality's and the encoder's. */
export type Ability =
  | "augment"
  | "crop"
  | "lab"
  | "maskToken"
  | "normalization"
  | "perturb"
  | "region"
  | "rotate"
  | "tiles"
  | "vocabulary"
  | EncoderAbility;

export interface OpenOptions {
  /** Table (CSV, TSV, JSONL, Parquet) with the columns `path` and `label`; paths relative to the data. */
  readonly labels?: string;
  /** Where the data are a table: the column with the samples and the one with their labels, by name or by number from 1. */
  readonly column?: string;
  readonly labelColumn?: string;
}

/** One kind of data: how to recognise, open and prepare it. One folder under `src/modalities/`. */
export interface ModalityDefinition<Sample = unknown, Options extends z.ZodObject = z.ZodObject> {
  readonly kind: "modality";
  readonly name: string;
  /** Options of preparation and augmentation; every one has a default and a `.describe`. */
  readonly options: Options;
  readonly defaultMethod: string;
  readonly defaultEncoder: string;
  /** Whether the path looks like data of this kind; looks at names and first bytes only. */
  recognises(path: string): Promise<boolean>;
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
  /** A source of one sample, typed in rather than read from a file: what to search for. */
  fromText?(text: string): Source<Sample>;
  /** A source of one sample from the bytes of a file that was sent rather than found on disk. @param name for messages */
  fromBytes?(bytes: Uint8Array, name: string): Source<Sample>;
  /** Pure: the same options and files give the same modality, in every thread. */
  build(options: z.infer<Options>, files?: RunFiles): Modality<Sample>;
}

/** Declares a modality; only gives the types something to hold on to. */
export const modality = <Sample, Options extends z.ZodObject>(
  definition: Omit<ModalityDefinition<Sample, Options>, "kind">,
): ModalityDefinition<Sample, Options> => ({ kind: "modality", ...definition });
