import { type Tensor, type Tree, tree } from "../array/index.ts";
import type { DeviceTensor } from "../engine/index.ts";

/** Gives the memory of arrays on the host back now. They belong to the caller alone, and are empty afterwards. */
export function release(arrays: Tree<Tensor | DeviceTensor>): void {
  for (const array of tree.leaves(arrays))
    if ("data" in array && array.data.buffer instanceof ArrayBuffer && !array.data.buffer.detached)
      array.data.buffer.transfer(0);
}
