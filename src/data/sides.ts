import { ability } from "./ability.ts";
import type { Modality } from "./modality.ts";
import type { Sample } from "./views.ts";

/** Samples of two kinds of data that belong together, such as an image and its captions. */
export interface Sides {
  /** The kinds of the sides, in order. */
  readonly names: readonly [first: string, second: string];
  /**
   * A side as data of its own kind. The pair's `tensors` are those of both, by the same names.
   * @throws Error when there is no such side
   */
  modality(name: string): Modality;
  /** The samples of one side of a pair, at least one: its image; each of its captions. */
  samples(pair: Sample, name: string): readonly Sample[];
}

/** What methods that learn from pairs need of the data. */
export const sides = ability<Sides>()("sides", "samples of two kinds that belong together");
