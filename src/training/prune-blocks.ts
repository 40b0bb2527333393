import { float32, type Tensor, tree } from "../array/index.ts";
import type { InitialParams } from "../encoders/index.ts";

/** What of a Transformer's blocks is pruned, and how large it is. */
export interface BlockShape {
  readonly depth: number;
  readonly heads: number;
  readonly headDim: number;
  /** Hidden width of the feed-forward part. */
  readonly hidden: number;
}

/** For every block, a number for each head and for each hidden unit of the feed-forward part. */
export interface Scores {
  readonly heads: readonly Float64Array[];
  readonly units: readonly Float64Array[];
}

/** The shape that a tree of a Transformer's parameters has: a ViT's, or one's of text. */
export function blockShapeOf(params: InitialParams, heads: number): BlockShape {
  const at = leavesOf(params);
  const [inner = 0] = at("blocks.0.attention.output.weight").shape.slice(1);
  const depth = new Set(tree.paths(params).flatMap((path) => /^blocks\.(\d+)\./.exec(path)?.[1] ?? [])).size;
  return { depth, heads, headDim: inner / heads, hidden: at("blocks.0.up.weight").shape[0]! };
}

/**
 * Sums what each weight contributes over the head or the unit that it belongs to: rows of the queries, keys and values and
 * columns of the output; a row of the layer up, its bias and a column of the layer down. Squares of the weights give their
 * magnitude; products with the gradient, how the loss would change without them (first-order Taylor).
 * @param contribution like the parameters, one number a weight
 */
export function sumByStructure(contribution: InitialParams, { depth, heads, headDim, hidden }: BlockShape): Scores {
  const at = leavesOf(contribution);
  const inner = heads * headDim;
  const blocks = Array.from({ length: depth }, (_, block) => {
    const ofHeads = new Float64Array(heads);
    const ofUnits = new Float64Array(hidden);
    const add = (path: string, place: (index: number) => number, into: Float64Array) =>
      at(`blocks.${block}.${path}`).data.forEach((value, index) => {
        into[place(index)]! += value;
      });
    const width = at(`blocks.${block}.down.weight`).shape[0]!;
    const headOf = (row: number) => Math.floor((row % inner) / headDim);
    add("attention.qkv.weight", (index) => headOf(Math.floor(index / width)), ofHeads);
    add("attention.qkv.bias", headOf, ofHeads);
    add("attention.output.weight", (index) => headOf(index % inner), ofHeads);
    add("up.weight", (index) => Math.floor(index / width), ofUnits);
    add("up.bias", (index) => index, ofUnits);
    add("down.weight", (index) => index % hidden, ofUnits);
    return { ofHeads, ofUnits };
  });
  return { heads: blocks.map(({ ofHeads }) => ofHeads), units: blocks.map(({ ofUnits }) => ofUnits) };
}

/**
 * The parameters without the heads and hidden units that matter least, in every block as many of each.
 * @param keep how many stay
 * @returns a tree for an encoder of those heads, of the same `headDim`, and of that hidden width
 */
export function pruneBlocks(
  params: InitialParams,
  shape: BlockShape,
  scores: Scores,
  keep: { readonly heads: number; readonly hidden: number },
): InitialParams {
  const { heads, headDim } = shape;
  const parts = Array.from({ length: shape.depth }, (_, block) => {
    const kept = largest(scores.heads[block]!, keep.heads);
    const ofHead = (head: number) => Array.from({ length: headDim }, (_, index) => head * headDim + index);
    const inner = kept.flatMap(ofHead);
    const qkv = [0, 1, 2].flatMap((part) => inner.map((index) => part * heads * headDim + index));
    return { inner, qkv, units: largest(scores.units[block]!, keep.hidden) };
  });
  return tree.map<Tensor, Tensor>(params, (leaf, path) => {
    const [, block, layer] = /^blocks\.(\d+)\.(.+)$/.exec(path) ?? [];
    const part = parts[Number(block)];
    if (!part) return leaf;
    switch (layer) {
      case "attention.qkv.weight":
      case "attention.qkv.bias":
        return take(leaf, 0, part.qkv);
      case "attention.output.weight":
        return take(leaf, 1, part.inner);
      case "up.weight":
      case "up.bias":
        return take(leaf, 0, part.units);
      case "down.weight":
        return take(leaf, 1, part.units);
      default:
        return leaf;
    }
  }) as InitialParams;
}

/** Places of the largest scores, in order of place. */
function largest(scores: Float64Array, count: number): number[] {
  const places = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  return places.slice(0, count).sort((a, b) => a - b);
}

/** Some rows (axis 0) or columns (axis 1). */
function take({ data, shape }: Tensor, axis: 0 | 1, places: readonly number[]): Tensor {
  const [rows = 0, columns = 1] = shape;
  const [height, width] = axis === 0 ? [places.length, columns] : [rows, places.length];
  const values = new Float32Array(height * width);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      values[row * width + column] =
        axis === 0 ? data[places[row]! * columns + column]! : data[row * columns + places[column]!]!;
  return float32(values, shape.length === 1 ? [height] : [height, width]);
}

const leavesOf = (params: InitialParams) => {
  const byPath = new Map(tree.entries<Tensor>(params));
  return (path: string): Tensor => {
    const leaf = byPath.get(path);
    if (!leaf) throw new Error(`these are no parameters of a Transformer: there is no ${path}`);
    return leaf;
  };
};
