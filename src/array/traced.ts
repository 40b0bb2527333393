import type { Array } from "./borrow.ts";
import type { Tensor } from "./tensor.ts";
import type { TreeRecord } from "./tree.ts";

/** The type of a tree of host tensors while traced: every tensor becomes an array. */
export type Traced<Host> =
  TreeRecord<Tensor> extends Host
    ? TreeRecord<Array>
    : Host extends Tensor
      ? Array
      : { readonly [Key in keyof Host]: Traced<Host[Key]> };
