import { numpy } from "@jax-js/jax";
import type { Array } from "./borrow.ts";
import type { Tensor } from "./tensor.ts";

/** A host tensor as a constant of the function being traced. */
export function constant({ data, dtype, shape }: Tensor): Array {
  if (data instanceof Float32Array) return numpy.array(data.slice(), { shape: [...shape], dtype: numpy.float32 });
  if (data instanceof Int32Array) return numpy.array(data.slice(), { shape: [...shape], dtype: numpy.int32 });
  throw new Error(`constants of type ${dtype} are not supported`);
}
