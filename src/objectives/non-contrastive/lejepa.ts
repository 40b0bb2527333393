import { type Array, np } from "../../array/index.ts";
import { sigreg } from "./sigreg.ts";

/**
 * LeJEPA: every view predicts the mean of a sample's views, and SIGReg keeps embeddings from collapsing.
 * (1 − lambda) · prediction + lambda · SIGReg. Balestriero & LeCun 2025, https://arxiv.org/abs/2511.08544
 *
 * As in the released example (https://github.com/rbalestr-lab/lejepa, MINIMAL.md) all views are of one kind and
 * count in the mean; the prediction loss is averaged over views, rows and features, SIGReg's over the views.
 * @param views each `[N, dim]`, row i of all from the same sample
 * @param slices `[slices, dim]`, random directions, the same for all views
 * @param options.lambda weight of SIGReg, in [0, 1]
 * @returns scalar
 */
export function lejepa(views: readonly Array[], slices: Array, { lambda }: { lambda: number }): Array {
  const mean = (values: readonly Array[]) =>
    np.multiply(
      values.reduce((sum, value) => np.add(sum, value)),
      1 / values.length,
    );
  const centre = mean(views);
  const prediction = mean(views.map((view) => np.mean(np.square(np.subtract(centre, view)))));
  const regularisation = mean(views.map((view) => sigreg(view, slices)));
  return np.add(np.multiply(prediction, 1 - lambda), np.multiply(regularisation, lambda));
}
