import * as z from "zod";
import { type Array, np, type Rng } from "../../array/index.ts";
import type { Offered } from "../../data/ability.ts";
import type { Modality, TensorRecord } from "../../data/modality.ts";
import type { augment, crop, Sample } from "../../data/views.ts";
import type { Inputs } from "../../encoders/encoder.ts";

/** Several views' inputs as one batch, the first view's rows first: one pass through the encoder for all. */
export function concatenateInputs(views: readonly Inputs[]): Inputs {
  const [first] = views;
  if (!first) throw new Error("no views to concatenate");
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      np.concatenate(
        views.map((view) => view[name]!),
        0,
      ),
    ]),
  );
}

/** Two strongly distorted views of one sample, drawn alike. */
export const twoViews = (
  modality: Modality & Offered<typeof augment>,
  sample: Sample,
  rng: Rng,
): Record<"first" | "second", TensorRecord> => ({
  first: modality.tensors(modality.augment(sample, rng)),
  second: modality.tensors(modality.augment(sample, rng)),
});

const probability = z.number().min(0).max(1);

/** Options of methods whose two views are distorted unequally; the defaults are BYOL's (table 6 of the paper). */
export const unequalViewOptions = {
  viewBlur: z
    .tuple([probability, probability])
    .default([1, 0.1])
    .describe("probability of a blur, first and second view"),
  viewSolarize: z
    .tuple([probability, probability])
    .default([0, 0.2])
    .describe("probability of solarising, first and second view"),
};

/** How these methods' papers cut and colour pictures, where SimCLR's jitter has one strength for all. */
export const unequalViewPictures = { cropScale: [0.08, 1], saturation: 0.5 } as const;

/** What they say for each view by itself. */
export const unequalViewReplaces = { blur: "viewBlur", solarize: "viewSolarize" } as const;

/** Two strongly distorted views of one sample, the one blurred and solarised more often than the other. */
export function unequalViews(
  modality: Modality & Offered<typeof crop>,
  { viewBlur, viewSolarize }: z.infer<z.ZodObject<typeof unequalViewOptions>>,
  sample: Sample,
  rng: Rng,
): Record<"first" | "second", TensorRecord> {
  const view = (which: 0 | 1) =>
    modality.tensors(modality.crop(sample, rng, { side: 1, blur: viewBlur[which], solarize: viewSolarize[which] }));
  return { first: view(0), second: view(1) };
}

/** Pictures of tiles, `[batch, channels, side, side]` each and row by row, as one picture of `columns` tiles across. */
export function assemble(tiles: readonly Array[], columns: number): Array {
  const rows = globalThis.Array.from({ length: tiles.length / columns }, (_, row) =>
    np.concatenate(tiles.slice(row * columns, (row + 1) * columns), 3),
  );
  return np.concatenate(rows, 2);
}
