import type { Tensor } from "../../array/index.ts";
import type { InitialParams } from "../encoder.ts";

type Branch = InitialParams | readonly InitialParams[] | Tensor;

const isTensor = (branch: Branch): branch is Tensor => "dtype" in branch && "data" in branch;

/** Names of what is added: a layer's bias, a norm's shift. */
const ADDED = ["bias", "shift"];

/** Parameters without biases and shifts. Layers and norms add what is there. */
export function withoutBiases<Params extends InitialParams>(params: Params): Params {
  const kept = (branch: Branch): unknown => {
    if (isTensor(branch)) return branch;
    if (globalThis.Array.isArray(branch)) return branch.map(kept);
    return Object.fromEntries(
      Object.entries(branch).flatMap(([name, inner]): [string, unknown][] =>
        ADDED.includes(name) ? [] : [[name, kept(inner as Branch)]],
      ),
    );
  };
  return kept(params) as Params;
}
