import { type Array, np } from "../array/index.ts";
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

/** Pictures of tiles, `[batch, channels, side, side]` each and row by row, as one picture of `columns` tiles across. */
export function assemble(tiles: readonly Array[], columns: number): Array {
  const rows = globalThis.Array.from({ length: tiles.length / columns }, (_, row) =>
    np.concatenate(tiles.slice(row * columns, (row + 1) * columns), 3),
  );
  return np.concatenate(rows, 2);
}
