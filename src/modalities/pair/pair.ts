import type { ModalityDefinition } from "../../data/modality.ts";
import type { Sample } from "../../data/views.ts";

/** The sides of a pair, in order: the kinds of data that it is made of. */
export const SIDES = ["image", "text"] as const;

export type SideName = (typeof SIDES)[number];

export const isSide = (name: string): name is SideName => SIDES.some((side) => side === name);

/** Of a pair's options those of one side, as its own kind of data has them. */
export const optionsOf = (
  { options: schema }: Pick<ModalityDefinition, "options">,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  schema.parse(Object.fromEntries(Object.entries(options).filter(([name]) => name in schema.shape)));

/** The column of a table with the places of what captions name. */
export const BOXES_COLUMN = "boxes";

/** A rectangle in an image, in shares of its width and height, from its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** What is in it: `yellow square`. */
  readonly phrase: string;
}

/** An image with everything that is said of it. Both are samples of their own kinds of data. */
export interface PairSample {
  readonly image: Sample;
  readonly captions: readonly [Sample, ...Sample[]];
  /** Where things are that captions name, if the data say so. */
  readonly boxes?: readonly Box[];
}
