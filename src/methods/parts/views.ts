import { type Array, np, type Rng } from "../../array/index.ts";
import type { Offered } from "../../data/ability.ts";
import type { Modality, TensorRecord } from "../../data/modality.ts";
import type { augment, Sample } from "../../data/views.ts";
import type { Inputs } from "../../encoders/encoder.ts";

/** Several views' inputs as one batch, the first view's rows first, for one pass through the encoder. */
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

/** Two strongly augmented views of one sample. */
export const twoViews = (
  modality: Modality & Offered<typeof augment>,
  sample: Sample,
  rng: Rng,
): Record<"first" | "second", TensorRecord> => ({
  first: modality.tensors(modality.augment(sample, rng, 0)),
  second: modality.tensors(modality.augment(sample, rng, 1)),
});

/**
 * Image augmentation of BYOL (table 6 of the paper) and later methods: the first view is always blurred; the second rarely,
 * and it is sometimes solarised. The saturation's jitter is half of the others', where SimCLR has one strength for all.
 */
export const byolImages = { cropScale: [0.08, 1], saturation: 0.5, blur: [1, 0.1], solarize: [0, 0.2] } as const;

/** Tiles `[batch, channels, side, side]`, given row by row, as one picture of `columns` tiles across. */
export function assemble(tiles: readonly Array[], columns: number): Array {
  const rows = globalThis.Array.from({ length: tiles.length / columns }, (_, row) =>
    np.concatenate(tiles.slice(row * columns, (row + 1) * columns), 3),
  );
  return np.concatenate(rows, 2);
}
