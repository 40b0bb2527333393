import { type Tensor, type Tree, tree } from "../array/index.ts";
import type { DeviceTensor } from "../engine/index.ts";

/** Frees the memory of host arrays at once. The caller must be their only owner; they are empty afterwards. */
export function release(arrays: Tree<Tensor | DeviceTensor>): void {
  for (const array of tree.leaves(arrays))
    if ("data" in array && array.data.buffer instanceof ArrayBuffer && !array.data.buffer.detached)
      array.data.buffer.transfer(0);
}
