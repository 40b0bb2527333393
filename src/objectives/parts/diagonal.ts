import { type Array, np } from "../../array/index.ts";

/** True on the diagonal, `[size, size]`. Computed by comparison: `np.eye` would store the matrix in the program. */
export const onDiagonal = (size: number): Array => np.equal(np.reshape(np.arange(size), [-1, 1]), np.arange(size));
