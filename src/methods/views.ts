import { np } from "../array/index.ts";
import type { Inputs } from "../encoders/encoder.ts";

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
