import { isArray } from "../../../array/index.ts";
import type { Params, Tower } from "../../../encoders/encoder.ts";

/** A tower's parameters among those of the pair's encoder. */
export function parametersOf(params: Params, { path }: Pick<Tower, "path">): Params {
  if (path === "") return params;
  return path.split(".").reduce<Params>((tree, name) => {
    const below = tree[name];
    if (below === undefined || isArray(below)) throw new Error(`no parameters at ${path}`);
    return below as Params;
  }, params);
}
