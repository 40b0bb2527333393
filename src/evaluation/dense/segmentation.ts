import type { Picture, TableOptions } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import type { Mask } from "../../data/targets/masks.ts";
import type { Run } from "../../training/run/run.ts";
import type { Split } from "../labels/split.ts";
import type { Overlap } from "../scores/overlap.ts";
import type { Role } from "../worth/names.ts";

export interface SegmentOptions extends TableOptions {
  readonly run: Run;
  /** Images, and the folder with their masks: PNGs of the same names, whose numbers are classes; 255 is not scored. */
  readonly train: Paths;
  readonly masks: string;
  /** By default the test part of the training images, which are then split. */
  readonly test?: Paths;
  /** Masks of `test`; by default they are in `masks`, too. */
  readonly testMasks?: string;
  /** How to split the training images, instead of `test`; see `TrainAndTest`. */
  readonly split?: string;
  /** Side of the encoder's input in pixels: larger than in training for a finer grid. */
  readonly imageSize?: number;
  /** Names of the classes, by number. */
  readonly classNames?: readonly string[];
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** One way to make features of patches, scored by two probes. */
export interface SegmentScore {
  readonly role: Role | "chance";
  readonly name: string;
  readonly linear?: Overlap;
  readonly knn?: Overlap;
  /** Of the chance level, which needs no probe. */
  readonly constant?: Overlap;
}

/** What frozen features of patches are worth for telling what every pixel shows. */
export interface Segmentation {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  readonly train: { path: string; masks: string; images: number; patches: number };
  readonly test: { path: string; masks: string; images: number };
  readonly split?: Split;
  readonly classes: readonly string[];
  /** Rows and columns of patches, and the input's sides in pixels. */
  readonly grid: readonly [rows: number, columns: number];
  readonly input: readonly [height: number, width: number];
  readonly scores: readonly SegmentScore[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** A test image with its mask, and what was predicted of the pretrained and of the untrained encoder's patches. */
export interface ShownImage {
  readonly name: string;
  readonly image: Picture | undefined;
  readonly truth: Mask;
  /** By the name of the contestant. */
  readonly predicted: Readonly<Record<string, Mask>>;
}
