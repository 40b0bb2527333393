import { type Array, np } from "../../array/index.ts";

/** Euclidean norm of all elements, a scalar. */
export const norm = (x: Array): Array => np.sqrt(np.sum(np.square(x)));
