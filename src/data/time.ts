import type { Rng } from "../array/rng.ts";
import { ability } from "./ability.ts";
import type { Sample } from "./views.ts";

/** How segments are cut from a sample. Lengths are shares of the encoder's usual input along time. */
export interface SegmentOptions {
  readonly count: number;
  /** Length of each segment, in (0, 1]. */
  readonly extent: number;
  /**
   * Parts of the usual input of which a segment has a whole number: its patches or steps along time; need not be whole
   * itself. 1 / `extent` by default.
   */
  readonly grid?: number;
  /** Smallest and largest distance from the end of a segment to the start of the next; negative where they overlap. */
  readonly gap?: readonly [least: number, most: number];
}

/** A part of a sample. */
export interface Segment {
  /** Already prepared: `tensors` keeps its length. */
  readonly segment: Sample;
  /** Its first moment and the one after its last, in units of the encoder's usual input, from the sample's first moment. */
  readonly start: number;
  readonly end: number;
}

/** Size of a part that is played, as of segments. */
export type PlayedOptions = Partial<Pick<SegmentOptions, "extent" | "grid">>;

/** What samples with a course of time offer: sound, sensor readings, video, drawings. They take views too. */
interface Time {
  segments(sample: Sample, rng: Rng, options: SegmentOptions): Segment[];
  reverse(sample: Sample): Sample;
  speed(sample: Sample, rng: Rng, factor: number, options?: PlayedOptions): Sample;
  distortions: {
    /** `none` changes nothing. */
    readonly names: readonly string[];
    /** Those that make a strong view, one after the other; one at random if there is no such list. */
    readonly strong?: readonly string[];
    distort(sample: Sample, rng: Rng, name: string): Sample;
  };
}

/** Segments in their true order, at a random place (COLA, CVRL, shuffle and learn, TS2Vec). */
export const segments = ability<Time["segments"]>()("segments", "can be cut into segments in order of time");

/** The sample played backwards, prepared (arrow of time). */
export const reverse = ability<Time["reverse"]>()("reverse", "can be played backwards");

/**
 * A part of the sample, at a random place, played `factor` times as fast (playback speed). What is played has the encoder's
 * usual length, or `extent` of it: then it needs but `extent` · `factor` of a sample of that length, and no silence tells
 * the speed.
 */
export const speed = ability<Time["speed"]>()("speed", "can be played faster");

/** Distortions by name; one applied to the sample, prepared (which transformation was applied). */
export const distortions = ability<Time["distortions"]>()("distortions", "can be distorted in several named ways");

/** Which of an input's axes, or of its patches' axes, is time: the first of a video, else the last. */
export const timeAxisOf = (extents: readonly number[]): number => (extents.length > 2 ? 0 : extents.length - 1);
