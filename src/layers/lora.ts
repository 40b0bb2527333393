import { type Array, filled, np, type Rng, type Tensor, type Tree, type TreeRecord } from "../array/index.ts";

/** What a linear layer has beside its weight `[output, input]` while only these are trained. */
export interface LoraParams<Leaf = Array> {
  /** `[rank, input]` */
  readonly loraA: Leaf;
  /** `[output, rank]`, zero at first: nothing is changed yet. */
  readonly loraB: Leaf;
}

/** Factor of what is added, α / rank: α is twice the rank, as is usual. */
const SCALE = 2;

/**
 * What a layer's low-rank addition makes of `x`: scale · (x · Aᵀ) · Bᵀ. Hu et al. 2021, LoRA,
 * https://arxiv.org/abs/2106.09685
 * @param x `[…, input]`
 * @returns `[…, output]`
 */
export const lowRank = ({ loraA, loraB }: LoraParams, x: Array): Array =>
  np.multiply(np.matmul(np.matmul(x, np.transpose(loraA)), np.transpose(loraB)), SCALE);

/** Whether a parameter belongs to an addition, by its path. */
export const isLora = (path: string): boolean => /(^|\.)lora[AB]$/.test(path);

type Node = Tree<Tensor>;
const isRecord = (node: Node): node is Record<string, Node> =>
  typeof node === "object" && !globalThis.Array.isArray(node) && !("shape" in node && "dtype" in node);
const isList = (node: Node): node is readonly Node[] => globalThis.Array.isArray(node);
const isMatrix = (node: Node | undefined): node is Tensor =>
  node !== undefined &&
  "shape" in node &&
  "dtype" in node &&
  globalThis.Array.isArray(node.shape) &&
  node.shape.length === 2;

/** Parameters with each record changed, children first. */
function mapRecords(
  node: Node,
  change: (record: Record<string, Node>, path: string) => Record<string, Node>,
  path = "",
): Node {
  const inside = (key: string | number) => (path ? `${path}.${key}` : `${key}`);
  if (isList(node)) return node.map((child, index) => mapRecords(child, change, inside(index)));
  if (!isRecord(node)) return node;
  const children = Object.entries(node).map(([key, child]): [string, Node] => [
    key,
    mapRecords(child, change, inside(key)),
  ]);
  return change(Object.fromEntries(children), path);
}

/**
 * The parameters with an addition of that rank beside every linear layer of the blocks. A starts as He's uniform over
 * the fan-in, as in the authors' code.
 */
export function withLora<Params extends TreeRecord<Tensor>>(params: Params, rank: number, rng: Rng): Params {
  // The same tree with leaves that only linear layers look for.
  return mapRecords(params, (record, path) => {
    const { weight } = record;
    if (!isMatrix(weight) || !path.startsWith("blocks.")) return record;
    const [output = 0, input = 0] = weight.shape;
    const bound = Math.sqrt(1 / input);
    return {
      ...record,
      loraA: rng.split(path).uniforms([rank, input], -bound, bound),
      loraB: filled([output, rank], 0),
    };
  }) as Params;
}

/** The parameters with every addition made part of its weight: the same function without them. */
export function mergeLora<Params extends TreeRecord<Tensor>>(params: Params): Params {
  const merge = (record: Record<string, Node>): Record<string, Node> => {
    const { loraA, loraB, ...others } = record;
    const { weight } = others;
    if (!isMatrix(weight) || !isMatrix(loraA) || !isMatrix(loraB)) return record;
    const [output = 0, input = 0] = weight.shape;
    const [rank = 0] = loraA.shape;
    const data = Float32Array.from(weight.data);
    for (let row = 0; row < output; row++)
      for (let k = 0; k < rank; k++) {
        const factor = SCALE * loraB.data[row * rank + k]!;
        for (let column = 0; column < input; column++)
          data[row * input + column]! += factor * loraA.data[k * input + column]!;
      }
    return { ...others, weight: { ...weight, data } };
  };
  // The same tree without the leaves that were added to it.
  return mapRecords(params, merge) as Params;
}
