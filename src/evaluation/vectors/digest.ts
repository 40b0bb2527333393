import { createHash } from "node:crypto";
import { type Tensor, tree } from "../../array/index.ts";
import type { InitialParams } from "../../encoders/index.ts";

/** Identifies an encoder's weights: 16 hexadecimal digits. */
export function digestOfWeights(params: InitialParams): string {
  const hash = createHash("sha256");
  for (const [path, { data }] of tree.entries<Tensor>(params)) hash.update(path).update(data);
  return hash.digest("hex").slice(0, 16);
}
