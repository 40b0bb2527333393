import { numpy, vjp } from "@jax-js/jax";
import { type Array, np } from "./borrow.ts";

/**
 * Sums rows that belong to the same segment, `[segments, width]`: the transpose of taking rows at `places`. On `--device wasm`,
 * jax-js scatters neither rows nor places that are a mere view of another array: a transpose, a broadcast, a reshape.
 * @param rows `[count, width]`
 * @param places int32 `[count]`, in [0, segments)
 */
export function segmentSum(rows: Array, places: Array, segments: number): Array {
  let traced: Array | undefined;
  const take = (all: Array): Array => {
    traced = all;
    return np.take(all, places, 0);
  };
  const [taken, transpose] = vjp(take, [numpy.zeros([segments, rows.shape[1]!])]);
  taken.dispose();
  leaveLevel(traced);
  const [sums] = transpose(rows.ref);
  transpose.dispose();
  return sums;
}

/**
 * jax-js 0.1.25 enters two levels of tracing for a `vjp` and leaves one, so that an outer differentiation no longer finds its
 * own. Leaving any level takes the innermost away.
 */
function leaveLevel(traced: unknown): void {
  const main: unknown = Reflect.get(Reflect.get(Object(traced), "_trace") ?? {}, "main");
  const leave: unknown = Reflect.get(Object(main), Symbol.dispose);
  if (typeof leave !== "function") throw new Error("jax-js has changed: a level of tracing cannot be left");
  Reflect.apply(leave, main, []);
}
